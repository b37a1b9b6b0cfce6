/**
 * How deep a parsed JSON value nests. Parsing takes any depth, but writing it again, or copying it to another thread, would use up
 * the stack: so whoever takes a stranger's value asks first.
 *
 * @module
 */

/** @param depthMax inclusive; a number or a text has depth 0, an object of those has depth 1 */
export function isWithinDepth(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depthMax > 0 && Object.values(value).every((one) => isWithinDepth(one, depthMax - 1))
}
