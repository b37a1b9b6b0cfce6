import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { keccak256 } from 'viem'
import { connect, type Connection } from './client.ts'
import { deployerAccount } from './devnet/accounts.ts'
import { mine, raiseBaseFee, reorg, rollBack, setAutomine, snapshot } from './devnet/anvil-control.ts'
import { startAnvil } from './devnet/anvil.ts'
import { TransactionFailed, TransactionLost } from './errors.ts'
import { submit, submitRaw } from './submit-call.ts'
import { waitForReceipt } from './wait-for-receipt.ts'

const signal = AbortSignal.timeout(60_000)
const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-wait-'))
const anvil = await startAnvil({ port: 23_070, signal })
const options = { rpcUrl: anvil.rpcUrl, account: deployerAccount(), pollingIntervalMs: 5 }
const connection = await connect(options, { signal })
after(async () => {
  await anvil.stop()
  rmSync(folder, { recursive: true, force: true })
})

const to = '0x00000000000000000000000000000000000000e1'
const coin = { functionName: 'coin', to, data: '0x', valueWei: 3n } as const
const held = (): Promise<bigint> => connection.client.getBalance({ address: to })

async function lost(): Promise<Awaited<ReturnType<typeof submit>>> {
  const earlier = await snapshot(connection)
  const sent = await submit(connection, coin, { signal })
  // A node answers before it mines: rolled back too early, the transaction would be mined after all.
  await waitForReceipt(connection, sent.hash, { signal })
  await rollBack(connection, earlier)
  return sent
}

test('a transaction that a rollback took is called lost, and the next one gets its nonce', async () => {
  const sent = await lost()
  await assert.rejects(waitForReceipt(connection, sent.hash, { signal, lostMs: 100 }), TransactionLost)
  const next = await submit(connection, coin, { signal })
  assert.equal(next.nonce, sent.nonce)
  await waitForReceipt(connection, next.hash, { signal })
})

test('with its bytes at hand it is handed in again, and counts once', async () => {
  const before = await held()
  const sent = await lost()
  const receipt = await waitForReceipt(connection, sent.hash, { signal, raw: sent.raw })
  assert.equal(receipt.transactionHash, sent.hash)
  assert.equal((await held()) - before, 3n)
})

test('bytes whose nonce went to another transaction are lost for good, and that is said', async () => {
  const sent = await lost()
  const other = await submit(connection, { ...coin, valueWei: 4n }, { signal })
  await waitForReceipt(connection, other.hash, { signal })
  await assert.rejects(waitForReceipt(connection, sent.hash, { signal, raw: sent.raw, lostMs: 100 }), TransactionLost)
})

test('confirmations are counted from its own block, and start again after a reorganisation', async () => {
  const { hash, raw } = await submit(connection, coin, { signal })
  const first = await waitForReceipt(connection, hash, { signal })
  const seen = { isDeep: false }
  const deep = waitForReceipt(connection, hash, { signal, raw, confirmations: 3 }).finally(() => {
    seen.isDeep = true
  })
  await reorg(connection, { depth: 1 })
  while (!seen.isDeep && !signal.aborted) await mine(connection, { blocks: 1 })
  const { blockNumber, blockHash } = await deep
  assert.notEqual(blockHash, first.blockHash)
  assert.ok((await connection.client.getBlockNumber({ cacheTime: 0 })) >= blockNumber + 2n)
})

test('a mined failure tells the reason', async () => {
  const account = deployerAccount()
  const nonce = await connection.client.getTransactionCount({ address: account.address })
  // PUSH1 0, PUSH1 0, REVERT: a creation that reverts.
  const raw = await account.signTransaction({
    type: 'eip1559',
    chainId: connection.chainId,
    nonce,
    data: '0x60006000fd',
    gas: 100_000n,
    maxFeePerGas: 10n ** 10n,
  })
  await submitRaw(connection, raw)
  await assert.rejects(waitForReceipt(connection, keccak256(raw), { signal }), TransactionFailed)
})

test('a chain that is started again while we wait does not end the waiting', async () => {
  const own = { port: 23_071, statePath: path.join(folder, 'state.json'), signal }
  const first = await startAnvil(own)
  const there: Connection = await connect({ ...options, rpcUrl: first.rpcUrl }, { signal })
  await setAutomine(there, { on: false })
  const sent = await submit(there, coin, { signal })
  const waiting = waitForReceipt(there, sent.hash, { signal, raw: sent.raw })
  await first.stop()
  await using _ = await startAnvil(own)
  assert.equal((await waiting).status, 'success')
})

test('one that became too cheap while we wait is signed again, and its replacement is what is waited for', async () => {
  const before = await held()
  await setAutomine(connection, { on: false })
  const sent = await submit(connection, coin, { signal })
  await raiseBaseFee(connection, { wei: 10n ** 12n })
  await mine(connection, { blocks: 1 })
  await setAutomine(connection, { on: true })
  const receipt = await waitForReceipt(connection, sent.hash, { signal, raw: sent.raw })
  assert.notEqual(receipt.transactionHash, sent.hash)
  assert.equal((await held()) - before, 3n)
  assert.equal((await connection.client.getTransaction({ hash: receipt.transactionHash })).nonce, sent.nonce)
  await mine(connection, { blocks: 200 })
})

test('an aborted wait ends with the signal’s own reason', async () => {
  await setAutomine(connection, { on: false })
  const { hash } = await submit(connection, coin, { signal })
  const reason = new Error('enough')
  const stop = new AbortController()
  const waiting = waitForReceipt(connection, hash, { signal: stop.signal })
  stop.abort(reason)
  await assert.rejects(waiting, reason)
})
