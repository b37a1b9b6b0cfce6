/**
 * The one base of everything that this project throws: a stable code, who is to blame, and the facts.
 *
 * HTTP status, exit code and log level are not here: `http-status.ts` derives them from the blame, in one table.
 *
 * @module
 */

/** Who has to change something: the caller, a remote peer, the machine we run on, or our own code. */
export type Blame = 'caller' | 'peer' | 'host' | 'us'

/** Plain values that say what happened; they are logged and shown, so no secrets. */
export type Facts = Readonly<Record<string, unknown>>

/** Base class. Subclasses set `code` and `blame`; the message is one full sentence for a person. */
export abstract class GroundworkError extends Error {
  abstract readonly code: `GW_${string}`
  abstract readonly blame: Blame
  readonly facts: Facts

  constructor(message: string, facts: Facts = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.facts = facts
  }
}
