/**
 * What an error of SQLite means for whoever keeps a file: damaged for good, or not writable just now.
 *
 * By SQLite's own result codes; nothing else is looked at, and nothing is decided here.
 *
 * @module
 */

/** Result codes of sqlite.org/rescode.html: malformed image, not a database, and a schema that is not what it was. */
const damagedCodes: ReadonlySet<number> = new Set([11, 26])
/** Busy, locked, read-only, input or output failed, full, cannot be opened. */
const unwritableCodes: ReadonlySet<number> = new Set([5, 6, 8, 10, 13, 14])

/** @returns undefined for an error that is not SQLite's, or is a mistake of ours (a wrong statement, a broken constraint) */
export function sqliteTrouble(
  error: unknown,
): { readonly is: 'damaged' | 'unwritable'; readonly reason: string } | undefined {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') return undefined
  const { errcode } = error as { errcode?: unknown }
  // The low byte is the primary result code; the rest says more about the same.
  const primary = typeof errcode === 'number' ? errcode % 256 : -1
  if (damagedCodes.has(primary)) return { is: 'damaged', reason: error.message }
  return unwritableCodes.has(primary) ? { is: 'unwritable', reason: error.message } : undefined
}
