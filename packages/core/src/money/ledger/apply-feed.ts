/**
 * Operations on the price feed and the guard: posts, poster sets under their timelock, pauses.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { unreachable } from '../../invariant.ts'
import type { Hex } from '../../units/hex.ts'
import { withPosters } from '../feed.ts'
import { timelockSeconds } from '../money-constants.ts'
import type { MoneyRules } from '../money-rules.ts'
import { pauseFor } from '../pause.ts'
import type { Ledger } from './ledger-state.ts'
import type { FeedOperation } from './operation.ts'

function requireGuardian(ledger: Ledger, by: Hex): void {
  if (by !== ledger.parameters.guardian) throw new MoneyRefused('NotGuardian', { caller: by })
}

/** @throws MoneyRefused NotPoster, PriceOutOfRange, NotGuardian, NotProposed, TooSoon, OutOfRange */
export function applyFeed(ledger: Ledger, operation: FeedOperation, rules: MoneyRules): Ledger {
  const { nowSeconds, parameters } = ledger
  switch (operation.kind) {
    case 'post': {
      const { by: poster, priceUsd8 } = operation
      const input = { poster, priceUsd8, nowSeconds, freshSeconds: parameters.feedFreshSeconds }
      return { ...ledger, feed: rules.postPrice(ledger.feed, input) }
    }
    case 'pause':
      requireGuardian(ledger, operation.by)
      return { ...ledger, pausedUntil: pauseFor(ledger.pausedUntil, nowSeconds, operation.seconds) }
    case 'proposePosters':
      requireGuardian(ledger, operation.by)
      return {
        ...ledger,
        postersProposal: { posters: operation.posters, fromSeconds: nowSeconds + timelockSeconds },
      }
    case 'changePosters':
      requireGuardian(ledger, operation.by)
      return changePosters(ledger, operation.posters)
  }
  return unreachable(operation)
}

function changePosters(ledger: Ledger, posters: readonly Hex[]): Ledger {
  const proposal = ledger.postersProposal
  if (proposal === undefined || proposal.posters.join() !== posters.join()) throw new MoneyRefused('NotProposed')
  if (ledger.nowSeconds < proposal.fromSeconds) {
    throw new MoneyRefused('TooSoon', { allowedAt: proposal.fromSeconds, nowAt: ledger.nowSeconds })
  }
  return {
    ...ledger,
    postersProposal: undefined,
    feed: withPosters(ledger.feed, posters, ledger.parameters.posterCountMin),
  }
}
