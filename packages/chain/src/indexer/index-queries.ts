/**
 * What others ask of the index. Each query reads one consistent state; amounts come back as bigint.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import type { EpochPost } from '../epoch-post.ts'
import type { ChainIndex } from './open-index.ts'

type Record_ = Readonly<Record<string, unknown>>
type Parameter = string | number

/** Most rows that one query returns. */
export const indexRowsMax = 100_000

function rowsOf({ database }: ChainIndex, sql: string, ...parameters: Parameter[]): readonly Record_[] {
  return database.prepare(`${sql} LIMIT ${indexRowsMax}`).all(...parameters)
}

/** Only the last row of each key, up to a block. */
const latest = (table: string, key: string): string =>
  `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY ${key} ORDER BY block DESC, log_index DESC) AS place
   FROM ${table} WHERE block <= ?) WHERE place = 1`

const hex = (value: unknown): Hex => String(value) as Hex
const text = (value: unknown): string => value as string
const amount = (value: unknown): bigint => BigInt(String(value))
const latestBlock = Number.MAX_SAFE_INTEGER

/** Where in the chain something happened. */
export type Place = { readonly block: bigint; readonly tx: Hex; readonly atSeconds: number | undefined }

const placed = 'LEFT JOIN blocks ON blocks.number = '
const placeOf = ({ block, tx, at_seconds: at }: Record_): Place => ({
  block: amount(block),
  tx: hex(tx),
  atSeconds: at === null || at === undefined ? undefined : Number(at),
})

export type IndexedOperator = {
  readonly operator: Address
  readonly nodeKey: Hex
  readonly cell: bigint
  readonly endpoint: string
}

/** Every operator as it last registered, as of a block. */
export function operatorsIn(index: ChainIndex, { asOf }: { asOf?: bigint } = {}): readonly IndexedOperator[] {
  return rowsOf(index, `${latest('operators', 'operator')} ORDER BY operator`, Number(asOf ?? latestBlock)).map(
    (row) => ({
      operator: hex(row['operator']),
      nodeKey: hex(row['node_key']),
      cell: amount(row['cell']),
      endpoint: String(row['endpoint']),
    }),
  )
}

export type IndexedOffer = {
  readonly operator: Address
  readonly network: number
  readonly capacity: bigint
  readonly priceNano: bigint
  readonly terms: Hex
}

/** Every open offer of a network. */
export function offersIn(index: ChainIndex, { network }: { network: number }): readonly IndexedOffer[] {
  const sql = `SELECT * FROM (${latest('offers', 'network, operator')}) WHERE open = 1 AND network = ? ORDER BY operator`
  return rowsOf(index, sql, latestBlock, network).map((row) => ({
    operator: hex(row['operator']),
    network: Number(row['network']),
    capacity: amount(row['capacity']),
    priceNano: amount(row['price_nano']),
    terms: hex(row['terms']),
  }))
}

export type IndexedDataSet = {
  readonly id: Hex
  readonly customer: Address
  readonly provider: Address
  readonly root: Hex
  readonly leafCount: bigint
  readonly pieceCount: number
  readonly version: bigint
  readonly manifest: Hex
  readonly stream: Hex
  readonly changedBlock: bigint
}

/** The data sets that stood after a block: what an audit of the epoch that closes there counts. Ended ones are left out. */
export function dataSetsAsOf(index: ChainIndex, { block }: { block: bigint }): readonly IndexedDataSet[] {
  return rowsOf(index, `SELECT * FROM (${latest('data_sets', 'id')}) WHERE ended = 0 ORDER BY id`, Number(block)).map(
    (row) => ({
      id: hex(row['id']),
      customer: hex(row['customer']),
      provider: hex(row['provider']),
      root: hex(row['root']),
      leafCount: amount(row['leaf_count']),
      pieceCount: Number(row['piece_count']),
      version: amount(row['version']),
      manifest: hex(row['manifest']),
      stream: hex(row['stream']),
      changedBlock: amount(row['block']),
    }),
  )
}

export type IndexedRail = { readonly id: Hex; readonly payer: Address; readonly payee: Address }

