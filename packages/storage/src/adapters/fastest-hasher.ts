/**
 * Picks the `Hasher` of this machine: the native one where its prebuilt binary loads, else our WebAssembly one.
 *
 * Both give the same nodes, so a machine without the binary is slower and nothing else.
 *
 * @module
 */

import type { Hasher } from '../ports/hasher.ts'
import { wasmHasher } from '../hasher/wasm-hasher.ts'

/** Starts a hasher; keep it. */
export async function fastestHasher(): Promise<Hasher> {
  const native = await import('./hashtree-hasher.ts').catch(() => undefined)
  return native === undefined ? wasmHasher() : native.hashtreeHasher()
}
