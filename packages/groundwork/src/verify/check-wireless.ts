/**
 * The checks of a first light's carriage: its route, its hotspots, its vouchers and its epoch, each from the chain's logs and the
 * published evidence.
 *
 * What a device said, and what reached another, is between the two and their network: nobody can derive it, so it is held against
 * nothing and stands under `private`.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { epochStepsIn } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { carriageKind, wirelessNetwork } from '@groundwork/wireless'
import { indexAdvance, type AuditContext } from '../watch/audit-context.ts'
import { auditPost } from '../watch/audit-post.ts'
import { hotspotsIn } from '../watch/carriage-history.ts'
import { logsOf } from '../watch/event-logs.ts'
import { postsIn } from '../watch/epoch-history.ts'
import { wirelessRules } from '../watch/wireless-rules.ts'
import { routesIn } from '../wireless/routes-in.ts'
import type { Check } from './check.ts'
import type { Claims } from './claims.ts'

export interface WirelessSource {
  readonly chain: Chain
  readonly index: ChainIndex
  readonly said: Claims['firstLight']['wireless']
}

const same = (a: unknown, b: string): boolean => String(a).toLowerCase() === b.toLowerCase()
const check = (name: string, isTrue: boolean, found = ''): Check => ({ name, isTrue, found })

export async function checkWireless(
  source: WirelessSource,
  waiting: { readonly signal: AbortSignal },
): Promise<Check[]> {
  return [...checkMarket(source), ...(await checkTransactions(source)), ...(await checkEpoch(source, waiting))]
}

function checkMarket({ index, said }: WirelessSource): Check[] {
  const owners = new Set(said.hotspots.map(({ owner }) => owner.toLowerCase()))
  const offering = new Set(
    hotspotsIn(index, { until: said.block }).flatMap(({ owner, isOpen, stakeAtto }) =>
      isOpen && stakeAtto > 0n ? [owner] : [],
    ),
  )
  const wrong = said.hotspots.filter(
    ({ owner, redeemedCredits }) =>
      redeemedBy(index, { router: said.router, owner, until: said.block }) !== redeemedCredits,
  )
  const paid = new Set(
    logsOf(index, { contract: 'rails', event: 'Redeemed', until: said.block })
      .filter(({ args }) => same(args['payer'], said.router))
      .map(({ args }) => String(args['payee']).toLowerCase()),
  )
  return [
    check(
      'the router’s route stands on the chain',
      routesIn(index).some(({ router, isOpen }) => isOpen && same(router, said.router)),
    ),
    check(
      'the hotspots are of several owners, none of them the router, all bonded and offering',
      owners.size === said.hotspots.length &&
        owners.size >= 2 &&
        !owners.has(said.router.toLowerCase()) &&
        [...owners].every((owner) => offering.has(owner as Hex)),
    ),
    check(
      'each hotspot redeemed vouchers of the router for the credits said',
      wrong.length === 0 && said.hotspots.every(({ redeemedCredits }) => redeemedCredits > 0n),
      wrong.map(({ owner }) => owner).join(' '),
    ),
    check(
      'every owner that the router paid is listed',
      [...paid].every((owner) => owners.has(owner)),
    ),
  ]
}

function redeemedBy(
  index: ChainIndex,
  { router, owner, until }: { readonly router: string; readonly owner: string; readonly until: bigint },
): bigint {
  return logsOf(index, { contract: 'rails', event: 'Redeemed', until })
    .filter(({ args }) => same(args['payer'], router) && same(args['payee'], owner))
    .reduce((sum, { args }) => sum + BigInt(String(args['credits'])), 0n)
}

/** The steps of the epoch, all of them, and nothing else. */
async function checkTransactions({ chain, index, said }: WirelessSource): Promise<Check[]> {
  const steps = epochStepsIn(index, { network: wirelessNetwork }).filter(
    ({ epoch, state }) => epoch === said.epoch && state !== 'sealed',
  )
  const needed = new Set(steps.map(({ tx }) => tx))
  const failed: string[] = []
  for (const tx of said.txs) {
    const receipt = await chain.client.getTransactionReceipt({ hash: tx as Hex }).catch(() => undefined)
    if (receipt?.status !== 'success') failed.push(tx)
  }
  const isSame = needed.size === said.txs.length && said.txs.every((tx) => needed.has(tx as Hex))
  return [
    check(
      'the transactions of the epoch of carriage are those listed',
      isSame && failed.length === 0,
      failed.join(' '),
    ),
  ]
}

async function checkEpoch(
  { chain, index, said }: WirelessSource,
  { signal }: { readonly signal: AbortSignal },
): Promise<Check[]> {
  const rules = wirelessRules()
  const context: AuditContext = { chain, index, advance: indexAdvance(index, chain), rules: [rules] }
  const record = postsIn(index, wirelessNetwork).find(
    ({ epoch, outcome }) => epoch === said.epoch && outcome === 'finalised',
  )
  if (record === undefined)
    return [check('the epoch of carriage recomputes to its root', false, 'there is no finalised post')]
  const evidenceCid = cidOfDigest(record.post.evidence).toString()
  const { verdict } = await auditPost(context, { rules, record }, { signal })
  const lines = verdict.tag === 'agrees' ? verdict.closed.lines.filter(({ kind }) => kind === carriageKind) : []
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0n)
  const listed = said.hotspots.map(({ owner }) => owner.toLowerCase())
  return [
    check('the epoch of carriage is finalised with the evidence named', evidenceCid === said.evidenceCid, evidenceCid),
    check('the epoch of carriage recomputes to its root', verdict.tag === 'agrees', verdict.tag),
    check('its lines count the units said', units === said.units && units > 0n, `${units}`),
    check(
      'its lines are of hotspots that were paid',
      lines.every(({ account }) => listed.includes(account.toLowerCase())),
    ),
  ]
}