/** Streams that were opened and not closed. */
export function openStreamsIn(index: ChainIndex): readonly IndexedRail[] {
  const sql = `SELECT id, payer, payee FROM rails WHERE kind = 'stream' AND NOT EXISTS
    (SELECT 1 FROM streams WHERE streams.id = rails.id AND streams.kind = 'closed' AND streams.block >= rails.block) ORDER BY block, log_index`
  return rowsOf(index, sql).map((row) => ({ id: hex(row['id']), payer: hex(row['payer']), payee: hex(row['payee']) }))
}

export type IndexedDemand = Place & {
  readonly demandId: Hex
  readonly dataSet: Hex
  readonly demander: Address
  readonly leafIndex: bigint
  readonly deadlineBlock: bigint
  /** what came of it */
  readonly state: 'demanded' | 'answered' | 'missed' | 'closed'
  readonly slashedAtto: bigint
}

/** Every demand and what came of it, oldest first. */
export function demandsIn(index: ChainIndex): readonly IndexedDemand[] {
  const sql = `SELECT d.*, o.kind AS outcome, o.slashed_atto AS taken, at_seconds FROM demands d
    LEFT JOIN demands o ON o.demand_id = d.demand_id AND o.kind <> 'demanded' ${placed}d.block
    WHERE d.kind = 'demanded' ORDER BY d.block, d.log_index`
  return rowsOf(index, sql).map((row) => ({
    ...placeOf(row),
    demandId: hex(row['demand_id']),
    dataSet: hex(row['data_set']),
    demander: hex(row['actor']),
    leafIndex: amount(row['leaf_index']),
    deadlineBlock: amount(row['deadline_block']),
    state: (row['outcome'] ?? 'demanded') as IndexedDemand['state'],
    slashedAtto: amount(row['taken'] ?? 0),
  }))
}

export type EpochState = 'sealed' | 'posted' | 'available' | 'rejected' | 'lapsed' | 'finalised'

export type IndexedEpochStep = Place & {
  readonly network: number
  readonly epoch: bigint
  readonly state: EpochState
  readonly actor: Address | undefined
  readonly root: Hex | undefined
  readonly totals: bigint | undefined
  readonly evidence: Hex | undefined
  /** of a posted one */
  readonly post: EpochPost | undefined
  readonly reason: Hex | undefined
}

/** Everything that happened to the epochs of a network, oldest first. */
export function epochStepsIn(index: ChainIndex, { network }: { network: number }): readonly IndexedEpochStep[] {
  const sql = `SELECT epochs.*, at_seconds FROM epochs ${placed}epochs.block WHERE network = ? ORDER BY block, log_index`
  return rowsOf(index, sql, network).map((row) => ({
    ...placeOf(row),
    network: Number(row['network']),
    epoch: amount(row['epoch']),
    state: String(row['state']) as EpochState,
    actor: row['actor'] === null ? undefined : hex(row['actor']),
    root: row['root'] === null ? undefined : hex(row['root']),
    totals: row['totals'] === null ? undefined : amount(row['totals']),
    evidence: row['evidence'] === null ? undefined : hex(row['evidence']),
    post: row['post'] === null ? undefined : postOf(text(row['post'])),
    reason: row['reason'] === null ? undefined : hex(row['reason']),
  }))
}

/** The last post of an epoch, as posted. */
export function postIn(
  index: ChainIndex,
  { network, epoch }: { network: number; epoch: bigint },
): EpochPost | undefined {
  const sql =
    "SELECT post FROM epochs WHERE network = ? AND epoch = ? AND state = 'posted' ORDER BY block DESC, log_index DESC"
  const [row] = rowsOf(index, sql, network, Number(epoch))
  return row === undefined ? undefined : postOf(text(row['post']))
}

function postOf(json: string): EpochPost {
  const { epoch, totals, linesTotal, rules, ...rest } = JSON.parse(json) as Record<keyof EpochPost, string>
  return {
    ...(rest as unknown as EpochPost),
    epoch: BigInt(epoch),
    totals: BigInt(totals),
    linesTotal: BigInt(linesTotal),
    rules: BigInt(rules),
  }
}

