/**
 * Between the network server and the applications: payloads are decoded, events go out, commands and rules become downlinks.
 *
 * It is the network server's `Broker` and the applications' `DownlinkSink`, and waits for nobody: what a codec has not answered
 * yet waits here, in order per device and bounded in all; a codec that fails costs the object alone, never the event. What
 * goes wrong on behalf of a device is a `log` event of it, with a stable code.
 *
 * @module
 */

import { toHex } from '@groundwork/core/units/hex.ts'
import {
  decodeUplink,
  encodeDownlink,
  type CodecRefused,
  type CodecRunner,
  type DecodeAnswer,
  type EncodeAnswer,
  type JsonObject,
} from '../codec/payload-codec.ts'
import type { DeviceMessage, QueueItem, UplinkMessage } from '../model/message.ts'
import type { Eui } from '../model/radio.ts'
import type { Broker, Clock, Devices, DownlinkQueue, Random } from '../ports.ts'
import type { RuleDownlink, RuleEngine } from '../rules/device-rules.ts'
import { chirpstackEvent, type EventSubject, type Tenant } from './chirpstack-event.ts'
import type { EventSink } from './device-event.ts'
import type { CommandRefusal, DownlinkCommand, DownlinkSink } from './downlink-command.ts'

/** Events that wait for a codec, of all devices; beyond them an uplink goes out without its object. */
export const undecodedMax = 4096

/** Why a payload does not wait for its device. */
export type QueueRefusal =
  | 'unknown-device'
  | 'port-missing'
  | 'queue-full'
  | 'queue-failed'
  | CommandRefusal
  | CodecRefused['refused']

/** What became of a payload that was asked to be sent. */
export type QueueVerdict =
  | { readonly tag: 'queued'; readonly id: string }
  | { readonly tag: 'refused'; readonly reason: QueueRefusal; readonly description: string }

export interface ApplicationServerOptions {
  readonly tenant: Tenant
  readonly devices: Devices
  readonly queue: DownlinkQueue
  readonly codecs: CodecRunner
  readonly sinks: readonly EventSink[]
  /** none: devices do not speak to each other */
  readonly rules?: RuleEngine
  /** told that something new waits for a device */
  readonly onQueued: (devEui: Eui) => void
  readonly clock: Clock
  readonly random: Random
}

export interface ApplicationServer extends Broker, DownlinkSink {
  readonly counts: Readonly<
    Record<
      'published' | 'unknownDevice' | 'undecoded' | 'codecFailed' | 'queued' | 'downlinkRefused' | 'queueFailed',
      number
    >
  >
  /** @returns once the payload waits durably, or why it does not */
  enqueue(command: DownlinkCommand): Promise<QueueVerdict>
  /** Resolves once nothing waits for a codec or the queue. */
  idle(): Promise<void>
}

/** A downlink before its payload is bytes. */
type Asked = Pick<DownlinkCommand, 'devEui' | 'isConfirmed' | 'fPort' | 'payload' | 'id' | 'expiresAtMs'>

