/**
 * Faults that a provider shows on purpose, so that demonstrations and tests can watch them being caught.
 *
 * @module
 */

export type Misbehave = 'skip-proof' | 'serve-wrong-byte'

export interface Misbehaviour {
  /** What is served: the bytes as they are, or with the first one changed. */
  spoil(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** whether epochs are proven and demands answered */
  readonly isSilent: boolean
}

/** @param misbehave undefined: none */
export function misbehaviourOf(misbehave: Misbehave | undefined): Misbehaviour {
  return {
    spoil: (bytes) => (misbehave === 'serve-wrong-byte' ? firstByteChanged(bytes) : bytes),
    isSilent: misbehave === 'skip-proof',
  }
}

async function* firstByteChanged(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const part of bytes) {
    if (!isFirst || part.length === 0) {
      yield part
      continue
    }
    isFirst = false
    const changed = Uint8Array.from(part)
    changed[0] = (changed[0] ?? 0) ^ 1
    yield changed
  }
}
