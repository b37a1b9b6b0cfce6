/**
 * For tests: a network server with devices that behave, gateways that do as they are told, and a clock that the test owns.
 *
 * @module
 */

import type { Device, DeviceProfile, MacVersion } from '../../model/device.ts'
import type { DeviceMessage, QueueItem } from '../../model/message.ts'
import type { RadioDownlink, RadioUplink, TransmitRefusal } from '../../model/radio.ts'
import type { DeviceSession } from '../../model/session.ts'
import { regionOf } from '../../region/region-of.ts'
import type { RegionName } from '../../region/region.ts'
import {
  simulatedDevice,
  type SentFrame,
  type SimulatedDevice,
  type SimulatedDeviceOptions,
} from '../../simulate/simulated-device.ts'
import type { NetworkPolicy } from '../join-server.ts'
import { memoryGroups } from '../memory-groups.ts'
import { memoryQueue } from '../memory-queue.ts'
import { memorySessions } from '../memory-sessions.ts'
import { networkServer, type NetworkServer } from '../network-server.ts'
import { plainProfile } from '../../provision/plain-profile.ts'

export const appKey: Uint8Array = new Uint8Array(16).fill(7)
export const nwkKey: Uint8Array = new Uint8Array(16).fill(9)
export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const euiOf = (index: number): string => `70b3d57ed00000${index.toString(16).padStart(2, '0')}`
export const gatewayOf = (index: number): string => `aa000000000000${index.toString(16).padStart(2, '0')}`
const joinEui = '0000000000000001'
const startMs = 1_800_000_000_000

/** What a gateway says to a downlink: an outcome for each window in turn, until one is sent. Nothing: it never says anything. */
export type Behaviour = (downlink: RadioDownlink) => readonly (TransmitRefusal | 'sent')[]

export interface WorldOptions {
  readonly macVersion?: MacVersion
  readonly region?: RegionName
  readonly policy?: Partial<NetworkPolicy>
  readonly profile?: Partial<DeviceProfile>
  readonly devices?: number
  /** gateways that usually hear a device; 1 when left out */
  readonly heardBy?: number
  readonly device?: Partial<SimulatedDeviceOptions>
  readonly behaviour?: Behaviour
}

export interface DownlinkWorld {
  readonly devices: readonly SimulatedDevice[]
  readonly messages: DeviceMessage[]
  /** everything that gateways were asked to send */
  readonly asked: RadioDownlink[]
  /** what went on the air */
  readonly aired: RadioDownlink[]
  readonly sessions: ReturnType<typeof memorySessions>
  readonly queue: ReturnType<typeof memoryQueue>
  readonly groups: ReturnType<typeof memoryGroups>
  readonly away: Set<string>
  server(): NetworkServer
  session(index?: number): DeviceSession
  nowMs(): number
  policy(policy: Partial<NetworkPolicy>): void
  behave(behaviour: Behaviour): void
  pass(ms: number): Promise<void>
  air(frame: SentFrame, heard?: readonly Partial<RadioUplink>[]): Promise<void>
  /** A device sends, and hears what is sent to it. */
  turn(index?: number, message?: Partial<Parameters<SimulatedDevice['send']>[0]>): Promise<Heard[]>
  /** What devices hear of what was sent since the last time. */
  hear(): Heard[]
  enqueue(id: string, item?: Partial<QueueItem>): Promise<boolean>
  /** The program is killed and started again: what is on disk is there, the rest is gone. */
  restart(): void
  ends(devEui: string, id: string): readonly DeviceMessage[]
}

export type Heard = ReturnType<SimulatedDevice['receive']>

export const sendsAll: Behaviour = () => ['sent']

