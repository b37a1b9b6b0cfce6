/**
 * A small durable map from text to bytes, for the state of one actor.
 *
 * Durable: when a write resolves it survives the loss of power. One writer per data directory. Not for bulk data (pieces,
 * evidence) and not for money that leaves the machine (`outbox.ts`).
 *
 * @module
 */

/** Longest key, in characters. */
export const keyCharactersMax = 512

/** Largest value, in bytes. */
export const valueBytesMax: number = 2 ** 20

/** Most changes of one write, and most pairs of one scan. */
export const pairsMax = 4096

/** Keys are printable ASCII, so that every engine sorts them alike. */
export const keyPattern: RegExp = /^[\x21-\x7e]+$/

export interface KeyValuePair {
  readonly key: string
  readonly value: Uint8Array
}

/** What happens to one key; `undefined` removes it. */
export interface KeyValueChange {
  readonly key: string
  readonly value: Uint8Array | undefined
}

export interface KeyValue {
  get(key: string, options: { readonly signal: AbortSignal }): Promise<Uint8Array | undefined>
  /**
   * All changes or none, in order; later ones of the same key win.
   *
   * @throws KeyValueRefused for a key or value out of bounds, or more than `pairsMax` changes
   */
  write(changes: readonly KeyValueChange[], options: { readonly signal: AbortSignal }): Promise<void>
  /**
   * Writes only if the key still holds `expected` (`undefined`: is absent).
   *
   * @returns whether it was written
   */
  compareAndSet(
    change: KeyValueChange & { readonly expected: Uint8Array | undefined },
    options: { readonly signal: AbortSignal },
  ): Promise<boolean>
  /** Pairs whose key starts with `prefix` and is greater than `after`, in key order, at most `limit` (1 to `pairsMax`). */
  scan(
    range: { readonly prefix: string; readonly after?: string; readonly limit: number },
    options: { readonly signal: AbortSignal },
  ): Promise<readonly KeyValuePair[]>
}
