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

/** The readable side, which adapters build on. */
export interface SessionTable {
  sessionsFor(devAddr: number): readonly DeviceSession[]
  sessionOf(devEui: Eui): DeviceSession | undefined
  /** A session that has not yet been heard from stands beside the one it will replace. */
  pendingOf(devEui: Eui): DeviceSession | undefined
  set(session: DeviceSession): void
  setPending(session: DeviceSession): void
  delete(devEui: Eui): void
  readonly size: number
  values(): IterableIterator<DeviceSession>
}

const none: readonly DeviceSession[] = []

export function sessionTable(): SessionTable {
  const byDevice = new Map<Eui, DeviceSession>()
  const pendingByDevice = new Map<Eui, DeviceSession>()
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

  return {
    sessionsFor: (devAddr) => byAddr.get(devAddr) ?? none,
    sessionOf: (devEui) => byDevice.get(devEui),
    pendingOf: (devEui) => pendingByDevice.get(devEui),
    set(session) {
      const { devEui } = session
      const pending = pendingByDevice.get(devEui)
      const before = byDevice.get(devEui)
      // Heard on the new session: the old one is over. Heard on the old one: the new one waits on.
      if (pending !== undefined && pending.startedAtMs === session.startedAtMs) {
        pendingByDevice.delete(devEui)
        unlist(pending)
        if (before !== undefined) unlist(before)
        listFirst(session)
      } else if (before === undefined) listFirst(session)
      else replace(before, session)
      byDevice.set(devEui, session)
    },
    setPending(session) {
      const before = pendingByDevice.get(session.devEui)
      if (before !== undefined) unlist(before)
      pendingByDevice.set(session.devEui, session)
      listFirst(session)
    },
    delete(devEui) {
      for (const map of [byDevice, pendingByDevice]) {
        const session = map.get(devEui)
        if (session !== undefined) unlist(session)
        map.delete(devEui)
      }
    },
    get size() {
      return byDevice.size
    },
    values: () => byDevice.values(),
  }
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
