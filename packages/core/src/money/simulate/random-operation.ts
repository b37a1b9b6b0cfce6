/**
 * Random operations that fit the present ledger well enough to get somewhere, and badly enough to be refused at times.
 *
 * For the tests of the laws, the differential test against the contracts, and simulations.
 *
 * @module
 */

import { unreachable } from '../../invariant.ts'
import { bytesOfBigint } from '../../units/bytes.ts'
import { toHex, type Hex } from '../../units/hex.ts'
import {
  allotmentKey,
  boughtOf,
  earnedOf,
  flowsOf,
  headOf,
  quoteNow,
  stakeOf,
  walletOf,
  type Lanes,
  type Ledger,
} from '../ledger/ledger-state.ts'
import type { Operation, RailsOperation, SignedVoucher } from '../ledger/operation.ts'
import { bootstrapAllowance } from '../bootstrap.ts'
import { priceUsd8Max } from '../money-constants.ts'
import type { Actors } from './actors.ts'
import { amountUpTo, oneOf, type Draw } from './draw.ts'

interface World {
  readonly ledger: Ledger
  readonly actors: Actors
  readonly draw: Draw
}
type Maker<Made extends Operation = Operation> = (world: World) => Made

const word = (number: number): Hex => toHex(bytesOfBigint(BigInt(number), 32))
const anyone = ({ actors, draw }: World): Hex => oneOf(draw, actors.accounts)
const fromKeys = ({ draw }: World, keys: Iterable<Hex>): Hex => oneOf(draw, [word(0), ...[...keys].slice(-6)])
/** Mostly an id that exists, and of those mostly a recent one. */
function someId(world: World, ids: Iterable<Hex>): Hex {
  const known = [...ids].slice(-6)
  return world.draw(12) === 0 || known.length === 0 ? word(world.draw(3)) : oneOf(world.draw, known)
}
/** Mostly the one who may, at times anyone. */
const mostly = (world: World, who: Hex | undefined): Hex =>
  who === undefined || world.draw(8) === 0 ? anyone(world) : who
const mostlyJudge = (world: World, judge: Hex | undefined): Hex =>
  judge === undefined || world.draw(8) === 0 ? oneOf(world.draw, world.actors.judges) : judge
/** At most half of the wallet, so that nobody is poor too soon. */
const someWork = (world: World, account: Hex): bigint => amountUpTo(world.draw, walletOf(world.ledger, account) / 2n)
const someCredits = (world: World, account: Hex): bigint =>
  amountUpTo(world.draw, boughtOf(world.ledger, account).credits)
const someCover = (world: World, account: Hex): bigint =>
  world.draw(3) === 0 ? someWork(world, account) : walletOf(world.ledger, account) / 4n
const someTerm = ({ draw }: World): bigint => oneOf(draw, [0n, 0n, 1n, 3_600n, 86_400n, 30n * 86_400n, 30n * 86_400n])

/** A rate that the credits pay for the term, at times a bit more than they do. */
function rateFor(world: World, credits: bigint, termSeconds: bigint): bigint {
  const seconds = termSeconds === 0n ? world.ledger.parameters.termSeconds : termSeconds
  const most = (credits * 10n ** 9n) / seconds
  return world.draw(6) === 0 ? most + 10n ** 9n : amountUpTo(world.draw, most)
}

function randomPrice({ ledger, draw }: World): bigint {
  const { lowUsd8 } = quoteNow(ledger)
  if (draw(40) === 0) return oneOf(draw, [0n, 99n, 100n, 101n, priceUsd8Max, priceUsd8Max + 1n])
  const around = lowUsd8 === 0n || draw(30) === 0 ? 50_000_000n : lowUsd8
  return (around * BigInt(900 + draw(250))) / 1_000n + 1n
}

const buy: Maker = (world) => {
  const by = anyone(world)
  return {
    kind: 'buy',
    by,
    workAtto: someWork(world, by),
    creditsMin: BigInt(world.draw(24) === 0 ? world.draw(1_000_000_000) : 0),
  }
}
const cover: Maker = (world) => {
  const by = anyone(world)
  return { kind: 'cover', by, workAtto: someWork(world, by) >> 4n }
}
const transfer: Maker = (world) => {
  const by = anyone(world)
  return { kind: 'transfer', by, to: anyone(world), amountAtto: someWork(world, by) }
}
const burn: Maker = (world) => {
  const by = anyone(world)
  return { kind: 'burn', by, amountAtto: someWork(world, by) >> 8n }
}
const pause: Maker = (world) => ({
  kind: 'pause',
  by: world.draw(8) === 0 ? anyone(world) : world.ledger.parameters.guardian,
  seconds: BigInt(oneOf(world.draw, [0, 3_600, 86_400, 604_800, 604_801])),
})
const changePosters: Maker = (world) => {
  const { ledger, actors, draw } = world
  const by = ledger.parameters.guardian
  const posters = ledger.postersProposal?.posters
  if (posters !== undefined && draw(4) !== 0) return { kind: 'changePosters', by, posters }
  const from = draw(3)
  return { kind: 'proposePosters', by, posters: actors.posters.slice(from, from + 3 + draw(3)) }
}

