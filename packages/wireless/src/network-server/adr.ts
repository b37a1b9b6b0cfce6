/**
 * Adaptive data rate: from how well a device was heard to the rate, power and repetitions it should use.
 *
 * Rate first, then power; the rate is never lowered, for a device does that itself when it hears nothing; power rises only with a
 * full history, so that it does not swing.
 *
 * @module
 */

/** Uplinks that are looked back on. */
export const adrHistoryMax = 20
/** dB kept above the floor of the demodulator. */
export const adrMarginDb = 10
const dbPerStep = 3

/** One uplink as ADR remembers it. */
export interface AdrUplink {
  readonly fCnt: number
  /** of the best copy */
  readonly maxSnrDb: number
  readonly txPowerIndex: number
  readonly gatewayCount: number
}

export interface AdrState {
  readonly dataRate: number
  readonly txPowerIndex: number
  readonly nbTrans: number
}

export interface AdrFacts extends AdrState {
  /** whether the device asked for it */
  readonly isAdr: boolean
  readonly dataRateMax: number
  readonly txPowerIndexMax: number
  /** floor of the present data rate */
  readonly requiredSnrDb: number
  readonly marginDb: number
  /** oldest first, at most `adrHistoryMax` */
  readonly history: readonly AdrUplink[]
}

/** One place up or down for each step: rate, then power. */
export function idealStep(
  stepCount: number,
  state: Pick<AdrState, 'dataRate' | 'txPowerIndex'>,
  { dataRateMax, txPowerIndexMax }: Pick<AdrFacts, 'dataRateMax' | 'txPowerIndexMax'>,
): Pick<AdrState, 'dataRate' | 'txPowerIndex'> {
  let { dataRate, txPowerIndex } = state
  for (let left = Math.abs(stepCount); left > 0; left -= 1) {
    if (stepCount < 0) txPowerIndex = Math.max(0, txPowerIndex - 1)
    else if (dataRate < dataRateMax) dataRate += 1
    else txPowerIndex = Math.min(txPowerIndexMax, txPowerIndex + 1)
  }
  return { dataRate, txPowerIndex }
}

const repetitionTable = [
  { lossBelowPercent: 5, byCurrent: [1, 1, 2] },
  { lossBelowPercent: 10, byCurrent: [1, 2, 3] },
  { lossBelowPercent: 30, byCurrent: [2, 3, 3] },
  { lossBelowPercent: Number.POSITIVE_INFINITY, byCurrent: [3, 3, 3] },
] as const

/** How often a frame is to be sent, from what was lost. @param current 1 to 3 */
export function repetitionsFor(current: number, lossPercent: number): number {
  const row = repetitionTable.find(({ lossBelowPercent }) => lossPercent < lossBelowPercent) ?? repetitionTable[3]
  return row.byCurrent[Math.min(Math.max(current, 1), 3) - 1] ?? 1
}

/** Counters that nobody heard, for each hundred frames of a full history that somebody did; 0 before it is full. */
export function lossPercentOf(history: readonly AdrUplink[]): number {
  const [first, last] = [history[0], history.at(-1)]
  if (history.length < adrHistoryMax || first === undefined || last === undefined) return 0
  const missing = last.fCnt - first.fCnt + 1 - history.length
  return Math.max(0, (missing / history.length) * 100)
}

/** @returns the state that the device should have; the same when nothing is to change */
export function adapt(facts: AdrFacts): AdrState {
  const { isAdr, dataRateMax, requiredSnrDb, marginDb, history } = facts
  const now: AdrState = { dataRate: facts.dataRate, txPowerIndex: facts.txPowerIndex, nbTrans: facts.nbTrans }
  if (!isAdr) return now
  const kept: AdrState = {
    dataRate: Math.min(now.dataRate, dataRateMax),
    txPowerIndex: now.txPowerIndex,
    nbTrans: repetitionsFor(now.nbTrans, lossPercentOf(history)),
  }
  if (history.length === 0) return kept
  const samePower = history.filter(({ txPowerIndex }) => txPowerIndex === now.txPowerIndex)
  const bestSnrDb = history.reduce((best, { maxSnrDb }) => Math.max(best, maxSnrDb), Number.NEGATIVE_INFINITY)
  const stepCount = Math.trunc((bestSnrDb - requiredSnrDb - marginDb) / dbPerStep)
  if (stepCount < 0 && samePower.length < adrHistoryMax) return kept
  return { ...kept, ...idealStep(stepCount, kept, facts) }
}

/** The history with one more uplink; what repeats a counter changes the last one. */
export function remember(history: readonly AdrUplink[], uplink: AdrUplink): AdrUplink[] {
  const others = history.at(-1)?.fCnt === uplink.fCnt ? history.slice(0, -1) : history
  return [...others, uplink].slice(-adrHistoryMax)
}
