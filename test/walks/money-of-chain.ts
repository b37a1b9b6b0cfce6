/**
 * What a chain's money should be by its own events and by the model of core/money, against what the contracts say of it.
 *
 * One block is read throughout. The laws are those of docs/protocol/money.md#laws that a stranger can check with reads alone.
 *
 * @module
 */

import { bondsAbi } from '@groundwork/chain/abi/bonds.ts'
import { creditsAbi } from '@groundwork/chain/abi/credits.ts'
import { railsAbi } from '@groundwork/chain/abi/rails.ts'
import { workTokenAbi } from '@groundwork/chain/abi/work-token.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { claimsIn } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { readBalances, readGot } from '@groundwork/chain/read-balances.ts'
import { readCall } from '@groundwork/chain/read-call.ts'
import { readHead } from '@groundwork/chain/read-head.ts'
import { readStream } from '@groundwork/chain/read-stream.ts'
import { lanesOf } from '@groundwork/core/merkle/lanes.ts'
import { creditsPromised, dueAt, payableAt } from '@groundwork/core/money/stream.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'

const storage = 1
const basis = 10_000n
const feeBasisPoints = 500n
const rebateBasisPoints = 8_000n
const nobody = `0x${'00'.repeat(20)}`

type Args = Readonly<Record<string, string>>
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
const of = (rows: readonly Args[], field: string): bigint => sum(rows.map((row) => BigInt(row[field] ?? 0)))

