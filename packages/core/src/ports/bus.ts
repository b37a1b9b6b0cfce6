/**
 * Events between the parts of a program, or of several: at most once, in order per publisher, never a promise.
 *
 * What must not be lost goes through the outbox; the bus only says that something happened. A slow reader loses its
 * oldest messages and is told how many.
 *
 * @module
 */

/** Longest topic, in characters. */
export const topicCharactersMax = 256

/** Largest message, in bytes. */
export const busMessageBytesMax: number = 2 ** 20

/** Words of letters, digits, '-' and '_' between dots; a pattern may end in '.>' for everything below. */
export const topicPattern: RegExp = /^[\w-]+(\.[\w-]+)*$/

export interface BusMessage {
  readonly topic: string
  readonly body: Uint8Array
}

/** A running subscription; iterate it once. It ends by rejecting with the signal's reason. */
export interface Subscription extends AsyncIterable<BusMessage> {
  /** messages that were dropped because the queue was full */
  readonly droppedCount: number
}

export interface Bus {
  /**
   * Resolves when the message is handed over, not when it is read.
   *
   * @throws BusRefused when topic or body are out of bounds
   */
  publish(message: BusMessage, options: { readonly signal: AbortSignal }): Promise<void>
  /**
   * Hears every message published after this call resolves.
   *
   * @param pattern a topic, or a topic and '.>' for all below it
   * @throws BusRefused when the pattern is none
   */
  subscribe(
    pattern: string,
    options: { readonly signal: AbortSignal; readonly queueMessagesMax: number },
  ): Promise<Subscription>
}
