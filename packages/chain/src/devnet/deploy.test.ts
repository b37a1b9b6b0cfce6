import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Connection, connect, makeChain } from '../client.ts'
import { DeploymentMalformed, DeploymentNotFound, WrongChain } from '../errors.ts'
import { findDeployment, hasCode, readAnnouncements } from '../find-deployment.ts'
import { creations } from './creations.ts'
import { readQuote } from '../read-quote.ts'
import { readBalances } from '../read-balances.ts'
import { submit } from '../submit-call.ts'
import { mine, reorg, rollBack, snapshot } from './anvil-control.ts'
import { deployerAccount } from './accounts.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { deployDevnet, predictAddresses } from './deploy.ts'
import { readDeploymentFile, readDeploymentFileIfAny } from './deployment-file.ts'
import { devnetSupply } from './parameters.ts'

const signal = AbortSignal.timeout(120_000)
const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-deploy-'))
const file = path.join(folder, 'deployment.json')
let anvil: Anvil
let connection: Connection

before(async () => {
  anvil = await startAnvil({ port: 23_010, signal })
  connection = await connect({ rpcUrl: anvil.rpcUrl, account: deployerAccount() }, { signal })
})

after(async () => {
  await anvil.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('an empty chain has no deployment, and says so', async () => {
  await assert.rejects(findDeployment(connection, { signal }), DeploymentNotFound)
  assert.equal(await readDeploymentFileIfAny(file, { signal }), undefined)
  await assert.rejects(readDeploymentFile(file, { signal }), DeploymentMalformed)
})

test('deploying is done once: again is a reuse, a rollback past it is a redeployment', async () => {
  const empty = await snapshot(connection)
  const first = await deployDevnet(connection, { path: file, signal })
  assert.equal(first.outcome, 'deployed')
  assert.deepEqual(first.deployment.addresses, predictAddresses(deployerAccount().address, 0))
  assert.deepEqual(await readDeploymentFile(file, { signal }), first.deployment)

  const nonce = await connection.client.getTransactionCount({ address: deployerAccount().address })
  const second = await deployDevnet(connection, { path: file, signal })
  assert.equal(second.outcome, 'reused')
  assert.deepEqual(second.deployment, first.deployment)
  assert.equal(
    await connection.client.getTransactionCount({ address: deployerAccount().address }),
    nonce,
    'nothing was sent',
  )

  await rollBack(connection, empty)
  await mine(connection, { blocks: 7 })
  const third = await deployDevnet(connection, { path: file, signal })
  assert.equal(third.outcome, 'redeployed')
  assert.notEqual(third.deployment.startBlock, first.deployment.startBlock)
  assert.deepEqual(third.deployment.addresses, first.deployment.addresses)
  assert.deepEqual(await readDeploymentFile(file, { signal }), third.deployment)
})

test('a deployment is found from the endpoint alone, with its parameters and its genesis', async () => {
  const written = await readDeploymentFile(file, { signal })
  assert.deepEqual(await findDeployment(connection, { signal }), written)
  await using chain = await makeChain({ rpcUrl: anvil.wsUrl }, { signal })
  assert.deepEqual(chain.deployment.addresses, written.addresses)
  const { lowUsd8, highUsd8, fresh } = await readQuote(chain)
  assert.deepEqual(
    { lowUsd8, highUsd8, fresh },
    {
      lowUsd8: (devnetSupply.priceUsd8 * 99n) / 100n,
      highUsd8: (devnetSupply.priceUsd8 * 101n) / 100n,
      fresh: true,
    },
  )
  const { workAtto } = await readBalances(chain, { account: deployerAccount().address })
  assert.equal(workAtto, devnetSupply.genesisAtto)
})

test('a deployment that was cut short is not taken for one, and does not hide the next', async () => {
  const { parameters, genesis } = await readDeploymentFile(file, { signal })
  const account = deployerAccount()
  const nonce = await connection.client.getTransactionCount({ address: account.address })
  const addresses = predictAddresses(account.address, nonce)
  const [guard = '0x'] = creations({ name: 'cut short', addresses, parameters, genesis, posters: [] })
  const raw = await account.signTransaction({
    type: 'eip1559',
    chainId: connection.chainId,
    nonce,
    data: guard,
    gas: 5_000_000n,
    maxFeePerGas: 10n ** 10n,
  })
  await connection.client.sendRawTransaction({ serializedTransaction: raw })
  const announced = await readAnnouncements(connection)
  assert.deepEqual(
    announced.map(({ name }) => name),
    ['devnet', 'cut short'],
  )
  assert.deepEqual(await findDeployment(connection, { signal }), await readDeploymentFile(file, { signal }))
  assert.equal(await hasCode(connection, addresses), false)
})

test('whatever a rollback leaves of a deployment, it comes back to its addresses', async () => {
  const own = path.join(folder, 'again.json')
  await using chain = await startAnvil({ port: 23_011, signal })
  const there = await connect({ rpcUrl: chain.rpcUrl, account: deployerAccount() }, { signal })
  const coin = { functionName: 'coin', to: deployerAccount().address, data: '0x' } as const
  const empty = await snapshot(there)
  for (let sent = 0; sent < 3; sent += 1) await submit(there, coin, { signal })
  const first = await deployDevnet(there, { path: own, signal })
  assert.deepEqual(first.deployment.addresses, predictAddresses(deployerAccount().address, 3))

  // Three posts of the price and seven contracts go; five contracts stay.
  await reorg(there, { depth: 10 })
  assert.equal(await hasCode(there, first.deployment.addresses), false)
  assert.notEqual(await there.client.getCode({ address: first.deployment.addresses.guard }), undefined)
  const completed = await deployDevnet(there, { path: own, signal })
  assert.equal(completed.outcome, 'redeployed')
  assert.deepEqual(completed.deployment, first.deployment)
  assert.deepEqual(await findDeployment(there, { signal }), first.deployment)

  await rollBack(there, empty)
  const anew = await deployDevnet(there, { path: own, signal })
  assert.equal(anew.outcome, 'redeployed')
  assert.deepEqual(anew.deployment.addresses, first.deployment.addresses, 'the nonces before it are filled')
})

test('a file of another chain is not used on this one', async () => {
  const deployment = await readDeploymentFile(file, { signal })
  await assert.rejects(
    makeChain({ rpcUrl: anvil.rpcUrl, deployment: { ...deployment, chainId: 1 } }, { signal }),
    WrongChain,
  )
})

test('a broken file is refused, not overwritten', async () => {
  const broken = path.join(folder, 'broken.json')
  writeFileSync(broken, '{"version":1}')
  await assert.rejects(deployDevnet(connection, { path: broken, signal }), DeploymentMalformed)
})
