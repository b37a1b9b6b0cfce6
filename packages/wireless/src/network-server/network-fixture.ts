/**
 * A small network in memory for tests: devices, gateways, a clock that stands still until it is moved. Each side can be made to fail.
 *
 * @module
 */

import type { DeviceBudget, PacketVerdict } from '../carry/buy.ts'
import type { Device, DeviceProfile, MacVersion, RootKeys } from '../model/device.ts'
import type { DeviceMessage, UplinkMessage } from '../model/message.ts'
import type { RadioDownlink, RadioUplink } from '../model/radio.ts'
import type { Sessions } from '../ports.ts'
import { regionOf } from '../region/region-of.ts'
import { simulatedDevice, type SentFrame, type SimulatedDevice } from '../simulate/simulated-device.ts'
import type { NetworkPolicy } from './join-server.ts'
import { memoryQueue } from './memory-queue.ts'
import { memorySessions } from './memory-sessions.ts'
import { networkServer, type NetworkServer } from './network-server.ts'
import { plainProfile } from '../provision/plain-profile.ts'

export const fixtureJoinEui = '0000000000000001'
export const gateway = (number: number): string => `aa${number.toString(16).padStart(14, '0')}`

export interface FixtureOptions {
  readonly macVersion?: MacVersion
  readonly policy?: Partial<NetworkPolicy>
  readonly profile?: Partial<DeviceProfile>
  /** of the device with that number */
  readonly patch?: (number: number) => Partial<Device>
  readonly sessions?: Sessions
  /** whether what a device sends fits its budget */
  readonly admits?: (budget: DeviceBudget) => boolean
  /** another server over the same devices, as after a restart */
  readonly startMs?: number
}

export interface Heard {
  readonly gateways?: readonly number[]
  /** from one copy to the next */
  readonly apartMs?: number
  readonly change?: (uplink: RadioUplink, index: number) => RadioUplink
  /** after the last copy */
  readonly thenMs?: number
}

export interface Fixture {
  readonly server: NetworkServer
  readonly sessions: Sessions
  readonly queue: ReturnType<typeof memoryQueue>
  readonly messages: DeviceMessage[]
  readonly sent: RadioDownlink[]
  readonly verdicts: PacketVerdict[]
  readonly troubles: unknown[]
  nowMs(): number
  /** What exists of a device: each call is another piece of firmware with the same keys. */
  device(number: number, firmware?: { readonly devNonce?: number; readonly joinEui?: string }): SimulatedDevice
  heard(frame: Pick<SentFrame, 'phyPayload' | 'frequencyHz' | 'modulation' | 'channel'>, how?: Heard): Promise<void>
  /** Joins a device and lets it hear the answer. */
  joined(number: number, firmware?: { readonly devNonce?: number }): Promise<SimulatedDevice>
  /** What was sent since the last time, as a device hears it. */
  deliver(device: SimulatedDevice): ReturnType<SimulatedDevice['receive']>[]
  pass(ms: number): Promise<void>
  uplinks(devEui?: string): UplinkMessage[]
  logs(code?: string): DeviceMessage[]
}

export const devEuiOf = (number: number): string => `70b3d57ed${number.toString(16).padStart(7, '0')}`