/** Mostly of those who have bought credits. */
const someBuyer = (world: World): Hex => {
  const buyers = world.actors.accounts.filter((account) => boughtOf(world.ledger, account).credits > 0n)
  return buyers.length === 0 || world.draw(8) === 0 ? anyone(world) : oneOf(world.draw, buyers)
}
const open: Maker<RailsOperation> = (world) => {
  const by = someBuyer(world)
  const credits = someCredits(world, by)
  const termSeconds = someTerm(world)
  return {
    kind: 'open',
    by,
    payee: anyone(world),
    judge: oneOf(world.draw, world.actors.judges),
    rateNano: rateFor(world, credits, termSeconds),
    termSeconds,
    credits,
    coverMaxAtto: someCover(world, by),
    salt: word(world.draw(400)),
  }
}
/** Mostly one that still runs. */
function someStream(world: World): Hex {
  const { streams, nowSeconds } = world.ledger
  const running = [...streams].filter(([, stream]) => stream.end > nowSeconds && !stream.noticed).map(([id]) => id)
  return someId(world, running.length === 0 || world.draw(4) === 0 ? streams.keys() : running)
}
const onStream = (world: World): { id: Hex; by: Hex } => {
  const id = someStream(world)
  return { id, by: mostly(world, world.ledger.streams.get(id)?.payer) }
}
const fund = (world: World, by: Hex): { credits: bigint; coverMaxAtto: bigint } => ({
  credits: someCredits(world, by),
  coverMaxAtto: someCover(world, by),
})
const topUp: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  return { kind: 'topUp', ...on, ...fund(world, on.by) }
}
const renew: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  return { kind: 'renew', ...on, ...fund(world, on.by), termSeconds: someTerm(world) }
}
const raise: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  const rateNano = world.ledger.streams.get(on.id)?.rateNano ?? 1n
  return { kind: 'raise', ...on, ...fund(world, on.by), rateNano: rateNano + amountUpTo(world.draw, rateNano / 10n) }
}
const cut: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  const stream = world.ledger.streams.get(on.id)
  const isForged = world.draw(8) === 0
  return {
    kind: 'cut',
    ...on,
    rateNano: amountUpTo(world.draw, stream?.rateNano ?? 1n),
    signedBy: isForged ? anyone(world) : (stream?.payee ?? anyone(world)),
    signedStart: (stream?.start ?? 0n) + (world.draw(12) === 0 ? 1n : 0n),
  }
}
const coverStream: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  return { kind: 'coverStream', ...on, workAtto: someWork(world, on.by) >> 6n }
}
const notice: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  const payee = world.ledger.streams.get(on.id)?.payee
  return { kind: 'notice', id: on.id, by: world.draw(2) === 0 && payee !== undefined ? payee : on.by }
}
/** Half of the time one with an open demand, where there is one. */
function someHeld(world: World): Hex {
  const { streams } = world.ledger
  const held = [...streams].filter(([, stream]) => stream.openDemands > 0n).map(([id]) => id)
  return someId(world, held.length === 0 || world.draw(2) === 0 ? streams.keys() : held)
}
const settle: Maker<RailsOperation> = (world) => ({
  kind: 'settle',
  id: someHeld(world),
  by: anyone(world),
})
const settleMany: Maker<RailsOperation> = (world) => ({
  kind: 'settleMany',
  by: anyone(world),
  ids: Array.from({ length: world.draw(5) }, () => someId(world, world.ledger.streams.keys())),
})
const finish: Maker<RailsOperation> = (world) => ({
  kind: 'finish',
  id: someHeld(world),
  by: anyone(world),
})
const judge: Maker<RailsOperation> = (world) => {
  const id = someStream(world)
  const by = mostlyJudge(world, world.ledger.streams.get(id)?.judge)
  const kind = oneOf(world.draw, ['hold', 'hold', 'hold', 'release', 'fault'] as const)
  if (kind === 'fault')
    return { kind, id, by, faultSeconds: BigInt(oneOf(world.draw, [0, 1, 600, 86_400, 10_000_000])) }
  return { kind, id, by }
}

