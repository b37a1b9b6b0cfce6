/**
 * The radio gateways that a network has heard from, with what they said of themselves last. In memory: they say it again.
 *
 * @module
 */

import type { Eui, GatewayStatus, RadioUplink } from '@groundwork/wireless'

/** Gateways that are remembered, inclusive; the one that was silent longest goes. */
export const registeredGatewaysMax = 65_536

export interface GatewayRecord {
  readonly gatewayEui: Eui
  readonly firstHeardMs: number
  readonly lastHeardMs: number
  readonly uplinks: number
  readonly lastRssiDbm?: number | undefined
  readonly lastSnrDb?: number | undefined
  readonly status?: GatewayStatus | undefined
}

export interface GatewayRegister {
  heard(uplink: RadioUplink): void
  status(status: GatewayStatus): void
  list(): readonly GatewayRecord[]
}

interface Kept {
  firstHeardMs: number
  lastHeardMs: number
  uplinks: number
  rssiDbm: number | undefined
  snrDb: number | undefined
  status: GatewayStatus | undefined
}

export function gatewayRegister(): GatewayRegister {
  const records = new Map<Eui, Kept>()
  const of = (gatewayEui: Eui, atMs: number): Kept => {
    const known = records.get(gatewayEui)
    if (known !== undefined) {
      // The last in the map is the one that was heard last.
      records.delete(gatewayEui)
      records.set(gatewayEui, known)
      return known
    }
    const oldest = records.size >= registeredGatewaysMax ? records.keys().next().value : undefined
    if (oldest !== undefined) records.delete(oldest)
    const made: Kept = {
      firstHeardMs: atMs,
      lastHeardMs: atMs,
      uplinks: 0,
      rssiDbm: undefined,
      snrDb: undefined,
      status: undefined,
    }
    records.set(gatewayEui, made)
    return made
  }
  return {
    heard({ gatewayEui, heardAtMs, rssiDbm, snrDb }) {
      const record = of(gatewayEui, heardAtMs)
      record.lastHeardMs = heardAtMs
      record.uplinks += 1
      record.rssiDbm = rssiDbm
      record.snrDb = snrDb
    },
    status(status) {
      const record = of(status.gatewayEui, status.atMs)
      record.lastHeardMs = Math.max(record.lastHeardMs, status.atMs)
      record.status = status
    },
    list: () =>
      [...records].map(([gatewayEui, { firstHeardMs, lastHeardMs, uplinks, rssiDbm, snrDb, status }]) => ({
        gatewayEui,
        firstHeardMs,
        lastHeardMs,
        uplinks,
        lastRssiDbm: rssiDbm,
        lastSnrDb: snrDb,
        status,
      })),
  }
}
