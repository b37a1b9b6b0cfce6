import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { connect } from '../client.ts'
import { AnvilFailed, ChainUnreachable } from '../errors.ts'
import { transferCoinSync } from '../transfer-coin.ts'
import { deployerAccount } from './accounts.ts'
import { startAnvil } from './anvil.ts'

const signal = AbortSignal.timeout(60_000)
const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-anvil-'))
const to = '0x00000000000000000000000000000000000000d1'
after(() => rmSync(folder, { recursive: true, force: true }))

test('a chain that was stopped goes on where it was, and so do connections to it', async () => {
  const options = { port: 23_060, statePath: path.join(folder, 'state.json'), signal }
  for (const scheme of ['rpcUrl', 'wsUrl'] as const) {
    const first = await startAnvil(options)
    await using connection = await connect({ rpcUrl: first[scheme], account: deployerAccount() }, { signal })
    const before = await connection.client.getBalance({ address: to })
    await transferCoinSync(connection, { to, valueWei: 5n }, { signal })
    await first.stop()
    assert.deepEqual(await first.ended, { code: 0, signal: null })

    await using second = await startAnvil(options)
    assert.notEqual(second.pid, first.pid)
    await transferCoinSync(connection, { to, valueWei: 6n }, { signal })
    assert.equal((await connection.client.getBalance({ address: to })) - before, 11n)
  }
})

test('a chain that was killed is gone at once, and its endpoint says so', async () => {
  const anvil = await startAnvil({ port: 23_061, blockSeconds: 1, signal })
  await using connection = await connect({ rpcUrl: anvil.rpcUrl, account: deployerAccount() }, { signal })
  await anvil.kill()
  assert.equal((await anvil.ended).signal, 'SIGKILL')
  await assert.rejects(transferCoinSync(connection, { to, valueWei: 1n }, { signal }), ChainUnreachable)
})

test('what keeps anvil from starting is told', async () => {
  await using _ = await startAnvil({ port: 23_062, signal })
  await assert.rejects(startAnvil({ port: 23_062, signal }), (error: unknown) => {
    assert.ok(error instanceof AnvilFailed)
    assert.match(error.message, /in use/i)
    return true
  })
  const reason = new Error('enough')
  await assert.rejects(startAnvil({ port: 23_063, signal: AbortSignal.abort(reason) }), reason)
})