const openAllotment: Maker<RailsOperation> = (world) => {
  const by = someBuyer(world)
  return { kind: 'openAllotment', by, payee: anyone(world), signer: anyone(world), ...fund(world, by) }
}
function somePair(world: World): { payer: Hex; payee: Hex } {
  const known = [...world.ledger.allotments.keys()].slice(-6)
  const [payer, payee] =
    known.length === 0 || world.draw(10) === 0 ? [] : (oneOf(world.draw, known).split(':') as Hex[])
  return { payer: payer ?? anyone(world), payee: payee ?? anyone(world) }
}
const topUpAllotment: Maker<RailsOperation> = (world) => {
  const { payer, payee } = somePair(world)
  return { kind: 'topUpAllotment', by: payer, payee, ...fund(world, payer) }
}
function someVoucher(world: World): SignedVoucher {
  const pair = somePair(world)
  const allotment = world.ledger.allotments.get(allotmentKey(pair.payer, pair.payee))
  const reach = (allotment?.redeemed ?? 0n) + (allotment?.credits ?? 0n)
  const signer = allotment !== undefined && BigInt(allotment.signer) !== 0n ? allotment.signer : undefined
  return { ...pair, total: amountUpTo(world.draw, reach), signedBy: mostly(world, signer) }
}
const redeem: Maker<RailsOperation> = (world) => ({ kind: 'redeem', by: anyone(world), ...someVoucher(world) })
const redeemMany: Maker<RailsOperation> = (world) => ({
  kind: 'redeemMany',
  by: anyone(world),
  vouchers: Array.from({ length: world.draw(4) }, () => someVoucher(world)),
})
const noticeAllotment: Maker<RailsOperation> = (world) => {
  const pair = somePair(world)
  return { kind: 'noticeAllotment', by: mostly(world, oneOf(world.draw, [pair.payer, pair.payee])), ...pair }
}
const finishAllotment: Maker<RailsOperation> = (world) => ({
  kind: 'finishAllotment',
  by: anyone(world),
  ...somePair(world),
})

const openEscrow: Maker<RailsOperation> = (world) => {
  const by = someBuyer(world)
  const workDeadline = world.ledger.nowSeconds + BigInt(world.draw(900_000) - (world.draw(9) === 0 ? 900_000 : 0))
  return {
    kind: 'openEscrow',
    by,
    payee: anyone(world),
    judge: oneOf(world.draw, world.actors.judges),
    ...fund(world, by),
    workDeadline: workDeadline < 0n ? 0n : workDeadline,
    verdictDeadline: workDeadline + BigInt(world.draw(200_000)) - (world.draw(9) === 0 ? 1_000n : 0n),
    salt: word(world.draw(400)),
  }
}
const escrowKinds = ['submit', 'accept', 'decline', 'verdict', 'finishEscrow'] as const
const onEscrow: Maker<RailsOperation> = (world) => {
  const live = [...world.ledger.escrows].filter(([, { state }]) => state !== 'ended').map(([key]) => key)
  const id = someId(world, world.draw(8) === 0 ? world.ledger.escrows.keys() : live)
  const escrow = world.ledger.escrows.get(id)
  const isSubmitted = escrow?.state === 'submitted'
  const kind = oneOf(
    world.draw,
    isSubmitted ? (['verdict', 'verdict', ...escrowKinds] as const) : (['submit', 'submit', ...escrowKinds] as const),
  )
  if (kind === 'verdict') {
    return {
      kind,
      id,
      by: mostlyJudge(world, escrow?.judge),
      creditsToPayee: amountUpTo(world.draw, escrow?.credits ?? 0n),
    }
  }
  return { kind, id, by: mostly(world, kind === 'accept' ? escrow?.payer : escrow?.payee) }
}

