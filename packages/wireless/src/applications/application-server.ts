/**
 * Between the network server and applications: payloads are read and written by their codec, events are written once and handed to
 * every way out, commands become queued payloads.
 *
 * Events of one device leave in the order in which they came, also when a codec takes its time over one of them.
 *
 * @module
 */

import type { CodecRunner, JsonObject } from '../codec/payload-codec.ts'
import { decodeUplink, encodeDownlink } from '../codec/payload-codec.ts'
import { dropCounter } from '../drop-counter.ts'
import type { DeviceMessage, QueueItem, UplinkMessage } from '../model/message.ts'
import type { Broker, Clock, Devices, DownlinkQueue, Random } from '../ports.ts'
import { chirpstackEvent, type EventSubject, type Tenant } from './chirpstack-event.ts'
import type { DeviceEvent, EventSink } from './device-event.ts'
import type { CommandRefusal, DownlinkCommand, DownlinkSink } from './downlink-command.ts'

/** Devices whose events wait for a codec at once, inclusive; then they leave undecoded. */
export const waitingDevicesMax = 65_536

export type ApplicationDrop = 'unknown-device' | 'codec-busy' | 'queue-full'

/** What became of a payload that was asked to be sent. */
export type QueueVerdict =
  | { readonly tag: 'queued'; readonly id: string }
  | {
      readonly tag: 'refused'
      readonly reason: 'unknown-device' | 'queue-full' | 'no-port' | 'codec'
      readonly why: string
    }

export interface ApplicationServerOptions {
  readonly devices: Devices
  readonly queue: DownlinkQueue
  readonly codecs: CodecRunner
  readonly sinks: readonly EventSink[]
  readonly tenant: Tenant
  readonly clock: Clock
  readonly random: Random
  /** told that a device's queue has something new */
  readonly onQueued: (devEui: string) => void
  /** sees each decoded uplink, before it leaves; rules between devices hang here */
  readonly onUplink?: (uplink: UplinkMessage, object: JsonObject | undefined) => void
}

export interface ApplicationServer extends Broker, DownlinkSink {
  enqueue(command: DownlinkCommand): Promise<QueueVerdict>
  drops(): ReadonlyMap<ApplicationDrop, number>
  /** Resolves when every event that was taken has left. */
  settled(): Promise<void>
}

