/**
 * Errors of the ports for state and messages, the same from every adapter.
 *
 * @module
 */

import { GroundworkError } from './groundwork-error.ts'

/** A key, value or number of changes is outside the bounds of `ports/key-value.ts`. */
export class KeyValueRefused extends GroundworkError {
  readonly code = 'GW_KEY_VALUE_REFUSED'
  readonly blame = 'us'

  constructor(facts: { key?: string; sizeBytes?: number; count?: number }) {
    super('A key, a value or the size of a write is outside the bounds of the store.', facts)
  }
}

/** A message is outside the bounds of `ports/outbox.ts`. */
export class OutboxRefused extends GroundworkError {
  readonly code = 'GW_OUTBOX_REFUSED'
  readonly blame = 'us'

  constructor(facts: { key?: string; sizeBytes?: number; count?: number }) {
    super('A message is outside the bounds of the outbox.', facts)
  }
}

/** One idempotency key, two different messages. */
export class OutboxKeyTaken extends GroundworkError {
  readonly code = 'GW_OUTBOX_KEY_TAKEN'
  readonly blame = 'us'

  constructor(facts: { key: string }) {
    super(`The outbox already keeps another message under the key '${facts.key}'.`, facts)
  }
}

/** There is no message with this key. */
export class OutboxKeyUnknown extends GroundworkError {
  readonly code = 'GW_OUTBOX_KEY_UNKNOWN'
  readonly blame = 'us'

  constructor(facts: { key: string }) {
    super(`The outbox keeps no message under the key '${facts.key}'.`, facts)
  }
}

/** A batch or one of its detail blocks is too large, or there are too many. */
export class EvidenceRefused extends GroundworkError {
  readonly code = 'GW_EVIDENCE_REFUSED'
  readonly blame = 'caller'

  constructor(facts: { digest: string; sizeBytes?: number; count?: number }) {
    super('An evidence batch or one of its details is outside the bounds of the log.', facts)
  }
}

/** A topic, pattern or message is outside the bounds of `ports/bus.ts`. */
export class BusRefused extends GroundworkError {
  readonly code = 'GW_BUS_REFUSED'
  readonly blame = 'us'

  constructor(facts: { topic: string; sizeBytes?: number }) {
    super(`The bus takes no message on '${facts.topic.slice(0, 80)}' of this size.`, facts)
  }
}

/** More random bytes at once than a source gives. */
export class RandomRefused extends GroundworkError {
  readonly code = 'GW_RANDOM_REFUSED'
  readonly blame = 'us'

  constructor(facts: { sizeBytes: number; sizeBytesMax: number }) {
    super(`${facts.sizeBytes} random bytes were asked for; a call gives 0 to ${facts.sizeBytesMax}.`, facts)
  }
}
