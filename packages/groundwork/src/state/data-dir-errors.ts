/**
 * What can be wrong with a program's folder.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

export class DataDirHeld extends GroundworkError {
  readonly code = 'GW_DATA_DIR_HELD'
  readonly blame = 'caller'

  constructor(facts: { folder: string; pid: number }) {
    super(
      `Another groundwork (process ${facts.pid}) writes to ${facts.folder}. Stop it, or choose another --data-dir.`,
      facts,
    )
  }
}