export function networkFixture(options: FixtureOptions = {}): Fixture {
  const { macVersion = '1.0.4', policy, patch, startMs = 1_800_000_000_000 } = options
  const region = regionOf('EU868')
  const sessions = options.sessions ?? memorySessions()
  const queue = memoryQueue()
  const messages: DeviceMessage[] = []
  const sent: RadioDownlink[] = []
  const verdicts: PacketVerdict[] = []
  const troubles: unknown[] = []
  const waiting = new Set<{ readonly atMs: number; readonly run: () => void }>()
  let [nowMs, taken, randomState] = [startMs, 0, 1]
  const profile = plainProfile(region, { macVersion, adr: 'off', ...options.profile })
  const numberOf = (devEui: string): number => Number.parseInt(devEui.slice(9), 16)
  const keysOf = (number: number): RootKeys => {
    const appKey = new Uint8Array(16).fill(number & 255)
    return macVersion === '1.1.0' ? { appKey, nwkKey: new Uint8Array(16).fill((number + 100) & 255) } : { appKey }
  }
  const isKnown = (devEui: string): boolean => devEui.startsWith('70b3d57ed') && numberOf(devEui) < 10_000
  const server = networkServer({
    radio: { send: (downlink) => void sent.push(downlink), isReachable: () => true },
    broker: { publish: (message) => void messages.push(message) },
    devices: {
      device: (devEui) =>
        isKnown(devEui)
          ? {
              devEui,
              joinEui: fixtureJoinEui,
              name: devEui,
              description: '',
              applicationId: 'a',
              profileId: 'p',
              isDisabled: false,
              skipsFrameCounter: false,
              tags: {},
              variables: {},
              ...patch?.(numberOf(devEui)),
            }
          : undefined,
      rootKeys: (devEui) => (isKnown(devEui) ? keysOf(numberOf(devEui)) : undefined),
      profile: () => profile,
      application: () => undefined,
    },
    sessions,
    queue,
    clock: { nowMs: () => nowMs, elapsedMs: () => nowMs - startMs + 1_000_000 },
    timers: {
      after(delayMs, run) {
        const one = { atMs: nowMs + delayMs, run }
        waiting.add(one)
        return () => void waiting.delete(one)
      },
    },
    random: {
      bytes: (sizeBytes) =>
        Uint8Array.from({ length: sizeBytes }, () => {
          randomState = (Math.imul(randomState, 1_103_515_245) + 12_345) >>> 0
          return randomState >>> 16
        }),
    },
    policyOf: () => ({
      netId: 0,
      addresses: { first: 0x01000000, last: 0x0100ffff },
      rxDelaySeconds: 1,
      rx1DataRateOffset: 0,
      extraChannelsHz: [],
      ...policy,
    }),
    judge: {
      admit: (_bytes, budget) => options.admits?.(budget) ?? true,
      judged: (_bytes, verdict) => void verdicts.push(verdict),
    },
    onTrouble: (error) => void troubles.push(error),
  })

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 24; turn += 1) await Promise.resolve()
  }
  const pass = async (ms: number): Promise<void> => {
    const endMs = nowMs + ms
    for (;;) {
      const due = [...waiting].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      waiting.delete(due)
      nowMs = Math.max(nowMs, due.atMs)
      due.run()
      await Promise.resolve()
    }
    nowMs = endMs
    await settle()
  }

  const fixture: Fixture = {
    server,
    sessions,
    queue,
    messages,
    sent,
    verdicts,
    troubles,
    nowMs: () => nowMs,
    device(number, firmware = {}) {
      const { appKey, nwkKey } = keysOf(number)
      return simulatedDevice({
        devEui: devEuiOf(number),
        joinEui: fixtureJoinEui,
        appKey,
        ...(nwkKey === undefined ? {} : { nwkKey }),
        macVersion,
        region,
        ...firmware,
      })
    },
    async heard({ phyPayload, frequencyHz, modulation, channel }, how = {}) {
      const { gateways = [1], apartMs = 4, change = (uplink) => uplink, thenMs = 210 } = how
      for (const [index, number] of gateways.entries()) {
        if (index > 0) await pass(apartMs)
        const uplink: RadioUplink = {
          gatewayEui: gateway(number),
          phyPayload,
          frequencyHz,
          modulation,
          rssiDbm: -80,
          snrDb: 9 - index,
          channel,
          heardAtMs: nowMs,
          context: Uint8Array.of(1, 2, 3, 4),
        }
        server.heard(change(uplink, index))
      }
      await pass(thenMs)
    },
    async joined(number, firmware) {
      const device = fixture.device(number, firmware)
      await fixture.heard(device.join())
      fixture.deliver(device)
      return device
    },
    deliver(device) {
      const fresh = sent.slice(taken)
      taken = sent.length
      for (const { id, gatewayEui } of fresh) server.outcome({ id, gatewayEui, windowIndex: 0, atMs: nowMs })
      return fresh.map(({ phyPayload }) => device.receive(phyPayload))
    },
    pass,
    uplinks: (devEui) =>
      messages.flatMap((message) =>
        message.kind === 'up' && (devEui === undefined || message.devEui === devEui) ? [message] : [],
      ),
    logs: (code) =>
      messages.filter((message) => message.kind === 'log' && (code === undefined || message.code === code)),
  }
  return fixture
}
