/**
 * A place in a JSON value, as 'a.b.0.c': own fields and places of lists, nothing else.
 *
 * @module
 */

export const pathSegmentsMax = 8
export const pathCharactersMax = 128

/** @returns the segments, or undefined for text that is no path */
export function parsePath(text: string): readonly string[] | undefined {
  if (text === '' || text.length > pathCharactersMax) return undefined
  const segments = text.split('.')
  return segments.length <= pathSegmentsMax && segments.every((segment) => segment !== '') ? segments : undefined
}

/** @returns what stands there, undefined where nothing does */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let here = value
  for (const segment of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, segment)) return undefined
    here = (here as Readonly<Record<string, unknown>>)[segment]
  }
  return here
}
