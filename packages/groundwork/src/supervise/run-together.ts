/**
 * The parts of a program that run side by side until it is told to stop: when one of them fails, all of them end, and the program
 * fails with its reason. Otherwise the others would go on over files that are closed, in a process that never ends.
 *
 * @module
 */

/** A part; it ends when the signal is aborted, and not before. */
export type Part = (options: { readonly signal: AbortSignal }) => Promise<unknown>

/**
 * Runs until the signal is aborted or a part fails, and returns only when every part has ended.
 *
 * @throws what the first part threw that failed before it was told to end
 */
export async function runTogether(parts: readonly Part[], { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const ending = new AbortController()
  const until = AbortSignal.any([signal, ending.signal])
  const failures: unknown[] = []
  await Promise.all(
    parts.map(async (part) => {
      try {
        await part({ signal: until })
      } catch (error) {
        if (!until.aborted) failures.push(error)
        ending.abort(error)
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
}
