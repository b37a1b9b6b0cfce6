/**
 * The contract of the EvidenceLog port, for every adapter: append only, by digest, contradictions included.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  evidenceBlockBytesMax,
  evidenceDetailsMax,
  type EvidenceLog,
  type EvidenceRecord,
} from '@groundwork/core/ports/evidence-log.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { abortedSignal, bytes, forever, withAdapter, type MakeAdapter } from './adapter.ts'

const signer = (byte: string): Hex => `0x${byte.repeat(20)}`

function record(byte: string, change: Partial<EvidenceRecord> = {}): EvidenceRecord {
  const details = [{ cid: `bafy${byte}`, bytes: bytes(`detail ${byte}`) }]
  return {
    network: 1,
    epoch: 5n,
    signer: signer('aa'),
    counter: 0n,
    digest: `0x${byte.repeat(32)}`,
    bytes: bytes(byte),
    details,
    ...change,
  }
}

async function listed(log: EvidenceLog, range: { network: number; epoch: bigint }): Promise<EvidenceRecord[]> {
  const records: EvidenceRecord[] = []
  for await (const one of log.list(range, forever)) records.push(one)
  return records
}

export function conformEvidenceLog(name: string, makeAdapter: MakeAdapter<EvidenceLog>): void {
  const check = (
    title: string,
    run: (log: EvidenceLog, reopen?: () => Promise<EvidenceLog>) => Promise<void>,
  ): void => {
    void test(title, () => withAdapter(makeAdapter, ({ port, reopen }) => run(port, reopen)))
  }

  void describe(`EvidenceLog: ${name}`, () => {
    check('a record comes back whole, by digest', async (log) => {
      const one = record('11', { epoch: 2n ** 63n - 1n, counter: 2n ** 62n })
      assert.equal(await log.append(one, forever), true)
      assert.deepEqual(await log.get(one.digest, forever), one)
      assert.equal(await log.get(record('22').digest, forever), undefined)
    })

    check('a known digest changes nothing', async (log) => {
      assert.equal(await log.append(record('11'), forever), true)
      assert.equal(await log.append(record('11', { bytes: bytes('other') }), forever), false)
      assert.deepEqual((await log.get(record('11').digest, forever))?.bytes, bytes('11'))
    })

    check('an epoch of a network is listed in order of digest, and nothing else', async (log) => {
      const others = [record('00', { network: 2 }), record('01', { epoch: 6n })]
      for (const one of [record('33'), record('11'), ...others, record('22')]) await log.append(one, forever)
      assert.deepEqual(await listed(log, { network: 1, epoch: 5n }), [record('11'), record('22'), record('33')])
      assert.deepEqual(await listed(log, { network: 2, epoch: 6n }), [])
    })

    check('two batches with one counter are both kept, for together they show a fault', async (log) => {
      assert.equal(await log.append(record('11', { counter: 3n }), forever), true)
      assert.equal(await log.append(record('22', { counter: 3n }), forever), true)
      assert.equal((await listed(log, { network: 1, epoch: 5n })).length, 2)
    })

    check('the last record of a signer is the one with the highest counter, across epochs', async (log) => {
      await log.append(record('11', { counter: 9n, epoch: 4n }), forever)
      await log.append(record('22', { counter: 10n, epoch: 5n }), forever)
      await log.append(record('15', { counter: 10n, epoch: 5n }), forever)
      await log.append(record('33', { counter: 99n, signer: signer('bb') }), forever)
      await log.append(record('44', { counter: 99n, network: 2 }), forever)
      assert.equal((await log.last({ network: 1, signer: signer('aa') }, forever))?.digest, record('15').digest)
      assert.equal(await log.last({ network: 3, signer: signer('aa') }, forever), undefined)
    })

    check('what is out of bounds is refused, and nothing of it is kept', async (log) => {
      const large = new Uint8Array(evidenceBlockBytesMax + 1)
      const many = Array.from({ length: evidenceDetailsMax + 1 }, (_, i) => ({ cid: `${i}`, bytes: bytes('') }))
      const refused = { code: 'GW_EVIDENCE_REFUSED' }
      await assert.rejects(log.append(record('11', { bytes: large }), forever), refused)
      await assert.rejects(log.append(record('11', { details: [{ cid: 'x', bytes: large }] }), forever), refused)
      await assert.rejects(log.append(record('11', { details: many }), forever), refused)
      assert.equal(await log.get(record('11').digest, forever), undefined)
    })

    check('an aborted call rejects with the reason of its signal and keeps nothing', async (log) => {
      const { signal, reason } = abortedSignal()
      await assert.rejects(log.append(record('11'), { signal }), reason)
      await log.append(record('22'), forever)
      await assert.rejects(async () => {
        for await (const one of log.list({ network: 1, epoch: 5n }, { signal })) assert.fail(one.digest)
      }, reason)
      assert.equal(await log.get(record('11').digest, forever), undefined)
    })

    check('durable adapters find everything again after a crash', async (log, reopen) => {
      for (const one of [record('11'), record('22')]) await log.append(one, forever)
      const after = reopen === undefined ? log : await reopen()
      assert.deepEqual(await listed(after, { network: 1, epoch: 5n }), [record('11'), record('22')])
      assert.equal(await after.append(record('22'), forever), false)
    })
  })
}
