/**
 * Our messages as the JSON that ChirpStack v4 publishes, so that consumers written for it keep working.
 *
 * Names and types follow chirpstack/api/proto/integration/integration.proto and gw/gw.proto in their JSON form: camel case,
 * bytes as base64, enumerations by name, times as RFC 3339, durations as seconds with an 's'. Every scalar of an event stands
 * there, also where it is zero or empty, as ChirpStack writes events. What ChirpStack has no field for is added and is ours alone:
 * `timeline` of a txack, `bought` in a copy's metadata.
 *
 * @module
 * @see https://github.com/chirpstack/chirpstack/tree/master/api/proto
 */

import type { Application, Device, DeviceProfile } from '../model/device.ts'
import { unreachable } from '@groundwork/core/invariant.ts'
import type { JsonObject } from '../codec/payload-codec.ts'
import type { DeviceMessage, JoinMessage, LogMessage, UplinkMessage } from '../model/message.ts'
import type { Eui } from '../model/radio.ts'
import type { DeviceEvent } from './device-event.ts'
import { copiesText, devAddrText, quote, timeText, uplinkFieldsText } from './uplink-json.ts'

/** Who runs the network, in ChirpStack's words: its tenant. */
export interface Tenant {
  readonly id: string
  readonly name: string
}

/** All that `deviceInfo` is made of. */
export interface EventSubject {
  readonly tenant: Tenant
  readonly application: Application
  readonly profile: DeviceProfile
  readonly device: Device
}

/** Where a device is, as its own payload or a resolver says. */
export interface LocationMessage {
  readonly kind: 'location'
  readonly deduplicationId: string
  readonly atMs: number
  readonly devEui: Eui
  readonly latitude: number
  readonly longitude: number
  readonly altitudeM: number
  readonly source: 'GPS' | 'CONFIG' | 'UNKNOWN'
}

/** Our codes as ChirpStack's LogCode; any other is UNKNOWN. Ours stands in the context in every case. */
const logCodes: Readonly<Record<string, string>> = {
  'payload-too-long': 'DOWNLINK_PAYLOAD_SIZE',
  'uplink-codec': 'UPLINK_CODEC',
  'downlink-codec': 'DOWNLINK_CODEC',
  'dev-nonce-used': 'OTAA',
  'frame-counter-reset': 'UPLINK_F_CNT_RESET',
  'mic-wrong': 'UPLINK_MIC',
  'frame-counter-repeated': 'UPLINK_F_CNT_RETRANSMISSION',
  'downlink-refused': 'DOWNLINK_GATEWAY',
  'frame-counter-down': 'F_CNT_DOWN',
  'downlink-expired': 'EXPIRED',
}

/**
 * Writes one message. A downlink that was not sent is a `log` of level ERROR there, with the way it took: ChirpStack has a txack
 * for sent ones only.
 *
 * @param object the decoded payload of an uplink, where there is one
 */
export function chirpstackEvent(
  subject: EventSubject,
  message: DeviceMessage | LocationMessage,
  object?: JsonObject,
): DeviceEvent {
  const event = { applicationId: subject.application.id, devEui: message.devEui, atMs: message.atMs }
  const head = `{"time":"${timeText(message.atMs)}","deviceInfo":${deviceInfoText(subject)},`
  if (message.kind === 'up') return { ...event, name: 'up', json: `${head}${uplinkFieldsText(message, object)}}` }
  if (message.kind === 'join') {
    const { deduplicationId, devAddr, copies } = message
    const fields = `"deduplicationId":${quote(deduplicationId)},"devAddr":"${devAddrText(devAddr)}"`
    return { ...event, name: 'join', json: `${head}${fields},"rxInfo":${copiesText(copies)}}` }
  }
  const { name, fields } = eventFields(message)
  return { ...event, name, json: head + JSON.stringify(fields).slice(1) }
}

function eventFields(message: Exclude<DeviceMessage, UplinkMessage | JoinMessage> | LocationMessage): {
  readonly name: DeviceEvent['name']
  readonly fields: JsonObject
} {
  switch (message.kind) {
    case 'ack':
      return {
        name: 'ack',
        fields: {
          deduplicationId: message.queueItemId,
          queueItemId: message.queueItemId,
          acknowledged: message.isAcknowledged,
          fCntDown: message.fCntDown,
        },
      }
    case 'txack':
      return txackFields(message)
    case 'status':
      return {
        name: 'status',
        fields: {
          deduplicationId: `${message.devEui}-${message.atMs}`,
          margin: message.marginDb,
          externalPowerSource: message.isExternalPower,
          batteryLevelUnavailable: !message.isExternalPower && message.batteryLevel === undefined,
          batteryLevel: message.isExternalPower ? 0 : Math.round(((message.batteryLevel ?? 0) / 254) * 10_000) / 100,
        },
      }
    case 'log':
      return { name: 'log', fields: logFields(message) }
    case 'location':
      return {
        name: 'location',
        fields: {
          deduplicationId: message.deduplicationId,
          location: {
            latitude: message.latitude,
            longitude: message.longitude,
            altitude: message.altitudeM,
            source: message.source,
            accuracy: 0,
          },
        },
      }
    default:
      return unreachable(message)
  }
}

function txackFields(message: Extract<DeviceMessage, { kind: 'txack' }>): {
  readonly name: DeviceEvent['name']
  readonly fields: JsonObject
} {
  const timeline = message.timeline.map((step) => ({ ...step, time: timeText(step.atMs) }))
  const fields = {
    downlinkId: 0,
    queueItemId: message.queueItemId ?? '',
    fCntDown: message.fCntDown ?? 0,
    gatewayId: message.gatewayEui ?? '',
    timeline,
  }
  if (message.isSent) return { name: 'txack', fields }
  const last = message.timeline.findLast((step) => step.reason !== undefined)
  const refused = {
    level: 'error',
    code: 'downlink-refused',
    description: `The downlink was not sent: ${last?.reason ?? 'no reason given'}.`,
    facts: { queueItemId: fields.queueItemId, gatewayId: fields.gatewayId, reason: last?.reason ?? '' },
  } as const
  return { name: 'log', fields: { ...logFields(refused), timeline } }
}

function logFields({ level, code, description, facts }: Pick<LogMessage, 'level' | 'code' | 'description' | 'facts'>) {
  return {
    level: level.toUpperCase(),
    code: Object.hasOwn(logCodes, code) ? logCodes[code] : 'UNKNOWN',
    description,
    context: { code, ...facts },
  }
}

function deviceInfoText({ tenant, application, profile, device }: EventSubject): string {
  const deviceClass = profile.supportsClassC ? 'CLASS_C' : profile.supportsClassB ? 'CLASS_B' : 'CLASS_A'
  let text = `{"tenantId":${quote(tenant.id)},"tenantName":${quote(tenant.name)}`
  text += `,"applicationId":${quote(application.id)},"applicationName":${quote(application.name)}`
  text += `,"deviceProfileId":${quote(profile.id)},"deviceProfileName":${quote(profile.name)}`
  text += `,"deviceName":${quote(device.name)},"devEui":${quote(device.devEui)},"deviceClassEnabled":"${deviceClass}"`
  return `${text},"tags":${JSON.stringify({ ...profile.tags, ...device.tags })}}`
}