/** Of those who earned something, where there are any. */
const someEarner = (world: World): Hex => {
  const earners = world.actors.accounts.filter((account) => earnedOf(world.ledger, account).credits > 0n)
  return earners.length === 0 ? anyone(world) : oneOf(world.draw, earners)
}
const convert: Maker<RailsOperation> = (world) => {
  const account = someEarner(world)
  const credits = amountUpTo(world.draw, earnedOf(world.ledger, account).credits)
  const minOutAtto = world.draw(8) === 0 ? amountUpTo(world.draw, credits * 10n ** 13n) : 0n
  if (world.draw(3) !== 0) return { kind: 'convert', by: account, credits, minOutAtto }
  return {
    kind: 'convertFor',
    by: anyone(world),
    account,
    credits,
    minOutAtto,
    deadline: world.ledger.nowSeconds + BigInt(world.draw(100_000)),
    signedBy: mostly(world, account),
  }
}
const payFee: Maker<RailsOperation> = (world) => {
  const by = anyone(world)
  const fromEarned = world.draw(2) === 0
  const pocket = fromEarned ? earnedOf(world.ledger, by) : boughtOf(world.ledger, by)
  return { kind: 'payFee', by, fromEarned, credits: amountUpTo(world.draw, pocket.credits / 4n) }
}
const batch: Maker = (world) => {
  const by = anyone(world)
  const entries = Array.from({ length: world.draw(5) }, () => ({
    key: word(world.draw(50)),
    operation: oneOf(world.draw, [settle, redeem, convert, notice, topUp, finish, payFee])(world),
  }))
  return { kind: 'batch', by, entries }
}

const finaliseEpoch: Maker = (world) => {
  const { ledger, actors, draw } = world
  const network = BigInt(1 + draw(Number(ledger.parameters.networkCount)))
  const head = headOf(ledger, network)
  const epoch = head.nextEpoch + BigInt(draw(3)) - (draw(12) === 0 ? 1n : 0n)
  const allowance = bootstrapAllowance(ledger.parameters, epoch < 0n ? 0n : epoch)
  const leaves = new Map<Hex, Lanes>(head.leaves)
  let addedAtto = 0n
  let rebateAtto = head.totals.rebateAtto
  for (const account of actors.accounts.slice(0, 1 + draw(actors.accounts.length))) {
    const before = leaves.get(account) ?? { rebateAtto: 0n, bootstrapAtto: 0n }
    const rebate = amountUpTo(draw, 10n ** 18n)
    const bootstrap = amountUpTo(draw, allowance / 4n)
    addedAtto += bootstrap
    rebateAtto += rebate
    leaves.set(account, { rebateAtto: before.rebateAtto + rebate, bootstrapAtto: before.bootstrapAtto + bootstrap })
  }
  const isWrong = draw(6) === 0 // a root whose totals are below its leaves: claims stay below the totals
  const totals = {
    rebateAtto: isWrong ? head.totals.rebateAtto : rebateAtto,
    bootstrapAtto: head.totals.bootstrapAtto + (isWrong ? addedAtto / 2n : addedAtto),
  }
  return { kind: 'finaliseEpoch', by: anyone(world), network, epoch: epoch < 0n ? 0n : epoch, leaves, totals }
}
const claim: Maker = (world) => {
  const network = oneOf(world.draw, [1n, ...world.ledger.heads.keys()])
  const known = [...headOf(world.ledger, network).leaves.keys()]
  const limited = known.filter((one) => flowsOf(world.ledger, one).limitAtto > 0n)
  const account = oneOf(world.draw, [anyone(world), ...known, ...limited, ...limited])
  const leaf = headOf(world.ledger, network).leaves.get(account) ?? { rebateAtto: 0n, bootstrapAtto: 0n }
  return { kind: 'claim', by: anyone(world), network, account, ...leaf }
}