export function applicationServer(options: ApplicationServerOptions): ApplicationServer {
  const { tenant, devices, queue, codecs, sinks, rules, onQueued, clock, random } = options
  const counts = {
    published: 0,
    unknownDevice: 0,
    undecoded: 0,
    codecFailed: 0,
    queued: 0,
    downlinkRefused: 0,
    queueFailed: 0,
  }
  /** by device: the last of what waits, so that its events keep their order */
  const tails = new Map<Eui, Promise<void>>()
  const writes = new Set<Promise<void>>()
  let waitingCount = 0

  const subjectOf = (devEui: Eui): EventSubject | undefined => {
    const device = devices.device(devEui)
    const application = device && devices.application(device.applicationId)
    const profile = device && devices.profile(device.profileId)
    return application && profile && { tenant, device, application, profile }
  }

  const emit = (subject: EventSubject, message: DeviceMessage, object?: JsonObject): void => {
    const event = chirpstackEvent(subject, message, object)
    counts.published += 1
    for (const sink of sinks) sink.take(event)
  }

  const log = (devEui: Eui, code: string, description: string, facts: Readonly<Record<string, string>> = {}): void => {
    const subject = subjectOf(devEui)
    if (subject === undefined) return
    emit(subject, { kind: 'log', atMs: clock.nowMs(), devEui, level: 'error', code, description, facts })
  }

  /** Runs after what waits for the same device, at once where nothing does. */
  const inOrder = (devEui: Eui, run: () => void | Promise<void>): void => {
    const before = tails.get(devEui)
    const now = before === undefined ? run() : before.then(run)
    if (now === undefined) return
    waitingCount += 1
    const tail = now.finally(() => {
      waitingCount -= 1
      if (tails.get(devEui) === tail) tails.delete(devEui)
    })
    tails.set(devEui, tail)
  }

  const finishUplink = (subject: EventSubject, message: UplinkMessage, answer: DecodeAnswer | undefined): void => {
    const object = answer !== undefined && 'data' in answer ? answer.data : undefined
    emit(subject, message, object)
    if (answer !== undefined && 'refused' in answer) {
      counts.codecFailed += 1
      log(message.devEui, 'uplink-codec', answer.description, { reason: answer.refused, fCnt: String(message.fCnt) })
    }
    applyRules(subject, message, object)
  }

  const takeUplink = (message: UplinkMessage): void | Promise<void> => {
    const subject = subjectOf(message.devEui)
    if (subject === undefined) return void (counts.unknownDevice += 1)
    const { fPort, payload, atMs } = message
    const { variables } = subject.device
    const { codec } = subject.profile
    if (fPort === undefined || fPort === 0) return finishUplink(subject, message, undefined)
    const call = { call: 'decodeUplink', bytes: payload, fPort, receivedAtMs: atMs, variables } as const
    const answer = decodeUplink(codec, call, codecs)
    if (!(answer instanceof Promise)) return finishUplink(subject, message, answer)
    return answer.then((decoded) => finishUplink(subject, message, decoded))
  }

  const applyRules = (subject: EventSubject, message: UplinkMessage, object: JsonObject | undefined): void => {
    if (rules === undefined) return
    const { devEui, fPort, payload, atMs } = message
    const { downlinks, refused } = rules.evaluate({
      devEui,
      applicationId: subject.application.id,
      payload,
      atMs,
      ...(fPort === undefined ? {} : { fPort }),
      ...(object === undefined ? {} : { object }),
    })
    for (const { ruleId, refusal } of refused) {
      counts.downlinkRefused += 1
      log(devEui, 'rule-refused', `The rule ${ruleId} sent nothing: ${refusal}.`, { ruleId, reason: refusal })
    }
    for (const downlink of downlinks) void track(askedBy(downlink))
  }

  const refuse = (
    devEui: Eui,
    code: string,
    { description, reason }: { description: string; reason: QueueRefusal },
  ): QueueVerdict => {
    counts.downlinkRefused += 1
    log(devEui, code, description, { reason })
    return { tag: 'refused', reason, description }
  }

  const enqueue = async (
    asked: Asked,
    { bytes, fPort }: { readonly bytes: Uint8Array; readonly fPort: number | undefined },
  ): Promise<QueueVerdict> => {
    const { devEui } = asked
    if (fPort === undefined)
      return refuse(devEui, 'downlink-refused', {
        description: 'Neither command nor codec names a port.',
        reason: 'port-missing',
      })
    const id = asked.id === undefined || asked.id === '' ? toHex(random.bytes(16)).slice(2) : asked.id
    const item: QueueItem = {
      id,
      devEui,
      fPort,
      payload: bytes,
      isConfirmed: asked.isConfirmed,
      ...(asked.expiresAtMs === undefined ? {} : { expiresAtMs: asked.expiresAtMs }),
    }
    let isKept: boolean
    try {
      isKept = await queue.add(item)
      if (!isKept) {
        // Whoever sends takes out what has waited too long, and tells of it; that may have made room.
        onQueued(devEui)
        isKept = await queue.add(item)
      }
    } catch {
      counts.queueFailed += 1
      return refuse(devEui, 'downlink-refused', {
        description: 'The payload could not be kept.',
        reason: 'queue-failed',
      })
    }
    if (!isKept)
      return refuse(devEui, 'downlink-refused', {
        description: 'As many payloads as may wait for the device already do.',
        reason: 'queue-full',
      })
    counts.queued += 1
    onQueued(devEui)
    return { tag: 'queued', id }
  }

  const finishDownlink = (asked: Asked, answer: EncodeAnswer | CodecRefused): Promise<QueueVerdict> | QueueVerdict => {
    if ('bytes' in answer) return enqueue(asked, { bytes: answer.bytes, fPort: asked.fPort ?? answer.fPort })
    counts.codecFailed += 1
    return refuse(asked.devEui, 'downlink-codec', { description: answer.description, reason: answer.refused })
  }

  const send = async (asked: Asked): Promise<QueueVerdict> => {
    const { payload, fPort, devEui } = asked
    if (payload.kind === 'bytes') return enqueue(asked, { bytes: payload.bytes, fPort })
    const subject = subjectOf(devEui)
    if (subject === undefined) return unknown(devEui)
    if (waitingCount >= undecodedMax)
      return refuse(devEui, 'downlink-codec', { description: 'Too many codecs run already.', reason: 'busy' })
    const call = { call: 'encodeDownlink', data: payload.object, variables: subject.device.variables } as const
    const answer = encodeDownlink(subject.profile.codec, call, codecs)
    if (!(answer instanceof Promise)) return finishDownlink(asked, answer)
    const verdict = answer.then(async (encoded) => finishDownlink(asked, encoded))
    inOrder(devEui, async () => void (await verdict))
    return verdict
  }

  const unknown = (devEui: Eui): QueueVerdict => {
    counts.unknownDevice += 1
    return { tag: 'refused', reason: 'unknown-device', description: `This application has no device ${devEui}.` }
  }

  /** What nobody awaits is awaited by `idle`. */
  const track = async (asked: Asked): Promise<QueueVerdict> => {
    const verdict = send(asked)
    const write = verdict.then(() => undefined)
    writes.add(write)
    void write.finally(() => writes.delete(write))
    return verdict
  }

  const enqueueFor = async (command: DownlinkCommand): Promise<QueueVerdict> =>
    // A device of another application is no device of this one: nobody is told that it exists.
    subjectOf(command.devEui)?.application.id === command.applicationId ? track(command) : unknown(command.devEui)

  return {
    counts,

    publish(message) {
      if (message.kind === 'txack' && message.isSent) rules?.sent(message)
      if (message.kind === 'up' && waitingCount < undecodedMax)
        return inOrder(message.devEui, () => takeUplink(message))
      const subject = subjectOf(message.devEui)
      if (subject === undefined) return void (counts.unknownDevice += 1)
      if (message.kind === 'up') {
        counts.undecoded += 1
        return finishUplink(subject, message, undefined)
      }
      if (!tails.has(message.devEui)) return emit(subject, message)
      inOrder(message.devEui, () => emit(subject, message))
    },

    enqueue: enqueueFor,

    request(command) {
      void enqueueFor(command)
    },

    refused({ applicationId, devEui, refusal }) {
      if (subjectOf(devEui)?.application.id !== applicationId) {
        counts.unknownDevice += 1
        return
      }
      refuse(devEui, 'downlink-refused', { description: `The command cannot be read: ${refusal}.`, reason: refusal })
    },

    async idle() {
      while (tails.size > 0 || writes.size > 0) await Promise.all([...tails.values(), ...writes])
    },
  }
}

function askedBy({ devEui, fPort, isConfirmed, payload }: RuleDownlink): Asked {
  const content =
    'bytes' in payload ? ({ kind: 'bytes', ...payload } as const) : ({ kind: 'object', ...payload } as const)
  return { devEui, fPort, isConfirmed, payload: content }
}
