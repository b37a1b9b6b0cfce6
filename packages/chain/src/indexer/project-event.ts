/**
 * Which rows an event adds to the index. Pure but for `partiesOf`, which looks up rails that earlier events opened.
 *
 * @module
 */

import type { ChainEvent } from './decode-log.ts'

/** What SQLite can hold. */
export type Cell = string | number | null
export type Row = { readonly table: string; readonly values: Readonly<Record<string, Cell>> }
export type Parties = { readonly payer: string; readonly payee: string }

const zero = '0x0000000000000000000000000000000000000000'

type Args = Readonly<Record<string, unknown>>

const text = (value: unknown): string => String(value)
const count = (value: unknown): number => Number(value)
const flag = (value: unknown): number => (value === true ? 1 : 0)

/** JSON with amounts as decimal text. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner))
}

const railOf = ({ payer, payee }: Args): string => `${text(payer)}/${text(payee)}`

function stream(kind: string, args: Args): Row {
  return {
    table: 'streams',
    values: {
      id: text(args['id']),
      kind,
      payee: args['payee'] === undefined ? null : text(args['payee']),
      rate_nano: args['rateNano'] === undefined ? null : text(args['rateNano']),
      start_at: args['start'] === undefined ? null : count(args['start']),
      end_at: args['end'] === undefined ? null : count(args['end']),
      credits: args['credits'] === undefined ? null : text(args['credits']),
      work_atto: args['workAtto'] === undefined ? null : text(args['workAtto']),
      paid: args['paid'] === undefined ? null : text(args['paid']),
      open_demands: args['openDemands'] === undefined ? null : count(args['openDemands']),
      fault_seconds: args['faultSeconds'] === undefined ? null : count(args['faultSeconds']),
    },
  }
}

function rail(kind: string, id: string, { payer, payee }: Args): Row {
  return { table: 'rails', values: { id, kind, payer: text(payer), payee: text(payee) } }
}

function payment(
  kind: string,
  id: string,
  parties: Parties | undefined,
  amount: { credits: unknown; workAtto: unknown },
): Row {
  return {
    table: 'payments',
    values: {
      kind,
      rail: id,
      payer: parties?.payer ?? null,
      payee: parties?.payee ?? null,
      credits: text(amount.credits),
      work_atto: text(amount.workAtto),
    },
  }
}

function epoch(state: string, args: Args, more: Readonly<Record<string, Cell>>): Row {
  const none = { actor: null, root: null, totals: null, evidence: null, post: null, reason: null }
  return {
    table: 'epochs',
    values: { network: count(args['network']), epoch: count(args['epoch']), state, ...none, ...more },
  }
}

function dataSet(args: Args, { ended, faulted }: { ended: number; faulted: number }): Row {
  const own = (name: string): string | null => (args[name] === undefined ? null : text(args[name]))
  return {
    table: 'data_sets',
    values: {
      id: text(args['id']),
      customer: own('customer'),
      provider: own('provider'),
      root: own('root'),
      leaf_count: own('leafCount'),
      piece_count: args['pieceCount'] === undefined ? null : count(args['pieceCount']),
      version: own('version'),
      manifest: own('manifest'),
      stream: own('stream'),
      ended,
      faulted,
    },
  }
}

function demand(kind: string, actor: unknown, args: Args): Row {
  return {
    table: 'demands',
    values: {
      demand_id: text(args['demandId']),
      kind,
      data_set: args['dataSet'] === undefined ? null : text(args['dataSet']),
      actor: text(actor),
      leaf_index: args['leafIndex'] === undefined ? null : text(args['leafIndex']),
      deadline_block: args['deadlineBlock'] === undefined ? null : count(args['deadlineBlock']),
      slashed_atto: args['slashedAtto'] === undefined ? null : text(args['slashedAtto']),
    },
  }
}

type Rule = (args: Args, partiesOf: (rail: string) => Parties | undefined) => Row[]

const rules: Readonly<Record<string, Rule>> = {
  'registry.OperatorRegistered': (a) => [
    {
      table: 'operators',
      values: {
        operator: text(a['operator']),
        node_key: text(a['nodeKey']),
        cell: text(a['cell']),
        endpoint: text(a['endpoint']),
      },
    },
  ],
  'registry.OfferPosted': (a) => [
    {
      table: 'offers',
      values: {
        operator: text(a['operator']),
        network: count(a['network']),
        capacity: text(a['capacity']),
        price_nano: text(a['priceNano']),
        terms: text(a['terms']),
        open: flag(a['open']),
      },
    },
  ],
  'rails.StreamOpened': (a) => [rail('stream', text(a['id']), a), stream('opened', a)],
  'rails.StreamChanged': (a) => [stream('changed', a)],
  'rails.StreamSettled': (a, partiesOf) => [
    stream('settled', a),
    payment('stream', text(a['id']), partiesOf(text(a['id'])), { credits: a['credits'], workAtto: a['workAtto'] }),
  ],
  'rails.StreamHeld': (a) => [stream('held', a)],
  'rails.StreamFaulted': (a) => [stream('faulted', a)],
  'rails.StreamNoticed': (a) => [stream('noticed', a)],
  'rails.StreamClosed': (a) => [stream('closed', a)],
  'rails.AllotmentOpened': (a) => [rail('allotment', railOf(a), a)],
  'rails.Redeemed': (a) => [
    payment(
      'allotment',
      railOf(a),
      { payer: text(a['payer']), payee: text(a['payee']) },
      { credits: a['credits'], workAtto: a['workAtto'] },
    ),
  ],
  'rails.EscrowOpened': (a) => [rail('escrow', text(a['id']), a)],
  'rails.EscrowEnded': (a, partiesOf) => [
    payment('escrow', text(a['id']), partiesOf(text(a['id'])), { credits: a['creditsPaid'], workAtto: 0n }),
  ],
  'rails.Converted': (a) => [
    {
      table: 'conversions',
      values: {
        payee: text(a['payee']),
        credits: text(a['credits']),
        work_atto: text(a['workAtto']),
        minted_atto: text(a['mintedAtto']),
        high_usd8: text(a['highUsd8']),
      },
    },
  ],
  'dataSets.Posted': (a) => [dataSet(a, { ended: 0, faulted: 0 })],
  'dataSets.Ended': (a) => [dataSet({ id: a['id'] }, { ended: 1, faulted: flag(a['faulted']) })],
  'storageJudge.Demanded': (a) => [demand('demanded', a['demander'], a)],
  'storageJudge.Answered': (a) => [demand('answered', a['answerer'], a)],
  'storageJudge.Missed': (a) => [demand('missed', a['reporter'], a)],
  'storageJudge.Closed': (a) => [demand('closed', zero, a)],
  'epochs.Sealed': (a) => [epoch('sealed', a, { root: text(a['blockHash']) })],
  'epochs.EpochPosted': (a) => [epoch('posted', a, postedOf(a))],
  'epochs.EpochAvailable': (a) => [epoch('available', a, {})],
  'epochs.EpochRejected': (a) => [epoch('rejected', a, { actor: text(a['poster']), reason: text(a['reason']) })],
  'epochs.EpochLapsed': (a) => [epoch('lapsed', a, {})],
  'epochs.EpochFinalised': (a) => [
    epoch('finalised', a, { root: text(a['root']), totals: text(a['totals']), evidence: text(a['evidence']) }),
  ],
  'epochs.Claimed': (a) => [
    {
      table: 'claims',
      values: {
        network: count(a['network']),
        account: text(a['account']),
        rebate_atto: text(a['rebateAtto']),
        bootstrap_atto: text(a['bootstrapAtto']),
      },
    },
  ],
  'bonds.Slashed': (a) => [
    {
      table: 'slashes',
      values: {
        lock_id: text(a['lockId']),
        operator: text(a['operator']),
        reporter: text(a['reporter']),
        amount_atto: text(a['amountAtto']),
        reward_atto: text(a['rewardAtto']),
      },
    },
  ],
}

function postedOf(args: Args): Readonly<Record<string, Cell>> {
  const post = args['post'] as Args
  return {
    actor: text(args['poster']),
    root: text(post['root']),
    totals: text(post['totals']),
    evidence: text(post['evidence']),
    post: jsonOf(post),
  }
}

/** All rows of one event: its log, and what the event adds to the tables of its nouns. */
export function projectEvent(event: ChainEvent, partiesOf: (rail: string) => Parties | undefined): Row[] {
  const place = { block: Number(event.block), log_index: event.logIndex, tx: event.tx }
  const rows = rules[`${event.contract}.${event.event}`]?.(event.args, partiesOf) ?? []
  const log: Row = { table: 'logs', values: { contract: event.contract, event: event.event, args: jsonOf(event.args) } }
  return [log, ...rows].map(({ table, values }) => ({ table, values: { ...values, ...place } }))
}