const deposit: Maker = (world) => {
  const by = anyone(world)
  return {
    kind: 'deposit',
    by,
    operator: anyone(world),
    network: BigInt(1 + world.draw(2)),
    amountAtto: someWork(world, by) >> 2n,
  }
}
const withdraw: Maker = (world) => {
  const by = anyone(world)
  const network = BigInt(1 + world.draw(2))
  return {
    kind: 'withdraw',
    by,
    network,
    amountAtto: amountUpTo(world.draw, stakeOf(world.ledger, by, network).totalAtto),
  }
}
const lock: Maker = (world) => {
  const operator = anyone(world)
  const network = BigInt(1 + world.draw(2))
  const { totalAtto, lockedAtto } = stakeOf(world.ledger, operator, network)
  return {
    kind: 'lock',
    by: world.draw(12) === 0 ? anyone(world) : oneOf(world.draw, world.ledger.parameters.keepers),
    lockId: word(world.draw(60)),
    operator,
    network,
    amountAtto: amountUpTo(world.draw, totalAtto - lockedAtto),
    judge: oneOf(world.draw, world.actors.judges),
  }
}
const onLock: Maker = (world) => {
  const lockId = fromKeys(world, world.ledger.locks.keys())
  const found = world.ledger.locks.get(lockId)
  const keeper =
    found === undefined || world.draw(10) === 0 ? oneOf(world.draw, world.ledger.parameters.keepers) : found.keeper
  const kind = oneOf(world.draw, [
    'raiseLock',
    'thaw',
    'unlock',
    'releaseThawed',
    'slash',
    'slash',
    'commitReport',
    'commitReport',
  ] as const)
  const salt = word(world.draw(2))
  switch (kind) {
    case 'raiseLock':
      return { kind, by: keeper, lockId, amountAtto: amountUpTo(world.draw, 10n ** 18n) }
    case 'thaw':
    case 'unlock':
      return { kind, by: keeper, lockId }
    case 'releaseThawed':
      return { kind, by: anyone(world), lockId }
    case 'commitReport':
      return { kind, by: world.actors.accounts[0] ?? keeper, lockId, salt }
    case 'slash':
      return { kind, by: mostlyJudge(world, found?.judge), lockId, reporter: world.actors.accounts[0] ?? keeper, salt }
  }
  return unreachable(kind)
}
const demand: Maker = (world) => {
  const by = anyone(world)
  const demandId = fromKeys(world, world.ledger.deposits.keys())
  const kind = oneOf(world.draw, ['openDeposit', 'payDeposit', 'returnDeposit'] as const)
  if (kind === 'openDeposit') return { kind, by, demandId: word(world.draw(60)), amountAtto: someWork(world, by) >> 8n }
  return kind === 'payDeposit' ? { kind, by, demandId, answerer: anyone(world) } : { kind, by, demandId }
}

const railMakers: readonly (readonly [Maker, number])[] = [
  [open, 10], [topUp, 4], [renew, 7], [raise, 6], [cut, 5], [coverStream, 2], [notice, 3], [settle, 18], [settleMany, 3],
  [finish, 5], [judge, 12], [openAllotment, 4], [topUpAllotment, 3], [redeem, 7], [redeemMany, 3], [noticeAllotment, 2],
  [finishAllotment, 2], [openEscrow, 6], [onEscrow, 16], [convert, 12], [payFee, 3], [batch, 4],
] // prettier-ignore
const moneyMakers: readonly (readonly [Maker, number])[] = [
  [buy, 14],
  [cover, 2],
  [transfer, 3],
  [burn, 1],
  [pause, 1],
  [changePosters, 1],
]
const epochMakers: readonly (readonly [Maker, number])[] = [
  [finaliseEpoch, 4],
  [claim, 12],
]
const bondMakers: readonly (readonly [Maker, number])[] = [
  [deposit, 6],
  [withdraw, 4],
  [lock, 6],
  [onLock, 14],
]
const depositMakers: readonly (readonly [Maker, number])[] = [[demand, 4]]

/** Which parts of money take part. */
export interface Scope {
  readonly epochs: boolean
  readonly bonds: boolean
  readonly deposits: boolean
}

export const wholeScope: Scope = { epochs: true, bonds: true, deposits: true }

/** @returns an operation to try on the ledger; prices are posted apart, by `randomPost` */
export function randomOperation(world: World, scope: Scope = wholeScope): Operation {
  const makers = [
    ...moneyMakers,
    ...railMakers,
    ...(scope.epochs ? epochMakers : []),
    ...(scope.bonds ? bondMakers : []),
    ...(scope.deposits ? depositMakers : []),
  ]
  const tickets = makers.flatMap(([maker, weight]) => Array.from({ length: weight }, () => maker))
  return oneOf(world.draw, tickets)(world)
}

/** @returns a price post, mostly by the poster of that number in the set: in turn they make a median */
export function randomPost(world: World, number: number): Operation {
  const { posters } = world.ledger.feed
  const by = world.draw(25) === 0 ? anyone(world) : posters[number % posters.length]
  return { kind: 'post', by: by ?? anyone(world), priceUsd8: randomPrice(world) }
}

/** @returns a purchase by some account */
export function randomBuy(world: World): Operation {
  return buy(world)
}

/** @returns seconds until the next operation: mostly little, at times past every window; at least 1 */
export function randomElapsed(draw: Draw): bigint {
  const shape = draw(24)
  if (shape < 15) return BigInt(1 + draw(30))
  if (shape < 20) return BigInt(1 + draw(3_600))
  if (shape < 23) return BigInt(1 + draw(2 * 86_400))
  return BigInt(1 + draw(40 * 86_400))
}
