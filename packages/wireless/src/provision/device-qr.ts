/**
 * The text in a device's QR code: who it is and how it is claimed, as in TR005 of the LoRa Alliance, schema D0.
 *
 * `LW:D0:<JoinEUI>:<DevEUI>:<ProfileID>[:O<OwnerToken>][:S<SerNum>][:P<Proprietary>][:C<CheckSum>]`; the ProfileID is VendorID and
 * VendorProfileID, four hex digits each. The checksum is CRC-16 (polynomial 0x8005, reflected, start 0xFFFF) of all before
 * ":C", as the recommendation's example shows. Keys do not stand in it.
 *
 * @module
 * @see https://lora-alliance.org/resource_hub/tr005-lorawan-device-identification-qr-codes/
 */

import { bytesOfText } from '@groundwork/core/units/bytes.ts'
import type { Eui } from '../model/radio.ts'

/** Longest text that is read: more does not fit a QR code of letters and digits. */
export const qrCharactersMax = 4296

export interface DeviceQr {
  readonly joinEui: Eui
  readonly devEui: Eui
  /** assigned by the LoRa Alliance; 0xFFFF: none */
  readonly vendorId: number
  readonly vendorProfileId: number
  readonly ownerToken?: string
  readonly serialNumber?: string
  readonly proprietary?: string
}

export type QrRefusal =
  | 'too-long'
  | 'not-lorawan'
  | 'schema-unknown'
  | 'join-eui-malformed'
  | 'dev-eui-malformed'
  | 'profile-malformed'
  | 'field-unknown'
  | 'field-twice'
  | 'field-malformed'
  | 'checksum-wrong'

export type QrRead = { readonly device: DeviceQr } | { readonly refused: QrRefusal }

const fieldNames = { O: 'ownerToken', S: 'serialNumber', P: 'proprietary' } as const

/** Letters of QR's alphanumeric mode without ':', which parts the fields; lower case is met in practice. */
const fieldPattern = /^[0-9A-Za-z $%*+./-]{0,256}$/

/** Reads what a camera saw. */
export function parseDeviceQr(text: string): QrRead {
  if (text.length > qrCharactersMax) return { refused: 'too-long' }
  const [preface, schema, joinEui = '', devEui = '', profile = '', ...fields] = text.trim().split(':')
  if (preface?.toUpperCase() !== 'LW') return { refused: 'not-lorawan' }
  if (schema?.toUpperCase() !== 'D0') return { refused: 'schema-unknown' }
  if (!/^[0-9A-Fa-f]{16}$/.test(joinEui)) return { refused: 'join-eui-malformed' }
  if (!/^[0-9A-Fa-f]{16}$/.test(devEui)) return { refused: 'dev-eui-malformed' }
  if (!/^[0-9A-Fa-f]{8}$/.test(profile)) return { refused: 'profile-malformed' }
  const extra = readFields(fields, text.trim())
  if ('refused' in extra) return extra
  return {
    device: {
      joinEui: joinEui.toLowerCase(),
      devEui: devEui.toLowerCase(),
      vendorId: Number.parseInt(profile.slice(0, 4), 16),
      vendorProfileId: Number.parseInt(profile.slice(4), 16),
      ...extra.fields,
    },
  }
}

function readFields(
  fields: readonly string[],
  text: string,
):
  | { readonly fields: Partial<Record<(typeof fieldNames)[keyof typeof fieldNames], string>> }
  | { readonly refused: QrRefusal } {
  const read: Partial<Record<(typeof fieldNames)[keyof typeof fieldNames], string>> = {}
  for (const [index, field] of fields.entries()) {
    const letter = field.slice(0, 1).toUpperCase()
    const value = field.slice(1)
    if (letter === 'C') {
      if (index !== fields.length - 1 || !/^[0-9A-Fa-f]{4}$/.test(value)) return { refused: 'field-malformed' }
      if (value.toUpperCase() !== checksum(text.slice(0, -':C0000'.length))) return { refused: 'checksum-wrong' }
      continue
    }
    const name = letter === 'O' || letter === 'S' || letter === 'P' ? fieldNames[letter] : undefined
    if (name === undefined) return { refused: 'field-unknown' }
    if (read[name] !== undefined) return { refused: 'field-twice' }
    if (!fieldPattern.test(value)) return { refused: 'field-malformed' }
    read[name] = value
  }
  return { fields: read }
}

/**
 * Writes the text, in upper case as QR's dense mode needs it.
 *
 * @returns undefined when a field cannot stand in it; a space cannot at the very end, where readers lose it
 */
export function buildDeviceQr(
  device: DeviceQr,
  { withChecksum }: { readonly withChecksum: boolean },
): string | undefined {
  const profile = hex4(device.vendorId) + hex4(device.vendorProfileId)
  const fields = Object.entries(fieldNames).flatMap(([letter, name]) => {
    const value = device[name]
    return value === undefined ? [] : [letter + value]
  })
  const body = ['LW', 'D0', device.joinEui, device.devEui, profile, ...fields].join(':').toUpperCase()
  const text = withChecksum ? `${body}:C${checksum(body)}` : body
  return text === text.trim() && 'device' in parseDeviceQr(text) ? text : undefined
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0')
}

function checksum(text: string): string {
  let crc = 0xffff
  for (const byte of bytesOfText(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return hex4(crc).toUpperCase()
}
