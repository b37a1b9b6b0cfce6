/**
 * What was dropped, counted by reason: the number that a person who runs a network looks at first.
 *
 * Reasons are our own words, so there are few; a stranger cannot make new ones.
 *
 * @module
 */

export interface DropCounter<Reason extends string> {
  count(reason: Reason, times?: number): void
  /** reason to how often, since the start */
  totals(): ReadonlyMap<Reason, number>
}

export function dropCounter<Reason extends string>(): DropCounter<Reason> {
  const totals = new Map<Reason, number>()
  return {
    count: (reason, times = 1) => void totals.set(reason, (totals.get(reason) ?? 0) + times),
    totals: () => totals,
  }
}
