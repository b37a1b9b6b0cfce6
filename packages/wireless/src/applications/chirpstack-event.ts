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
import type { CopyView, DeviceMessage, LogMessage } from '../model/message.ts'
import type { Modulation } from '../model/modulation.ts'
import type { Eui } from '../model/radio.ts'
import { toBase64 } from './base64.ts'
import type { DeviceEvent } from './device-event.ts'
import type { JsonObject } from '../codec/payload-codec.ts'

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

/** GPS time began on 6 January 1980 and has gone without the 18 leap seconds since. */
const gpsEpochMs = 315_964_800_000
const leapMs = 18_000

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
  const { name, fields } = eventFields(message, object)
  const json = JSON.stringify({ time: timeText(message.atMs), deviceInfo: deviceInfo(subject), ...fields })
  return { applicationId: subject.application.id, devEui: message.devEui, name, atMs: message.atMs, json }
}

function eventFields(
  message: DeviceMessage | LocationMessage,
  object: JsonObject | undefined,
): { readonly name: DeviceEvent['name']; readonly fields: JsonObject } {
  switch (message.kind) {
    case 'up':
      return {
        name: 'up',
        fields: {
          deduplicationId: message.deduplicationId,
          devAddr: devAddrText(message.devAddr),
          adr: message.isAdr,
          dr: message.dataRate,
          fCnt: message.fCnt,
          fPort: message.fPort ?? 0,
          confirmed: message.isConfirmed,
          data: toBase64(message.payload),
          ...(object === undefined ? {} : { object }),
          rxInfo: message.copies.map(rxInfo),
          txInfo: { frequency: message.frequencyHz, modulation: modulation(message.modulation) },
        },
      }
    case 'join':
      return {
        name: 'join',
        fields: {
          deduplicationId: message.deduplicationId,
          devAddr: devAddrText(message.devAddr),
          rxInfo: message.copies.map(rxInfo),
        },
      }
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

function deviceInfo({ tenant, application, profile, device }: EventSubject): JsonObject {
  return {
    tenantId: tenant.id,
    tenantName: tenant.name,
    applicationId: application.id,
    applicationName: application.name,
    deviceProfileId: profile.id,
    deviceProfileName: profile.name,
    deviceName: device.name,
    devEui: device.devEui,
    deviceClassEnabled: profile.supportsClassC ? 'CLASS_C' : profile.supportsClassB ? 'CLASS_B' : 'CLASS_A',
    tags: { ...profile.tags, ...device.tags },
  }
}

function rxInfo(copy: CopyView): JsonObject {
  return {
    gatewayId: copy.gatewayEui,
    ...(copy.gpsTimeMs === undefined
      ? {}
      : {
          gwTime: timeText(copy.gpsTimeMs + gpsEpochMs - leapMs),
          timeSinceGpsEpoch: `${(copy.gpsTimeMs / 1000).toFixed(3)}s`,
        }),
    nsTime: timeText(copy.heardAtMs),
    rssi: Math.round(copy.rssiDbm),
    ...(copy.snrDb === undefined ? {} : { snr: copy.snrDb }),
    channel: copy.channel,
    ...(copy.latitude === undefined || copy.longitude === undefined
      ? {}
      : { location: { latitude: copy.latitude, longitude: copy.longitude } }),
    context: toBase64(copy.context),
    metadata: { bought: copy.isBought ? 'true' : 'false' },
    crcStatus: 'CRC_OK',
  }
}

/** LoRaWAN codes its LoRa frames at 4/5. */
function modulation(used: Modulation): JsonObject {
  switch (used.kind) {
    case 'lora':
      return { lora: { bandwidth: used.bandwidthHz, spreadingFactor: used.spreadingFactor, codeRate: 'CR_4_5' } }
    case 'fsk':
      return { fsk: { datarate: used.bitRate } }
    case 'lr-fhss':
      return {
        lrFhss: { operatingChannelWidth: used.widthHz, codeRate: used.codingRate === '1/3' ? 'CR_2_6' : 'CR_4_6' },
      }
  }
}

function devAddrText(devAddr: number): string {
  return devAddr.toString(16).padStart(8, '0')
}

/** ChirpStack writes an offset and no 'Z'; consumers exist that read no other form. */
function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1)}+00:00`
}
