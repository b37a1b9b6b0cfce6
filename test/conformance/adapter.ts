/**
 * What a conformance suite is handed: a fresh adapter of a port, and how to end and reopen it.
 *
 * @module
 */

export interface Adapter<Port> {
  readonly port: Port
  /** For durable adapters: what a new process would find, after this one was killed without closing. */
  readonly reopen?: () => Promise<Port>
  readonly close: () => Promise<void>
}

/** Makes an empty adapter; called once for every test. */
export type MakeAdapter<Port> = () => Promise<Adapter<Port>>

/** A signal that nobody aborts. */
export const forever: { readonly signal: AbortSignal } = { signal: new AbortController().signal }

/** An aborted signal and its reason. */
export function abortedSignal(): { readonly signal: AbortSignal; readonly reason: Error } {
  const reason = new Error('the caller went away')
  return { signal: AbortSignal.abort(reason), reason }
}

/** Runs one check on a fresh adapter and closes it, whatever happens. */
export async function withAdapter<Port>(
  makeAdapter: MakeAdapter<Port>,
  check: (adapter: Adapter<Port>) => Promise<void>,
): Promise<void> {
  const adapter = await makeAdapter()
  try {
    await check(adapter)
  } finally {
    await adapter.close()
  }
}

/** Text as bytes, for keys and bodies. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
