/**
 * The checks of a first light, each from the chain's logs and from bytes whose hash is their name.
 *
 * Some of what the JSON says nobody can derive again: latency ranks and seconds, for they were measured once on one machine, and what
 * devices said, for it is theirs. Ranks are only held against each other; the rest is held against nothing.
 *
 * @module
 */

import { formatDeployment } from '@groundwork/chain/deployment.ts'
import { advanceIndex } from '@groundwork/chain/indexer/follow-chain.ts'
import { openIndex, type ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import {
  claimsIn,
  dataSetsAsOf,
  demandsIn,
  epochStepsIn,
  operatorsIn,
  paymentsIn,
  slashesIn,
} from '@groundwork/chain/indexer/index-queries.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { openChain } from '../account/open-chain.ts'
import { indexAdvance, type AuditContext } from '../watch/audit-context.ts'
import { auditPost } from '../watch/audit-post.ts'
import { postsIn } from '../watch/epoch-history.ts'
import { storageRules } from '../watch/storage-rules.ts'
import type { Claims } from './claims.ts'
import { checkContent } from './check-content.ts'
import { checkWireless } from './check-wireless.ts'
import type { Check, Source, StorageClaims } from './check.ts'

const storage = 1
const same = (a: string, b: string | undefined): boolean => a.toLowerCase() === b?.toLowerCase()
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
const check = (name: string, isTrue: boolean, found = ''): Check => ({ name, isTrue, found })

/** @throws ChainUnreachable, DeploymentNotFound when there is nothing to verify against */
export async function verifyLight(
  claims: Claims,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  await using chain = await openChain({ config: { rpc: claims.rpc }, signal })
  using index = openIndex({ path: ':memory:', deployment: chain.deployment })
  await advanceIndex(index, chain, { signal })
  const { storage: said, wireless } = claims.firstLight
  const paidElsewhere = wireless.hotspots.map(({ owner }) => owner)
  const source: Source = { chain, index, said, paidElsewhere }
  return [
    checkDeployment(claims, chain),
    ...(await checkTransactions(source)),
    ...checkCopies(source),
    ...checkFault(source),
    ...checkPay(source),
    ...(await checkEpoch(source, { signal })),
    ...(await checkContent(source, { signal })),
    ...(await checkWireless({ chain, index, said: wireless }, { signal })),
  ]
}

/** All of it but the address of the endpoint, which may have changed: contracts, parameters, genesis, first block. */
function checkDeployment({ deployment }: Claims, chain: Chain): Check {
  const announced = JSON.parse(formatDeployment(chain.deployment)) as Record<string, unknown>
  const wrong = Object.keys(announced).filter(
    (name) => name !== 'rpc' && plain(deployment[name]) !== plain(announced[name]),
  )
  return check('the deployment is the one that the chain announces', wrong.length === 0, wrong.join(' '))
}

/** The same text for the same value, whatever the order of its keys and the case of its addresses. */
function plain(value: unknown): string {
  const sorted = (_key: string, item: unknown): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item
  return String(JSON.stringify(value, sorted)).toLowerCase()
}

/** Every listed transaction did something in our contracts, and what has to be among them is. */
async function checkTransactions({ chain, index, said }: Source): Promise<Check[]> {
  const listed = new Set(said.txs)
  const known = new Set(
    (index.database.prepare('SELECT DISTINCT tx FROM logs').all() as unknown as readonly { tx: string }[]).map(
      ({ tx }) => tx,
    ),
  )
  const strange: string[] = []
  for (const tx of listed) {
    const receipt = await chain.client.getTransactionReceipt({ hash: tx as Hex }).catch(() => undefined)
    if (receipt?.status !== 'success' || !known.has(tx)) strange.push(tx)
  }
  const needed = neededTransactions(index, said)
  const missing = [...needed]
    .filter(([, txs]) => txs.length === 0 || txs.some((tx) => !listed.has(tx)))
    .map(([name]) => name)
  return [
    check('every transaction succeeded in these contracts', strange.length === 0, strange.join(' ')),
    check('the transactions that the claims rest on are all listed', missing.length === 0, missing.join(', ')),
    check('no transaction is listed twice', listed.size === said.txs.length),
  ]
}

function neededTransactions(index: ChainIndex, said: StorageClaims): ReadonlyMap<string, readonly string[]> {
  const steps = epochStepsIn(index, { network: storage }).filter(({ epoch }) => epoch === said.epoch)
  const of = (state: string): string[] => steps.filter((step) => step.state === state).map(({ tx }) => tx)
  return new Map([
    ['post', of('posted')],
    ['availability', of('available')],
    ['finalisation', of('finalised')],
    [
      'demands',
      demandsIn(index)
        .filter(({ state, block }) => state !== 'closed' && block <= said.balancesBlock)
        .map(({ tx }) => tx),
    ],
    [
      'slash',
      slashesIn(index)
        .filter(({ operator }) => same(operator, said.killedProvider))
        .map(({ tx }) => tx),
    ],
    ...said.balances.flatMap(({ provider }) => neededFor(index, provider, said.balancesBlock)),
  ])
}

/** All that one provider was paid by that block. */
function neededFor(index: ChainIndex, provider: string, until: bigint): [string, string[]][] {
  const paidBy = (wanted: string): string[] =>
    paymentsIn(index)
      .filter(({ kind, payee, block }) => kind === wanted && same(provider, payee) && block <= until)
      .map(({ tx }) => tx)
  return [
    [`settlements of ${provider}`, paidBy('stream')],
    [`conversions of ${provider}`, paidBy('conversion')],
    [
      `claims of ${provider}`,
      claimsIn(index)
        .filter(({ account, block }) => same(provider, account) && block <= until)
        .map(({ tx }) => tx),
    ],
  ]
}

/** Three copies at distinct operators, and readers served by them. */
function checkCopies({ index, said }: Source): Check[] {
  const posted = index.database
    .prepare('SELECT DISTINCT provider FROM data_sets WHERE provider IS NOT NULL AND block <= ?')
    .all(Number(said.balancesBlock))
  const holders = new Set(
    (posted as unknown as readonly { provider: string }[]).map(({ provider }) => provider.toLowerCase()),
  )
  const operators = new Set(operatorsIn(index).map(({ operator }) => operator.toLowerCase()))
  const servers = said.servedBy.map(({ provider }) => provider.toLowerCase())
  const ranks = said.servedBy.map(({ latencyRank }) => latencyRank)
  const standing = dataSetsAsOf(index, { block: said.balancesBlock })
  return [
    check(
      'data sets stand at as many distinct operators as copies',
      new Set(standing.map(({ provider }) => provider.toLowerCase())).size >= said.copies,
      `${standing.length}`,
    ),
    check(
      'whoever served the read is an operator with a copy',
      servers.every((one) => holders.has(one) && operators.has(one)),
    ),
    check('the dead served nothing', !servers.includes(said.killedProvider.toLowerCase())),
    check(
      'latency ranks are distinct',
      new Set(ranks).size === ranks.length && new Set(servers).size === servers.length,
    ),
    check(
      'the repaired copy stands at a new operator',
      standing.some(({ provider }) => same(provider, said.repairedTo)) && !same(said.repairedTo, said.killedProvider),
    ),
  ]
}

/** The killed provider was demanded a leaf, missed it, lost its lock and its set; the reporter was paid a tenth. */
function checkFault({ index, said }: Source): Check[] {
  const slashes = slashesIn(index).filter(({ operator }) => same(operator, said.killedProvider))
  const taken = sum(slashes.map(({ amountAtto }) => amountAtto))
  const rows = (sql: string): readonly { readonly id: string; readonly provider: string | null }[] =>
    index.database.prepare(sql).all() as unknown as readonly { id: string; provider: string | null }[]
  const setsOfKilled = new Set(
    rows('SELECT DISTINCT id, provider FROM data_sets')
      .filter(({ provider }) => same(said.killedProvider, provider ?? ''))
      .map(({ id }) => id),
  )
  const faulted = rows('SELECT DISTINCT id, provider FROM data_sets WHERE faulted = 1').filter(({ id }) =>
    setsOfKilled.has(id),
  )
  const isOfKilled = ({ dataSet }: { readonly dataSet: string }): boolean => setsOfKilled.has(dataSet)
  const missed = demandsIn(index).filter((demand) => demand.state === 'missed' && isOfKilled(demand))
  const answered = demandsIn(index).filter((demand) => demand.state === 'answered' && !isOfKilled(demand))
  return [
    check(
      'the killed provider’s lock was slashed by the amount said',
      slashes.length > 0 && taken === said.slashedAtto,
      `${taken}`,
    ),
    check(
      'a tenth went to the reporter',
      slashes.every(({ amountAtto, rewardAtto }) => rewardAtto === amountAtto / 10n),
    ),
    check(
      'the killed provider missed a demanded leaf, and its set ended as faulted',
      missed.length > 0 && faulted.length > 0,
    ),
    check('a leaf demanded of another was answered', answered.length > 0),
  ]
}

/** Credits spent and WORK minted, per provider and in all, within lineage; balances as the chain had them. */
function checkPay({ index, said, paidElsewhere }: Source): Check[] {
  const until = said.balancesBlock
  const conversions = paymentsIn(index).filter(({ kind, block }) => kind === 'conversion' && block <= until)
  const ofProviders = conversions.filter(({ payee }) => said.balances.some(({ provider }) => same(provider, payee)))
  const spent = sum(ofProviders.map(({ credits }) => credits))
  const minted = sum(ofProviders.map(({ workAtto }) => workAtto))
  const burned = index.database
    .prepare("SELECT args FROM logs WHERE contract = 'rails' AND event = 'Converted' AND block <= ?")
    .all(Number(until))
  const isWithinLineage = (burned as unknown as readonly { args: string }[]).every(({ args }) => {
    const { workAtto, mintedAtto } = JSON.parse(args) as { workAtto: string; mintedAtto: string }
    return BigInt(mintedAtto) * 10_000n <= BigInt(workAtto) * 9_500n
  })
  const paid = new Set([
    ...conversions.map(({ payee }) => String(payee).toLowerCase()),
    ...claimsIn(index)
      .filter(({ block }) => block <= until)
      .map(({ account }) => account.toLowerCase()),
  ])
  // The killed one's pay is lost to it, and whoever took its place may have begun to earn: the sums are of the others.
  const apart = [said.killedProvider, said.repairedTo]
  const listed = [...said.balances.map(({ provider }) => provider), ...apart, ...paidElsewhere]
  const unlisted = [...paid].filter((account) => !listed.some((provider) => same(provider, account)))
  const wrong: string[] = []
  for (const { provider, workAtto, mintedAtto, claimedAtto } of said.balances) {
    const ownMinted = sum(conversions.filter(({ payee }) => same(provider, payee)).map((one) => one.workAtto))
    const ownClaimed = sum(
      claimsIn(index)
        .filter(({ account, block }) => same(provider, account) && block <= until)
        .map((one) => one.rebateAtto + one.bootstrapAtto),
    )
    if (workOf(index, provider, until) !== workAtto || ownMinted !== mintedAtto || ownClaimed !== claimedAtto)
      wrong.push(provider)
  }
  return [
    check('credits spent are the sum of the conversions', spent === said.spentCredits && spent > 0n, `${spent}`),
    check('WORK minted is the sum of the conversions', minted === said.mintedAtto && minted > 0n, `${minted}`),
    check('nothing was minted beyond lineage', isWithinLineage),
    check('everyone who was paid is listed, and once', unlisted.length === 0 && isDistinct(said), unlisted.join(' ')),
    check('balances are as the chain had them at that block', wrong.length === 0, wrong.join(' ')),
  ]
}

/** WORK of an account after a block, by the token's transfers alone: a node need not keep the state of that block. */
function workOf(index: ChainIndex, account: string, until: bigint): bigint {
  const rows = index.database
    .prepare("SELECT args FROM logs WHERE contract = 'workToken' AND event = 'Transfer' AND block <= ?")
    .all(Number(until)) as unknown as readonly { args: string }[]
  let workAtto = 0n
  for (const { args } of rows) {
    const { from, to, amount } = JSON.parse(args) as { from: string; to: string; amount: string }
    if (same(to, account)) workAtto += BigInt(amount)
    if (same(from, account)) workAtto -= BigInt(amount)
  }
  return workAtto
}

const isDistinct = ({ balances }: StorageClaims): boolean =>
  new Set(balances.map(({ provider }) => provider.toLowerCase())).size === balances.length

/** The epoch is finalised with this evidence, and recomputing it gives its root. */
async function checkEpoch(
  { chain, index, said }: Source,
  { signal }: { readonly signal: AbortSignal },
): Promise<Check[]> {
  const finalised = epochStepsIn(index, { network: storage }).find(
    ({ epoch, state }) => epoch === said.epoch && state === 'finalised',
  )
  const evidenceCid = finalised?.evidence === undefined ? undefined : cidOfDigest(finalised.evidence).toString()
  const named = check(
    'the epoch is finalised with the evidence named',
    evidenceCid === said.evidenceCid,
    evidenceCid ?? 'not finalised',
  )
  const rules = await storageRules()
  const context: AuditContext = { chain, index, advance: indexAdvance(index, chain), rules: [rules] }
  const record = postsIn(index, storage).find(({ epoch, outcome }) => epoch === said.epoch && outcome === 'finalised')
  if (record === undefined)
    return [named, check('the epoch recomputes to its root', false, 'there is no finalised post')]
  const { verdict } = await auditPost(context, { rules, record }, { signal })
  const lines = verdict.tag === 'agrees' ? verdict.closed.lines : []
  const unproven = said.balances.filter(
    ({ provider }) => !lines.some(({ account, kind }) => kind === 1 && same(provider, account)),
  )
  return [
    named,
    check('the epoch recomputes to its root', verdict.tag === 'agrees', verdict.tag),
    check(
      'every provider that was paid proved its sets',
      unproven.length === 0,
      unproven.map(({ provider }) => provider).join(' '),
    ),
  ]
}
