/**
 * Reads a response's body within a bound, whatever length it announces.
 *
 * @module
 */

/** @returns the bytes, or undefined when there are more than `bytesMax`; the rest is then not read */
export async function readBody(
  response: Response,
  { bytesMax }: { readonly bytesMax: number },
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  if (response.body === null) return new Uint8Array()
  for await (const part of response.body) {
    sizeBytes += part.length
    if (sizeBytes > bytesMax) return undefined
    parts.push(part)
  }
  const body = new Uint8Array(sizeBytes)
  let offset = 0
  for (const part of parts) {
    body.set(part, offset)
    offset += part.length
  }
  return body
}