/** Epochs of a network that were sealed, ascending. */
export function sealedEpochsIn(index: ChainIndex, { network }: { network: number }): readonly bigint[] {
  return rowsOf(index, "SELECT epoch FROM epochs WHERE network = ? AND state = 'sealed' ORDER BY epoch", network).map(
    ({ epoch }) => amount(epoch),
  )
}

/** What happened to money: each with the evidence it rests on, where there is one. */
export type IndexedPayment = Place & {
  readonly kind: 'stream' | 'allotment' | 'escrow' | 'claim' | 'conversion'
  readonly payer: Address | undefined
  readonly payee: Address | undefined
  readonly credits: bigint
  /** WORK that moved or was minted, in atto */
  readonly workAtto: bigint
  readonly rail: string | undefined
  readonly dataSet: Hex | undefined
  readonly network: number | undefined
  /** epoch whose evidence covers it */
  readonly epoch: bigint | undefined
  /** sha256 of the root block of that epoch's bundle */
  readonly evidence: Hex | undefined
}

/**
 * Every payment, oldest first.
 *
 * A stream's pay and a claim rest on the last epoch that was finalised before them; what was paid before any epoch was
 * finalised has no evidence yet. An allotment's pay is carriage where its payee offers that (networks by number: 1 storage, 2
 * wireless).
 */
export function paymentsIn(index: ChainIndex): readonly IndexedPayment[] {
  const sql = `
    SELECT kind, payer, payee, credits, work_atto, rail, network, block, log_index, tx, at_seconds,
      (SELECT id FROM data_sets WHERE data_sets.stream = rail ORDER BY block DESC, log_index DESC LIMIT 1) AS data_set,
      (SELECT epoch FROM epochs WHERE epochs.network = moved.network AND state = 'finalised' AND epochs.block <= moved.block
        ORDER BY block DESC, log_index DESC LIMIT 1) AS epoch,
      (SELECT evidence FROM epochs WHERE epochs.network = moved.network AND state = 'finalised' AND epochs.block <= moved.block
        ORDER BY block DESC, log_index DESC LIMIT 1) AS evidence
    FROM (
      SELECT kind, payer, payee, credits, work_atto, rail, block, log_index, tx,
        CASE
          WHEN EXISTS (SELECT 1 FROM data_sets WHERE data_sets.stream = rail) THEN 1
          WHEN kind = 'allotment' AND EXISTS (SELECT 1 FROM offers WHERE operator = payee AND network = 2) THEN 2
        END AS network FROM payments
      UNION ALL
      SELECT 'conversion', NULL, payee, credits, minted_atto, NULL, block, log_index, tx,
        CASE
          WHEN EXISTS (SELECT 1 FROM data_sets WHERE provider = payee) THEN 1
          WHEN EXISTS (SELECT 1 FROM offers WHERE operator = payee AND network = 2) THEN 2
        END FROM conversions
      UNION ALL
      SELECT 'claim', NULL, account, '0', rebate_atto || '+' || bootstrap_atto, NULL, block, log_index, tx, network FROM claims
    ) AS moved ${placed}moved.block ORDER BY block, log_index`
  return rowsOf(index, sql).map((row) => ({
    ...placeOf(row),
    kind: String(row['kind']) as IndexedPayment['kind'],
    payer: row['payer'] === null ? undefined : hex(row['payer']),
    payee: row['payee'] === null ? undefined : hex(row['payee']),
    credits: amount(row['credits']),
    workAtto: String(row['work_atto'])
      .split('+')
      .reduce((sum, part) => sum + BigInt(part), 0n),
    rail: row['rail'] === null ? undefined : text(row['rail']),
    dataSet: row['data_set'] === null ? undefined : hex(row['data_set']),
    network: row['network'] === null ? undefined : Number(row['network']),
    epoch: row['epoch'] === null ? undefined : amount(row['epoch']),
    evidence: row['evidence'] === null ? undefined : hex(row['evidence']),
  }))
}

export type IndexedClaim = Place & {
  readonly network: number
  readonly account: Address
  readonly rebateAtto: bigint
  readonly bootstrapAtto: bigint
}