export function downlinkWorld(options: WorldOptions = {}): DownlinkWorld {
  const { macVersion = '1.0.4', region: name = 'EU868', devices: deviceCount = 1, heardBy = 1 } = options
  const region = regionOf(name)
  let nowMs = startMs
  let behaviour = options.behaviour ?? sendsAll
  let policy = options.policy ?? {}
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  const messages: DeviceMessage[] = []
  const asked: RadioDownlink[] = []
  const aired: RadioDownlink[] = []
  const away = new Set<string>()
  const [sessions, queue, groups] = [memorySessions(), memoryQueue(), memoryGroups()]
  let heardCount = 0
  let randomByte = 0

  const profile = plainProfile(region, {
    macVersion,
    classB: { timeoutSeconds: 10, pingSlotPeriodicity: 3, pingSlotDataRate: 0, pingSlotFrequencyHz: 0 },
    adr: 'off',
    ...options.profile,
  })
  const record = (devEui: string): Device => ({
    devEui,
    joinEui,
    name: devEui,
    description: '',
    applicationId: 'a',
    profileId: 'p',
    isDisabled: false,
    skipsFrameCounter: false,
    tags: {},
    variables: {},
  })

  const start = (): NetworkServer =>
    networkServer({
      radio: {
        isReachable: (gatewayEui) => !away.has(gatewayEui),
        send(downlink) {
          asked.push(downlink)
          const { id, gatewayEui } = downlink
          const to = server
          for (const [windowIndex, said] of behaviour(downlink).entries()) {
            if (said === 'sent') aired.push(downlink)
            timers.add({
              atMs: nowMs + 5 + windowIndex,
              run: () =>
                to.outcome({ id, gatewayEui, windowIndex, atMs: nowMs, ...(said === 'sent' ? {} : { refusal: said }) }),
            })
          }
        },
      },
      broker: { publish: (message) => void messages.push(message) },
      devices: {
        device: (devEui) => (devices.some((device) => device.devEui === devEui) ? record(devEui) : undefined),
        rootKeys: () => (macVersion === '1.1.0' ? { appKey, nwkKey } : { appKey }),
        profile: () => profile,
        application: () => undefined,
      },
      sessions,
      queue,
      groups,
      clock: { nowMs: () => nowMs, elapsedMs: () => nowMs - startMs },
      timers: {
        after(delayMs, run) {
          const one = { atMs: nowMs + delayMs, run }
          timers.add(one)
          return () => void timers.delete(one)
        },
      },
      random: { bytes: (size) => new Uint8Array(size).map(() => (randomByte = (randomByte * 5 + 3) & 255)) },
      policyOf: () => ({
        netId: 0,
        addresses: { first: 0x01000000, last: 0x0100ffff },
        rxDelaySeconds: 1,
        rx1DataRateOffset: 0,
        extraChannelsHz: [],
        ...policy,
      }),
    })

  const devices = Array.from({ length: deviceCount }, (_, index) =>
    simulatedDevice({
      devEui: euiOf(index),
      joinEui,
      appKey,
      ...(macVersion === '1.1.0' ? { nwkKey } : {}),
      macVersion,
      region,
      isAdr: false,
      ...options.device,
    }),
  )
  let server = start()

  const turnMicrotasks = async (): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
  }
  const world: DownlinkWorld = {
    devices,
    messages,
    asked,
    aired,
    sessions,
    queue,
    groups,
    away,
    server: () => server,
    session: (index = 0) => sessions.sessionOf(euiOf(index))!,
    nowMs: () => nowMs,
    policy: (wanted) => void (policy = { ...policy, ...wanted }),
    behave: (wanted) => void (behaviour = wanted),
    async pass(ms) {
      const endMs = nowMs + ms
      await turnMicrotasks()
      for (;;) {
        const due = [...timers].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0]
        if (due === undefined) break
        timers.delete(due)
        nowMs = Math.max(nowMs, due.atMs)
        due.run()
        await turnMicrotasks()
      }
      nowMs = endMs
    },
    async air(frame, heard = Array.from({ length: heardBy }, () => ({}))) {
      for (const [index, more] of heard.entries()) {
        const { phyPayload, frequencyHz, modulation, channel } = frame
        server.heard({
          gatewayEui: gatewayOf(index + 1),
          phyPayload,
          frequencyHz,
          modulation,
          rssiDbm: -80,
          snrDb: 5,
          channel,
          heardAtMs: nowMs,
          context: Uint8Array.of(1, 2, 3, index),
          ...more,
        })
      }
      await world.pass(250)
    },
    async turn(index = 0, message = {}) {
      const device = devices[index]!
      const frame = device.isJoined ? device.send({ fPort: 1, payload: text('x'), ...message }) : device.join()
      await world.air(frame)
      const heard = world.hear()
      await world.pass(60_000)
      return heard
    },
    hear() {
      const fresh = aired.slice(heardCount)
      heardCount = aired.length
      return fresh.flatMap(({ phyPayload }) =>
        devices.map((device) => device.receive(phyPayload)).filter(({ kind }) => kind !== 'ignored'),
      )
    },
    enqueue: async (id, item = {}) =>
      queue.add({ id, devEui: euiOf(0), fPort: 5, payload: text(id), isConfirmed: false, ...item }),
    restart() {
      server[Symbol.dispose]()
      timers.clear()
      server = start()
    },
    ends: (devEui, id) =>
      messages.filter(
        (message) =>
          message.devEui === devEui &&
          (message.kind === 'ack' || message.kind === 'txack') &&
          message.queueItemId === id,
      ),
  }
  return world
}

/** A world whose devices have joined and been heard once on their new sessions. */
export async function joinedWorld(options: WorldOptions = {}): Promise<DownlinkWorld> {
  const world = downlinkWorld({ ...options, behaviour: sendsAll })
  for (const index of world.devices.keys()) {
    await world.turn(index)
    await world.turn(index)
  }
  world.behave(options.behaviour ?? sendsAll)
  world.messages.length = 0
  world.asked.length = 0
  return world
}
