/**
 * The EvidenceLog port in memory: for tests, simulations and the browser.
 *
 * @module
 */

import { EvidenceRefused } from '../../errors/port-errors.ts'
import type { Hex } from '../../units/hex.ts'
import { evidenceBlockBytesMax, evidenceDetailsMax, type EvidenceLog, type EvidenceRecord } from '../evidence-log.ts'

export function memoryEvidenceLog(): EvidenceLog {
  const records = new Map<Hex, EvidenceRecord>()

  return {
    async append(record, { signal }) {
      signal.throwIfAborted()
      assertRecord(record)
      if (records.has(record.digest)) return false
      records.set(record.digest, {
        ...record,
        bytes: record.bytes.slice(),
        details: record.details.map(({ cid, bytes }) => ({ cid, bytes: bytes.slice() })),
      })
      return true
    },
    async get(digest, { signal }) {
      signal.throwIfAborted()
      return records.get(digest)
    },
    async *list({ network, epoch }, { signal }) {
      const found = [...records.values()].filter((record) => record.network === network && record.epoch === epoch)
      for (const record of found.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))) {
        signal.throwIfAborted()
        yield record
      }
    },
    async last({ network, signer }, { signal }) {
      signal.throwIfAborted()
      return [...records.values()]
        .filter((record) => record.network === network && record.signer === signer)
        .toSorted((a, b) =>
          a.counter === b.counter ? (a.digest < b.digest ? -1 : 1) : a.counter > b.counter ? -1 : 1,
        )[0]
    },
  }
}

function assertRecord({ digest, bytes, details }: EvidenceRecord): void {
  if (details.length > evidenceDetailsMax) throw new EvidenceRefused({ digest, count: details.length })
  const tooLarge = [bytes, ...details.map((detail) => detail.bytes)].find(
    (block) => block.length > evidenceBlockBytesMax,
  )
  if (tooLarge !== undefined) throw new EvidenceRefused({ digest, sizeBytes: tooLarge.length })
}