/** Every claim, oldest first. */
export function claimsIn(index: ChainIndex): readonly IndexedClaim[] {
  return rowsOf(index, `SELECT claims.*, at_seconds FROM claims ${placed}claims.block ORDER BY block, log_index`).map(
    (row) => ({
      ...placeOf(row),
      network: Number(row['network']),
      account: hex(row['account']),
      rebateAtto: amount(row['rebate_atto']),
      bootstrapAtto: amount(row['bootstrap_atto']),
    }),
  )
}

export type IndexedSlash = Place & {
  readonly lockId: Hex
  readonly operator: Address
  readonly reporter: Address
  readonly amountAtto: bigint
  readonly rewardAtto: bigint
}

/** Every slash, oldest first. */
export function slashesIn(index: ChainIndex): readonly IndexedSlash[] {
  return rowsOf(
    index,
    `SELECT slashes.*, at_seconds FROM slashes ${placed}slashes.block ORDER BY block, log_index`,
  ).map((row) => ({
    ...placeOf(row),
    lockId: hex(row['lock_id']),
    operator: hex(row['operator']),
    reporter: hex(row['reporter']),
    amountAtto: amount(row['amount_atto']),
    rewardAtto: amount(row['reward_atto']),
  }))
}

export type IndexedLog = Place & {
  readonly logIndex: number
  readonly contract: string
  readonly event: string
  readonly args: Record_
}

/** Decoded logs above a place, oldest first: what an event stream resumes from. Amounts stay decimal text. */
export function logsIn(
  index: ChainIndex,
  { afterBlock, afterLogIndex, limit }: { afterBlock: bigint; afterLogIndex: number; limit: number },
): readonly IndexedLog[] {
  const sql = `SELECT * FROM (SELECT logs.*, at_seconds FROM logs ${placed}logs.block
    WHERE block > ? OR (block = ? AND log_index > ?) ORDER BY block, log_index LIMIT ?)`
  const after = Number(afterBlock)
  return rowsOf(index, sql, after, after, afterLogIndex, limit).map((row) => ({
    ...placeOf(row),
    logIndex: Number(row['log_index']),
    contract: String(row['contract']),
    event: String(row['event']),
    args: JSON.parse(String(row['args'])) as Record_,
  }))
}

export type IndexedPurchase = Place & {
  readonly account: Address
  /** WORK burned, in atto */
  readonly workAtto: bigint
  readonly credits: bigint
}

/** Every purchase of credits, oldest first: WORK burned, credits issued. */
export function purchasesIn(index: ChainIndex): readonly IndexedPurchase[] {
  const sql = `SELECT logs.*, at_seconds FROM logs ${placed}logs.block
    WHERE contract = 'credits' AND event = 'Bought' ORDER BY block, log_index`
  return rowsOf(index, sql).map((row) => {
    const args = JSON.parse(String(row['args'])) as Record_
    return {
      ...placeOf(row),
      account: hex(args['account']),
      workAtto: amount(args['workAtto']),
      credits: amount(args['credits']),
    }
  })
}

/** Eight hex digits that tell this index from any other, also from one of the same chain that was made anew. */
export function birthOf({ database }: ChainIndex): string {
  return text(database.prepare("SELECT value FROM meta WHERE key = 'birth'").get()?.['value'])
}

/**
 * How often the index went back, and the lowest block to which it did after a count that was read before.
 *
 * @returns `toBlock` is -1n when that is too long ago to know, or was never read from this index
 */
export function rewindsIn(
  index: ChainIndex,
  { after }: { after: number },
): { readonly count: number; readonly toBlock: bigint | undefined } {
  const [row] = rowsOf(
    index,
    `SELECT coalesce(max(number), 0) AS count, coalesce(min(number), 1) AS oldest,
      (SELECT min(to_block) FROM rewinds WHERE number > ?) AS to_block FROM rewinds`,
    after,
  )
  const { count, oldest, to_block: toBlock } = row ?? {}
  const isKnown = after <= Number(count) && after >= Number(oldest) - 1
  if (!isKnown) return { count: Number(count), toBlock: -1n }
  return { count: Number(count), toBlock: toBlock === null ? undefined : amount(toBlock) }
}
