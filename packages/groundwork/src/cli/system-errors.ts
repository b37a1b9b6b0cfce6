/**
 * What a file or a machine can refuse a command, in words.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** A file or folder that was named cannot be used as it is. */
export class FileUnusable extends GroundworkError {
  readonly code = 'GW_FILE_UNUSABLE'
  readonly blame = 'caller'

  constructor(facts: { file: string; why: string }, options?: ErrorOptions) {
    super(`${facts.file} cannot be used: ${facts.why}.`, facts, options)
  }
}

/** A file is not any more what it was when it was listed. */
export class FileChanged extends GroundworkError {
  readonly code = 'GW_FILE_CHANGED'
  readonly blame = 'caller'

  constructor(facts: { file: string; sizeBytes: number; readBytes: number }) {
    super(
      `${facts.file} had ${facts.sizeBytes} bytes, and then ${facts.readBytes}. Try again when nothing changes it.`,
      facts,
    )
  }
}

/** The machine has no more of what is needed. */
export class MachineShort extends GroundworkError {
  readonly code = 'GW_MACHINE_SHORT'
  readonly blame = 'host'

  constructor(facts: { what: string; file?: string | undefined }, options?: ErrorOptions) {
    super(
      `${facts.what}${facts.file === undefined ? '' : ` (at ${facts.file})`}. Try again when that has changed.`,
      facts,
      options,
    )
  }
}

/** Another program listens where this one was told to. */
export class PortTaken extends GroundworkError {
  readonly code = 'GW_PORT_TAKEN'
  readonly blame = 'caller'

  constructor(facts: { at: string; why: string }, options?: ErrorOptions) {
    super(`Nothing can listen at ${facts.at}: ${facts.why}. Choose another --host or --port.`, facts, options)
  }
}
