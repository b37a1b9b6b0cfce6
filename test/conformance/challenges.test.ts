/**
 * Goal: what core finds wrong with a post, the judges' own bytecode rejects, for every kind of fault; and an honest post is
 * rejected by none of these calls.
 *
 * The judges run on a real anvil; only what they ask of the other contracts is said by `witness-epochs.sol`.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { receiptJudgeAbi, receiptJudgeBytecode } from '@groundwork/chain/abi/receipt-judge.ts'
import { sumJudgeAbi, sumJudgeBytecode } from '@groundwork/chain/abi/sum-judge.ts'
import { devnetAccount } from '@groundwork/chain/devnet/accounts.ts'
import { startAnvil, type Anvil } from '@groundwork/chain/devnet/anvil.ts'
import { findFault, type FoundFault } from '@groundwork/core/epoch/find-fault.ts'
import { digestOfPost } from '@groundwork/core/epoch/post.ts'
import { toyBatch, toyFacts } from '@groundwork/core/epoch/toy-network.ts'
import { toyHead, toyWrongPosts, wrongPost, type WrongPost } from '@groundwork/core/epoch/toy-wrong-posts.ts'
import { batchLeaf } from '@groundwork/core/evidence/batch-header.ts'
import type { Batch } from '@groundwork/core/evidence/batch.ts'
import { buildSumTree } from '@groundwork/core/merkle/sum-tree.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { createTestClient, http, publicActions, walletActions, type Abi } from 'viem'
import { foundry } from 'viem/chains'

const gas = 15_000_000n
const zeroHash: Hex = `0x${'00'.repeat(32)}`
/** At this price the judge's price of a leaf and epoch is the toy's: floor(32 * 1e21 * 500 * 8000 / (2^30 * 1e17 * 170)) = 7. */
const highUsd8 = 170n
const epochs = toyFacts.domain.verifyingContract

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The stand-in, compiled. */
function compileWitness(): { abi: Abi; runtime: Hex } {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string }
  const content = readFileSync(path.join(import.meta.dirname, 'witness-epochs.sol'), 'utf8')
  const outputSelection = { '*': { '*': ['abi', 'evm.deployedBytecode.object'] } }
  const input = { language: 'Solidity', sources: { witness: { content } }, settings: { outputSelection } }
  const { contracts } = JSON.parse(solc.compile(JSON.stringify(input))) as {
    contracts: { witness: { WitnessEpochs: { abi: Abi; evm: { deployedBytecode: { object: string } } } } }
  }
  const { abi, evm } = contracts.witness.WitnessEpochs
  return { abi, runtime: `0x${evm.deployedBytecode.object}` }
}

const account = devnetAccount(0)
const witness = compileWitness()
const port = await freePort()
const client = createTestClient({
  mode: 'anvil',
  chain: foundry,
  account,
  transport: http(`http://127.0.0.1:${port}`),
  pollingInterval: 20,
  cacheTime: 0,
})
  .extend(publicActions)
  .extend(walletActions)
const judges: Record<'sum' | 'receipt', { address: Hex; abi: Abi }> = {
  sum: { address: '0x', abi: sumJudgeAbi },
  receipt: { address: '0x', abi: receiptJudgeAbi },
}
let anvil: Anvil | undefined

interface Write {
  readonly address: Hex
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
}

async function write(call: Write): Promise<void> {
  const receipt = await client.waitForTransactionReceipt({ hash: await client.writeContract({ ...call, gas }) })
  assert.equal(receipt.status, 'success', `${call.functionName} reverted`)
}

/** Every address is the witness's; every parameter is 1. */
async function deploy(abi: Abi, bytecode: Hex): Promise<Hex> {
  const constructor = abi.find((entry) => entry.type === 'constructor')
  const args = (constructor?.inputs ?? []).map((input) => {
    const components = 'components' in input ? (input.components as readonly { name: string; type: string }[]) : []
    return Object.fromEntries(components.map(({ name, type }) => [name, type === 'address' ? epochs : 1n]))
  })
  const hash = await client.deployContract({ abi, bytecode, args })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  assert.ok(contractAddress)
  return contractAddress
}

before(async () => {
  anvil = await startAnvil({ port, signal: AbortSignal.timeout(30_000) })
  await client.setCode({ address: epochs, bytecode: witness.runtime })
  judges.sum.address = await deploy(sumJudgeAbi, sumJudgeBytecode)
  judges.receipt.address = await deploy(receiptJudgeAbi, receiptJudgeBytecode)
})
after(() => anvil?.kill())

async function say({
  posted,
  closed,
  facts,
  expected,
}: Pick<WrongPost, 'posted' | 'closed' | 'facts' | 'expected'>): Promise<void> {
  const head = { epoch: 1n, root: toyHead.hash, totals: toyHead.sum, evidence: zeroHash }
  const on = { address: epochs, abi: witness.abi }
  await write({ ...on, functionName: 'say', args: [digestOfPost(posted.post), head, toyFacts.allowanceAtto, highUsd8] })
  const counted =
    facts.countedBefore === undefined ? zeroHash : buildSumTree(closed.batches.slice(0, 1).map(batchLeaf)).root.hash
  await write({
    ...on,
    functionName: 'sayOfBatches',
    args: [counted, expected === 'challengeRefuted', [...facts.vouched]],
  })
}

/** Shows the receipt judge two headers of one signer with one counter. */
async function contradict(batch: Batch): Promise<void> {
  const signer = [1, 2, 3].find(
    (key) => toyBatch({ signer: key, quantities: [] }).header.signer === batch.header.signer,
  )
  const other = toyBatch({ signer: signer ?? 0, quantities: [99n] })
  assert.deepEqual([other.header.signer, other.header.counter], [batch.header.signer, batch.header.counter])
  const args = [batch.header, batch.signature, other.header, other.signature]
  await write({ ...judges.receipt, functionName: 'equivocation', args })
}

function callOf(found: FoundFault, posted: WrongPost['posted']): Write {
  assert.ok(found.tag === 'fault')
  const { judge, functionName, args } = found.challenge
  const shown = { network: 1, post: posted.post, reporter: account.address, salt: zeroHash }
  return { ...judges[judge], functionName, args: [shown, ...args] }
}

/** What the judge rejected with; zero when it did not. */
const reason = async (): Promise<unknown> =>
  client.readContract({ address: epochs, abi: witness.abi, functionName: 'reason' })

for (const wrong of toyWrongPosts()) {
  test(`the judges reject: ${wrong.name}`, async () => {
    await say(wrong)
    const [first] = wrong.posted.batches
    if (wrong.expected === 'challengeCounted' && first !== undefined) await contradict(first)
    await write(callOf(findFault(wrong.posted, wrong.closed, wrong.facts), wrong.posted))
    assert.notEqual(await reason(), zeroHash)
  })
}

test('the judges reject an honest post by none of the calls that are made against it', async () => {
  const honest = wrongPost({})
  for (const wrong of toyWrongPosts()) {
    // These stand on what the chain says of a batch, not on the post, so that here they would be shown rightly.
    if (['challengeRefuted', 'challengeCounted', 'challengeReused', 'challengeOmission'].includes(wrong.expected))
      continue
    await say({ ...wrong, posted: honest })
    await assert.rejects(
      client.simulateContract({ ...callOf(findFault(wrong.posted, wrong.closed, wrong.facts), honest), account }),
      wrong.name,
    )
    assert.equal(await reason(), zeroHash)
  }
})
