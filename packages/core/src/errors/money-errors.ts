/**
 * The refusals of money: each has the name of the Solidity error with which the contract refuses the same call.
 *
 * The model throws them inside one operation; `applyOperation` turns them into a tagged result at its border.
 *
 * @module
 */

import { GroundworkError, type Facts } from './groundwork-error.ts'

/** Names of the contracts' custom errors that the money model can meet. */
export type RefusalName =
  | 'AlreadyNoticed'
  | 'AlreadySubmitted'
  | 'BadPoster'
  | 'BadProof'
  | 'BadSignature'
  | 'BreakerOpen'
  | 'DeadlinePassed'
  | 'EpochOutOfOrder'
  | 'InsufficientBalance'
  | 'LockExists'
  | 'NoSuchLock'
  | 'NoSuchRail'
  | 'NotEnoughCredits'
  | 'NotEnoughFree'
  | 'NotFullCover'
  | 'NotGuardian'
  | 'NotJudge'
  | 'NotKeeper'
  | 'NotParty'
  | 'NotPoster'
  | 'NotProposed'
  | 'NotSubmitted'
  | 'NotYet'
  | 'OutOfRange'
  | 'OverAllowance'
  | 'OverCap'
  | 'PayIsHeld'
  | 'Paused'
  | 'PosterCountOutOfRange'
  | 'PriceOutOfRange'
  | 'RailExists'
  | 'StalePrice'
  | 'StillThawing'
  | 'TooFewCredits'
  | 'TooLittleOut'
  | 'TooSoon'
  | 'TotalsDoNotAdd'
  | 'Underfunded'

/** A rule of money refuses the operation; nothing has changed. */
export class MoneyRefused extends GroundworkError {
  readonly code = 'GW_MONEY_REFUSED'
  readonly blame = 'caller'
  readonly refusal: RefusalName

  constructor(refusal: RefusalName, facts: Facts = {}) {
    super(`Refused by the rules of money: ${refusal}.`, { ...facts, refusal })
    this.refusal = refusal
  }
}
