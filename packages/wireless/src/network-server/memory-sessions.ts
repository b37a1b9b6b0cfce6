/**
 * Sessions in memory, by device and by address. Addresses are not unique, so each leads to all that have it, the last heard first.
 *
 * What keeps them on disk is an adapter around this; alone it is for tests and simulations.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'
import type { DeviceSession } from '../model/session.ts'
import type { Sessions } from '../ports.ts'

/** Sessions of one address, inclusive: the one that was silent longest is not looked for any more. */
export const sessionsPerAddrMax = 1024
/**
 * Sessions of one device that were agreed on and not heard yet, inclusive, so that a join that was long under way displaces no newer
 * one; and one more that began with a used nonce.
 */
export const pendingSessionsMax = 4

/** The readable side, which adapters build on. */
export interface SessionTable {
  sessionsFor(devAddr: number): readonly DeviceSession[]
  sessionOf(devEui: Eui): DeviceSession | undefined
  /** Sessions that were not yet heard from stand beside the one that they will replace; the oldest first. */
  pendingOf(devEui: Eui): readonly DeviceSession[]
  set(session: DeviceSession): void
  setPending(session: DeviceSession): void
  delete(devEui: Eui): void
  readonly size: number
  values(): IterableIterator<DeviceSession>
}

const none: readonly DeviceSession[] = []

export function sessionTable(): SessionTable {
  const byDevice = new Map<Eui, DeviceSession>()
  const pendingByDevice = new Map<Eui, readonly DeviceSession[]>()
  const byAddr = new Map<number, DeviceSession[]>()

  const unlist = (session: DeviceSession): void => {
    const list = byAddr.get(session.devAddr)
    const at = list?.indexOf(session) ?? -1
    if (list === undefined || at === -1) return
    if (list.length === 1) byAddr.delete(session.devAddr)
    else list.splice(at, 1)
  }
  const listFirst = (session: DeviceSession): void => {
    const list = byAddr.get(session.devAddr)
    if (list === undefined) return void byAddr.set(session.devAddr, [session])
    list.unshift(session)
    if (list.length > sessionsPerAddrMax) list.pop()
  }
  const replace = (before: DeviceSession, session: DeviceSession): void => {
    const list = byAddr.get(session.devAddr)
    if (before.devAddr === session.devAddr && list?.[0] === before) list[0] = session
    else {
      unlist(before)
      listFirst(session)
    }
  }

  const setPendings = (devEui: Eui, pending: readonly DeviceSession[]): void => {
    if (pending.length === 0) pendingByDevice.delete(devEui)
    else pendingByDevice.set(devEui, pending)
  }

  return {
    sessionsFor: (devAddr) => byAddr.get(devAddr) ?? none,
    sessionOf: (devEui) => byDevice.get(devEui),
    pendingOf: (devEui) => pendingByDevice.get(devEui) ?? none,
    set(session) {
      const { devEui, keys } = session
      const pending = pendingByDevice.get(devEui) ?? none
      const before = byDevice.get(devEui)
      const heard = pending.findIndex((one) => one.keys === keys)
      // Heard on a new session: what was before it is over. Heard on the old one: the new ones wait on.
      if (heard !== -1) {
        for (const one of pending.slice(0, heard + 1)) unlist(one)
        setPendings(devEui, pending.slice(heard + 1))
        if (before !== undefined) unlist(before)
        listFirst(session)
      } else if (before === undefined) listFirst(session)
      else replace(before, session)
      byDevice.set(devEui, session)
    },
    setPending(session) {
      const { devEui } = session
      const pending = [...(pendingByDevice.get(devEui) ?? none), session]
      const kept = newestPending(pending)
      for (const one of pending) if (!kept.includes(one)) unlist(one)
      setPendings(devEui, kept)
      listFirst(session)
    },
    delete(devEui) {
      const active = byDevice.get(devEui)
      if (active !== undefined) unlist(active)
      for (const one of pendingByDevice.get(devEui) ?? none) unlist(one)
      byDevice.delete(devEui)
      pendingByDevice.delete(devEui)
    },
    get size() {
      return byDevice.size
    },
    values: () => byDevice.values(),
  }
}

/** What began with a used nonce may be somebody's replay: it takes the place of nothing but its like. */
function newestPending(pending: readonly DeviceSession[]): DeviceSession[] {
  const fresh = pending.filter(({ isRepaired }) => isRepaired !== true).slice(-pendingSessionsMax)
  const repaired = pending.findLast(({ isRepaired }) => isRepaired === true)
  return pending.filter((one) => one === repaired || fresh.includes(one))
}

/** The port, kept nowhere else. */
export function memorySessions(): Sessions & { readonly table: SessionTable } {
  const table = sessionTable()
  const nonces = new Map<Eui, Set<number>>()
  const joinNonces = new Map<Eui, number>()
  return {
    table,
    sessionsFor: table.sessionsFor,
    sessionOf: table.sessionOf,
    put: async (session) => table.set(session),
    putPending: async (session) => table.setPending(session),
    remove: async (devEui) => table.delete(devEui),
    async spendDevNonce({ devEui, devNonce, mustRise }) {
      const spent = nonces.get(devEui) ?? new Set<number>()
      nonces.set(devEui, spent)
      if (spent.has(devNonce) || (mustRise && [...spent].some((one) => one >= devNonce))) return false
      spent.add(devNonce)
      return true
    },
    forgetDevNonces: async (devEui) => void nonces.delete(devEui),
    async nextJoinNonce(devEui) {
      const next = (joinNonces.get(devEui) ?? 0) + 1
      joinNonces.set(devEui, next)
      return next
    },
  }
}
