/**
 * What an actor has promised to send, kept before it says "acknowledged".
 *
 * Every message has an idempotency key, which the receiver (the chain, mostly) sees too: sending it twice changes nothing.
 * Durable: when `put` resolves, the messages are on disk and synced; "acknowledged" means exactly that. A message leaves
 * the list of pending ones only by `mark`, and may go back to pending after a rollback of the chain. Not a broker: one
 * actor writes and reads.
 *
 * @module
 */

/** Longest key and topic, in characters. */
export const outboxKeyCharactersMax = 256

/** Largest body and note, in bytes. */
export const outboxBodyBytesMax: number = 2 ** 20

/** Most messages of one put or list. */
export const outboxMessagesMax = 4096

/** pending: to be sent. sent: under way, `note` says how (nonce, transaction). done: confirmed. refused: will never succeed. */
export type OutboxState = 'pending' | 'sent' | 'done' | 'refused'

/** A message to be kept. */
export interface OutboxMessage {
  readonly topic: string
  readonly key: string
  readonly body: Uint8Array
}

/** A kept message. */
export interface OutboxEntry extends OutboxMessage {
  /** rises by at least 1 with every new message; the order of sending */
  readonly sequence: number
  readonly state: OutboxState
  /** what the sender noted at the last `mark`; empty before */
  readonly note: Uint8Array
}

export interface Outbox {
  /**
   * Keeps all messages or none. A message whose key is known with the same topic and body is the one already kept.
   *
   * @returns the kept entries, in the order given; known ones with their present state
   * @throws OutboxKeyTaken when a key is known with another topic or body
   * @throws OutboxRefused when a message is out of bounds
   */
  put(messages: readonly OutboxMessage[], options: { readonly signal: AbortSignal }): Promise<readonly OutboxEntry[]>
  get(key: string, options: { readonly signal: AbortSignal }): Promise<OutboxEntry | undefined>
  /** Entries in one state, oldest first, with a sequence above `after`, at most `limit` (1 to `outboxMessagesMax`). */
  list(
    range: { readonly topic: string; readonly state: OutboxState; readonly after?: number; readonly limit: number },
    options: { readonly signal: AbortSignal },
  ): Promise<readonly OutboxEntry[]>
  /**
   * Sets the state of one entry, durably; every step is allowed, for a rollback may undo any.
   *
   * @throws OutboxKeyUnknown
   */
  mark(
    step: { readonly key: string; readonly state: OutboxState; readonly note: Uint8Array },
    options: { readonly signal: AbortSignal },
  ): Promise<void>
  /**
   * Drops entries that are done or refused with a sequence below `below`; their keys are forgotten with them, so only
   * call it for what no rollback can reach.
   *
   * @returns how many went
   */
  prune(
    range: { readonly topic: string; readonly below: number },
    options: { readonly signal: AbortSignal },
  ): Promise<number>
}