/** @returns a sentence for each number that is not as it should be; the index is at the block that is read */
export async function moneyDifferences(chain: Chain, index: ChainIndex): Promise<readonly string[]> {
  const blockNumber = index.tip()?.number ?? 0n
  const at = { blockNumber }
  const different: string[] = []
  const same = (what: string, found: bigint, expected: bigint): void => {
    if (found !== expected) different.push(`${what} is ${found}, not ${expected}`)
  }
  const holds = (what: string, isTrue: boolean): void => {
    if (!isTrue) different.push(what)
  }
  const events = (contract: string, event: string): Args[] =>
    index.database
      .prepare('SELECT args FROM logs WHERE contract = ? AND event = ? AND block <= ? ORDER BY block, log_index')
      .all(contract, event, Number(blockNumber))
      .map(({ args }) => JSON.parse(String(args)) as Args)

  const [issued, spent, burned, minted, retired] = await readCall(
    chain,
    { contract: 'credits', abi: creditsAbi, functionName: 'totals', args: [] },
    at,
  )
  const supply = await readCall(
    chain,
    { contract: 'workToken', abi: workTokenAbi, functionName: 'totalSupply', args: [] },
    at,
  )
  const cap = await readCall(chain, { contract: 'workToken', abi: workTokenAbi, functionName: 'cap', args: [] }, at)
  const genesis = await readCall(
    chain,
    { contract: 'workToken', abi: workTokenAbi, functionName: 'genesis', args: [] },
    at,
  )

  const [bought, covered, converted, fees, slashed] = [
    events('credits', 'Bought'),
    events('credits', 'Covered'),
    events('rails', 'Converted'),
    events('rails', 'FeePaid'),
    events('bonds', 'Slashed'),
  ]
  const claims = claimsIn(index).filter(({ block }) => block <= blockNumber)
  const claimed = sum(claims.map(({ rebateAtto, bootstrapAtto }) => rebateAtto + bootstrapAtto))
  same('credits issued', issued, of(bought, 'credits'))
  same('credits spent', spent, of(converted, 'credits') + of(fees, 'credits'))
  same('WORK burned', burned, of(bought, 'workAtto') + of(covered, 'workAtto'))
  same('WORK minted', minted, of(converted, 'mintedAtto'))
  same('WORK retired', retired, of(converted, 'workAtto') - of(converted, 'mintedAtto') + of(fees, 'workAtto'))
  same(
    'law 1: the supply',
    supply,
    genesis + minted + claimed - burned - (of(slashed, 'amountAtto') - of(slashed, 'rewardAtto')),
  )
  holds('law 1: the supply is at most the cap', supply <= cap)
  holds('law 4: no more is minted than burned less the fee', minted * basis <= burned * (basis - feeBasisPoints))

  const accounts = [...new Set(events('workToken', 'Transfer').flatMap(({ from, to }) => [from, to]))].filter(
    (one) => one !== nobody && one !== undefined,
  ) as Hex[]
  const balances = await Promise.all(
    accounts.map(async (account) => ({ account, ...(await readBalances(chain, { account }, at)) })),
  )
  same('law 1: all wallets together', sum(balances.map(({ workAtto }) => workAtto)), supply)
  const bonds = await readCall(
    chain,
    { contract: 'workToken', abi: workTokenAbi, functionName: 'balanceOf', args: [chain.deployment.addresses.bonds] },
    at,
  )
  same(
    'law 9: what Bonds holds',
    bonds,
    of(events('bonds', 'Deposited'), 'amountAtto') -
      of(events('bonds', 'Withdrawn'), 'amountAtto') -
      of(slashed, 'amountAtto'),
  )

  const { holdSeconds } = chain.deployment.parameters
  const { timestamp } = await chain.client.getBlock(at)
  const ids = [...new Set(events('rails', 'StreamOpened').map(({ id }) => id as Hex))]
  const closed = new Set(events('rails', 'StreamClosed').map(({ id }) => id))
  let [inStreams, workInStreams] = [0n, 0n]
  for (const id of ids) {
    const raw = await readStream(chain, { id }, at)
    const settled = of(
      events('rails', 'StreamSettled').filter((one) => one['id'] === id),
      'credits',
    )
    if (closed.has(id)) continue
    const stream = {
      ...raw,
      start: BigInt(raw.start),
      end: BigInt(raw.end),
      openDemands: BigInt(raw.openDemands),
      faultSeconds: BigInt(raw.faultSeconds),
      firstOpened: BigInt(raw.firstOpened),
    }
    same(`what stream ${id} paid`, stream.paid, settled)
    holds(
      `law 8: stream ${id} paid ${stream.paid}, which is more than its due ${dueAt(stream, timestamp)}`,
      stream.paid <= dueAt(stream, timestamp),
    )
    holds(`law 12: stream ${id} holds ${stream.credits} credits`, stream.credits >= creditsPromised(stream))
    same(
      `what is due on stream ${id}`,
      await readCall(
        chain,
        { contract: 'rails', abi: railsAbi, functionName: 'due', args: [id, Number(timestamp)] },
        at,
      ),
      dueAt(stream, timestamp),
    )
    same(
      `what stream ${id} would pay`,
      await readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'payable_', args: [id] }, at),
      payableAt(stream, timestamp, BigInt(holdSeconds)),
    )
    inStreams += stream.credits
    workInStreams += stream.workAtto
  }
  same(
    'law 2: credits in all pockets',
    inStreams + sum(balances.map((one) => one.bought.credits + one.earned.credits)),
    issued - spent,
  )
  const lineage = workInStreams + sum(balances.map((one) => one.bought.workAtto + one.earned.workAtto))
  same('law 3: the WORK of all pockets', lineage, burned - minted - retired)
  holds('law 6: supply and lineage are at most the cap', supply + lineage <= cap)

  const head = lanesOf((await readHead(chain, { network: storage }, at)).totals)
  for (const { account } of balances) {
    const got = await readGot(chain, { network: storage, account }, at)
    const own = claims.filter((one) => one.account.toLowerCase() === account.toLowerCase())
    same(`what ${account} got as rebate`, got.rebateAtto, sum(own.map(({ rebateAtto }) => rebateAtto)))
    same(`what ${account} got as bootstrap`, got.bootstrapAtto, sum(own.map(({ bootstrapAtto }) => bootstrapAtto)))
    const retiredAtto = await readCall(
      chain,
      { contract: 'rails', abi: railsAbi, functionName: 'retired', args: [account] },
      at,
    )
    holds(
      `law 5: rebates of ${account} are within its limit`,
      got.rebateAtto * basis <= retiredAtto * rebateBasisPoints,
    )
  }
  holds(
    'claims are within the finalised totals',
    sum(claims.map(({ rebateAtto }) => rebateAtto)) <= head.high &&
      sum(claims.map(({ bootstrapAtto }) => bootstrapAtto)) <= head.low,
  )
  holds('somebody was paid', minted > 0n && claimed > 0n)
  for (const { operator, network } of events('bonds', 'Deposited') as unknown as { operator: Hex; network: number }[]) {
    const { totalAtto, lockedAtto } = await readCall(
      chain,
      { contract: 'bonds', abi: bondsAbi, functionName: 'stake', args: [operator, Number(network)] },
      at,
    )
    holds(`law 9: the stake of ${operator} holds its locks`, totalAtto >= lockedAtto)
  }
  return different
}
