/**
 * Taking part: registered at the endpoint, bonded, and offering at the configured price; kept so while the program runs.
 *
 * Level-triggered: each look compares the chain with the configuration, so a restart, a rollback or a new price all end the
 * same way. Without coin for gas, a gateway hands in what the provider signs (join-sponsored.ts); without WORK for the bond it waits
 * for some, or for anyone who deposits it (`groundwork bond`).
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { postOfferSync, type PostOffer } from '@groundwork/chain/post-offer.ts'
import { readOffer } from '@groundwork/chain/read-operator.ts'
import { sleep } from '@groundwork/chain/sleep.ts'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Logger } from 'pino'
import type { LocalAccount } from 'viem'
import type { Config } from '../config.ts'
import { keepBond } from '../watch/keep-bond.ts'
import { joinSponsored } from './join-sponsored.ts'
import type { Submit } from './submit.ts'

/** One network that the provider takes part in: what it offers there, and the stake that it keeps, in atto-WORK. */
export interface NetworkPlace {
  readonly offer: PostOffer
  readonly bondAtto: bigint
}

export interface JoinNetworkOptions {
  readonly config: Pick<Config, 'latitude' | 'longitude'>
  /** one for each role */
  readonly places: readonly NetworkPlace[]
  readonly chain: Chain
  readonly account: LocalAccount
  readonly submit: Submit
  readonly nodeKey: Hex
  readonly endpoint: string
  readonly log: Logger
  readonly signal: AbortSignal
}

const lookMs = 300
/** Once all is as it should be, the chain is looked at this seldom. */
const lookAgainMs = 10_000

export async function joinNetwork(options: JoinNetworkOptions): Promise<void> {
  const { log, signal } = options
  let last = ''
  while (!signal.aborted) {
    let state = 'failed'
    try {
      state = await look(options)
    } catch (err) {
      if (signal.aborted) return
      if (err instanceof InvariantBroken) throw err
      log.warn({ err }, 'joining the network failed; it is tried again')
    }
    if (state !== last)
      log.info({ state, operator: options.account.address, endpoint: options.endpoint }, 'place in the network')
    last = state
    await sleep(state === 'joined' ? lookAgainMs : lookMs, { signal }).catch(() => undefined)
  }
}

/** One look at every network; the first that is not as it should be says how things stand. */
async function look(options: JoinNetworkOptions): Promise<string> {
  let state = 'joined'
  for (const place of options.places) {
    const found = await lookAt(options, place)
    if (state === 'joined') state = found
  }
  return state
}

async function lookAt(
  { config, chain, account, submit, nodeKey, endpoint, signal }: JoinNetworkOptions,
  { offer, bondAtto }: NetworkPlace,
): Promise<string> {
  const cell = cellAt(config)
  invariant(cell !== undefined, 'the configuration has a position on the globe')
  if ((await submit.way({ signal })) === 'sponsored')
    return joinSponsored({ chain, account, submit, wanted: { nodeKey, cell, endpoint, bondAtto, offer } }, { signal })
  const { network } = offer
  const bond = await keepBond({ chain, account, nodeKey, cell, endpoint, network, bondAtto }, { signal })
  if (bond !== 'kept') return bond
  const standing = await readOffer(chain, { account: account.address, network })
  if (!standing.open || standing.priceNano !== offer.priceNano || standing.capacity !== offer.capacity) {
    await postOfferSync(chain, offer, { signal })
  }
  return 'joined'
}