export function applicationServer(options: ApplicationServerOptions): ApplicationServer {
  const { devices, queue, codecs, sinks, tenant, clock, random, onQueued, onUplink } = options
  const drops = dropCounter<ApplicationDrop>()
  /** the tail of each device's events, where one of them waits */
  const tails = new Map<string, Promise<void>>()
  const commands = new Set<Promise<unknown>>()

  const subjectOf = (devEui: string): EventSubject | undefined => {
    const device = devices.device(devEui)
    const profile = device === undefined ? undefined : devices.profile(device.profileId)
    const application = device === undefined ? undefined : devices.application(device.applicationId)
    return device === undefined || profile === undefined || application === undefined
      ? undefined
      : { tenant, application, profile, device }
  }

  const hand = (event: DeviceEvent): void => {
    for (const sink of sinks) sink.take(event)
  }

  const leave = (subject: EventSubject, message: DeviceMessage, object?: JsonObject): void => {
    if (message.kind === 'up') onUplink?.(message, object)
    hand(chirpstackEvent(subject, message, object))
  }

  const log = (subject: EventSubject, code: string, description: string): void =>
    hand(
      chirpstackEvent(subject, {
        kind: 'log',
        atMs: clock.nowMs(),
        devEui: subject.device.devEui,
        level: 'error',
        code,
        description,
        facts: {},
      }),
    )

  /** Runs at once, or after what of the device still waits. */
  const inOrder = (devEui: string, run: () => void | Promise<void>): void => {
    const tail = tails.get(devEui)
    if (tail === undefined) {
      const done = run()
      if (done !== undefined) keepTail(devEui, done)
      return
    }
    keepTail(devEui, tail.then(run))
  }
  const keepTail = (devEui: string, work: Promise<void>): void => {
    const tail = work.finally(() => {
      if (tails.get(devEui) === tail) tails.delete(devEui)
    })
    tails.set(devEui, tail)
  }

  const publishUp = (subject: EventSubject, message: UplinkMessage): void | Promise<void> => {
    const { device, profile } = subject
    if (message.fPort === undefined || message.fPort === 0) return leave(subject, message)
    const call = {
      call: 'decodeUplink',
      bytes: message.payload,
      fPort: message.fPort,
      receivedAtMs: message.atMs,
      variables: device.variables,
    } as const
    if (profile.codec.kind === 'javascript' && tails.size >= waitingDevicesMax) {
      drops.count('codec-busy')
      return leave(subject, message)
    }
    const finish = (answer: Awaited<ReturnType<typeof decodeUplink>>): void => {
      if (answer === undefined) return leave(subject, message)
      if ('data' in answer) return leave(subject, message, answer.data)
      leave(subject, message)
      return log(subject, 'uplink-codec', `${answer.refused}: ${answer.description}`)
    }
    const decoded = decodeUplink(profile.codec, call, codecs)
    return decoded instanceof Promise ? decoded.then(finish) : finish(decoded)
  }

  const nextId = (): string => [...random.bytes(12)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

  const enqueue = async (command: DownlinkCommand): Promise<QueueVerdict> => {
    const { devEui, applicationId, isConfirmed, expiresAtMs } = command
    const subject = subjectOf(devEui)
    if (subject === undefined || subject.application.id !== applicationId) {
      drops.count('unknown-device')
      return { tag: 'refused', reason: 'unknown-device', why: `application ${applicationId} has no device ${devEui}` }
    }
    const written = await payloadOf(command, subject)
    if ('refused' in written) {
      log(subject, 'downlink-codec', written.description)
      return { tag: 'refused', reason: 'codec', why: written.description }
    }
    const fPort = command.fPort ?? written.fPort
    if (fPort === undefined)
      return { tag: 'refused', reason: 'no-port', why: 'neither the command nor the codec names a port' }
    const id = command.id === undefined || command.id === '' ? nextId() : command.id
    const item: QueueItem = {
      id,
      devEui,
      fPort,
      payload: written.bytes,
      isConfirmed,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    }
    if (!(await queue.add(item))) {
      drops.count('queue-full')
      log(subject, 'queue-full', 'The device has as many payloads waiting as it may.')
      return { tag: 'refused', reason: 'queue-full', why: 'the device has as many payloads waiting as it may' }
    }
    onQueued(devEui)
    return { tag: 'queued', id }
  }

  const payloadOf = async (
    { payload }: DownlinkCommand,
    { device, profile }: EventSubject,
  ): Promise<
    { readonly bytes: Uint8Array; readonly fPort?: number } | { readonly refused: string; readonly description: string }
  > => {
    if (payload.kind === 'bytes') return { bytes: payload.bytes }
    const { variables } = device
    return encodeDownlink(profile.codec, { call: 'encodeDownlink', data: payload.object, variables }, codecs)
  }

  const refusals: Readonly<Partial<Record<CommandRefusal, string>>> = {
    'data-too-long': 'The payload is longer than any frame.',
    'payload-missing': 'The command has neither data nor object.',
  }

  return {
    publish(message) {
      const subject = subjectOf(message.devEui)
      if (subject === undefined) return drops.count('unknown-device')
      return inOrder(message.devEui, () =>
        message.kind === 'up' ? publishUp(subject, message) : leave(subject, message),
      )
    },
    enqueue,
    request(command) {
      const done = enqueue(command).finally(() => commands.delete(done))
      commands.add(done)
    },
    refused({ devEui, refusal }) {
      const subject = subjectOf(devEui)
      if (subject !== undefined)
        log(subject, 'command-refused', refusals[refusal] ?? `The command was refused: ${refusal}.`)
    },
    drops: drops.totals,
    async settled() {
      while (tails.size > 0 || commands.size > 0) await Promise.all([...tails.values(), ...commands])
    },
  }
}
