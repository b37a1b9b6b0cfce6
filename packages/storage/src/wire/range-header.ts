/**
 * The Range header of HTTP (RFC 9110, section 14), as far as we serve it: one range of bytes.
 *
 * Pure. Several ranges, other units and malformed text count as no range, as the RFC allows.
 *
 * @module
 */

export type RangeRead =
  | { readonly tag: 'whole' }
  | { readonly tag: 'part'; readonly startBytes: number; readonly sizeBytes: number }
  | { readonly tag: 'outside' }

/** @param header value of `Range`, from a stranger */
export function readRange(header: string | undefined, sizeBytes: number): RangeRead {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (match === null) return { tag: 'whole' }
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return { tag: 'whole' }
  if (first === '') return suffixOf(Number(last), sizeBytes)
  const startBytes = Number(first)
  if (last !== '' && Number(last) < startBytes) return { tag: 'whole' }
  if (startBytes >= sizeBytes) return { tag: 'outside' }
  const endBytes = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  return { tag: 'part', startBytes, sizeBytes: endBytes - startBytes }
}

function suffixOf(wantedBytes: number, sizeBytes: number): RangeRead {
  if (wantedBytes === 0 || sizeBytes === 0) return { tag: 'outside' }
  const partBytes = Math.min(wantedBytes, sizeBytes)
  return { tag: 'part', startBytes: sizeBytes - partBytes, sizeBytes: partBytes }
}
