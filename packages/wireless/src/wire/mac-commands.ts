/**
 * MAC commands: what network and device tell each other about the radio, in FOpts or on port 0. LoRaWAN 1.0.4 section 5, 1.1
 * section 5; class B 1.0.4 section 14.
 *
 * Each command is one row of a table: number, direction, size, and how its bytes read. Field names follow the specification;
 * frequencies are Hz.
 *
 * @module
 */

import { readUint, writeUint } from './little-endian.ts'

/** What a device may send. */
export type UplinkCommand =
  | { readonly name: 'ResetInd'; readonly minor: number }
  | { readonly name: 'LinkCheckReq' }
  | {
      readonly name: 'LinkADRAns'
      readonly chMaskAck: boolean
      readonly dataRateAck: boolean
      readonly powerAck: boolean
    }
  | { readonly name: 'DutyCycleAns' }
  | {
      readonly name: 'RXParamSetupAns'
      readonly channelAck: boolean
      readonly rx2DataRateAck: boolean
      readonly rx1DataRateOffsetAck: boolean
    }
  /** margin: dB, -32 to 31 */
  | { readonly name: 'DevStatusAns'; readonly battery: number; readonly margin: number }
  | { readonly name: 'NewChannelAns'; readonly frequencyOk: boolean; readonly dataRateOk: boolean }
  | { readonly name: 'RXTimingSetupAns' }
  | { readonly name: 'TXParamSetupAns' }
  | { readonly name: 'DlChannelAns'; readonly frequencyOk: boolean; readonly uplinkExists: boolean }
  | { readonly name: 'RekeyInd'; readonly minor: number }
  | { readonly name: 'ADRParamSetupAns' }
  | { readonly name: 'DeviceTimeReq' }
  | { readonly name: 'RejoinParamSetupAns'; readonly timeOk: boolean }
  | { readonly name: 'PingSlotInfoReq'; readonly periodicity: number }
  | { readonly name: 'PingSlotChannelAns'; readonly frequencyOk: boolean; readonly dataRateOk: boolean }
  | { readonly name: 'BeaconTimingReq' }
  | { readonly name: 'BeaconFreqAns'; readonly frequencyOk: boolean }
  | { readonly name: 'DeviceModeInd'; readonly deviceClass: number }

/** What a network may send. */
export type DownlinkCommand =
  | { readonly name: 'ResetConf'; readonly minor: number }
  | { readonly name: 'LinkCheckAns'; readonly marginDb: number; readonly gatewayCount: number }
  | {
      readonly name: 'LinkADRReq'
      readonly dataRate: number
      readonly txPower: number
      /** 16 bits, channel 0 of the block lowest */
      readonly chMask: number
      readonly chMaskCntl: number
      readonly nbTrans: number
    }
  | { readonly name: 'DutyCycleReq'; readonly maxDutyCycle: number }
  | {
      readonly name: 'RXParamSetupReq'
      readonly rx1DataRateOffset: number
      readonly rx2DataRate: number
      readonly frequencyHz: number
    }
  | { readonly name: 'DevStatusReq' }
  | {
      readonly name: 'NewChannelReq'
      readonly channel: number
      readonly frequencyHz: number
      readonly dataRateMin: number
      readonly dataRateMax: number
    }
  | { readonly name: 'RXTimingSetupReq'; readonly delaySeconds: number }
  /** maxEirp: index into the table of the regional parameters */
  | {
      readonly name: 'TXParamSetupReq'
      readonly uplinkDwell: boolean
      readonly downlinkDwell: boolean
      readonly maxEirp: number
    }
  | { readonly name: 'DlChannelReq'; readonly channel: number; readonly frequencyHz: number }
  | { readonly name: 'RekeyConf'; readonly minor: number }
  | { readonly name: 'ADRParamSetupReq'; readonly limitExponent: number; readonly delayExponent: number }
  /** seconds of GPS time and 256ths */
  | { readonly name: 'DeviceTimeAns'; readonly gpsSeconds: number; readonly fraction256: number }
  | {
      readonly name: 'ForceRejoinReq'
      readonly period: number
      readonly retriesMax: number
      readonly rejoinType: number
      readonly dataRate: number
    }
  | { readonly name: 'RejoinParamSetupReq'; readonly timeExponent: number; readonly countExponent: number }
  | { readonly name: 'PingSlotInfoAns' }
  | { readonly name: 'PingSlotChannelReq'; readonly frequencyHz: number; readonly dataRate: number }
  /** delay: units of 30 ms */
  | { readonly name: 'BeaconTimingAns'; readonly delay30Ms: number; readonly channel: number }
  | { readonly name: 'BeaconFreqReq'; readonly frequencyHz: number }
  | { readonly name: 'DeviceModeConf'; readonly deviceClass: number }

export type MacCommand = UplinkCommand | DownlinkCommand

interface Row<Command extends MacCommand> {
  readonly cid: number
  /** without the command's number */
  readonly sizeBytes: number
  readonly read: (bytes: Uint8Array, at: number) => Command
  readonly write: (command: Command, bytes: Uint8Array, at: number) => void
}

type Rows<Command extends MacCommand> = { readonly [Name in Command['name']]: Row<Extract<Command, { name: Name }>> }

const nothing = (): void => undefined
const bit = (bytes: Uint8Array, at: number, index: number): boolean => ((bytes[at]! >>> index) & 1) === 1
const bits = (...flags: readonly boolean[]): number =>
  flags.reduce((byte, flag, index) => byte | (flag ? 1 << index : 0), 0)
const readHz = (bytes: Uint8Array, at: number): number => readUint(bytes, at, 3) * 100
const writeHz = (bytes: Uint8Array, at: number, hz: number): void => writeUint(bytes, at, 3, Math.round(hz / 100))

const uplinkRows: Rows<UplinkCommand> = {
  ResetInd: {
    cid: 0x01,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'ResetInd', minor: bytes[at]! & 15 }),
    write: ({ minor }, bytes, at) => void (bytes[at] = minor & 15),
  },
  LinkCheckReq: { cid: 0x02, sizeBytes: 0, read: () => ({ name: 'LinkCheckReq' }), write: nothing },
  LinkADRAns: {
    cid: 0x03,
    sizeBytes: 1,
    read: (bytes, at) => ({
      name: 'LinkADRAns',
      chMaskAck: bit(bytes, at, 0),
      dataRateAck: bit(bytes, at, 1),
      powerAck: bit(bytes, at, 2),
    }),
    write: ({ chMaskAck, dataRateAck, powerAck }, bytes, at) =>
      void (bytes[at] = bits(chMaskAck, dataRateAck, powerAck)),
  },
  DutyCycleAns: { cid: 0x04, sizeBytes: 0, read: () => ({ name: 'DutyCycleAns' }), write: nothing },
  RXParamSetupAns: {
    cid: 0x05,
    sizeBytes: 1,
    read: (bytes, at) => ({
      name: 'RXParamSetupAns',
      channelAck: bit(bytes, at, 0),
      rx2DataRateAck: bit(bytes, at, 1),
      rx1DataRateOffsetAck: bit(bytes, at, 2),
    }),
    write: ({ channelAck, rx2DataRateAck, rx1DataRateOffsetAck }, bytes, at) =>
      void (bytes[at] = bits(channelAck, rx2DataRateAck, rx1DataRateOffsetAck)),
  },
  DevStatusAns: {
    cid: 0x06,
    sizeBytes: 2,
    read: (bytes, at) => ({ name: 'DevStatusAns', battery: bytes[at]!, margin: (bytes[at + 1]! << 26) >> 26 }),
    write: ({ battery, margin }, bytes, at) => {
      bytes[at] = battery
      bytes[at + 1] = margin & 63
    },
  },
  NewChannelAns: {
    cid: 0x07,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'NewChannelAns', frequencyOk: bit(bytes, at, 0), dataRateOk: bit(bytes, at, 1) }),
    write: ({ frequencyOk, dataRateOk }, bytes, at) => void (bytes[at] = bits(frequencyOk, dataRateOk)),
  },
  RXTimingSetupAns: { cid: 0x08, sizeBytes: 0, read: () => ({ name: 'RXTimingSetupAns' }), write: nothing },
  TXParamSetupAns: { cid: 0x09, sizeBytes: 0, read: () => ({ name: 'TXParamSetupAns' }), write: nothing },
  DlChannelAns: {
    cid: 0x0a,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'DlChannelAns', frequencyOk: bit(bytes, at, 0), uplinkExists: bit(bytes, at, 1) }),
    write: ({ frequencyOk, uplinkExists }, bytes, at) => void (bytes[at] = bits(frequencyOk, uplinkExists)),
  },
  RekeyInd: {
    cid: 0x0b,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'RekeyInd', minor: bytes[at]! & 15 }),
    write: ({ minor }, bytes, at) => void (bytes[at] = minor & 15),
  },
  ADRParamSetupAns: { cid: 0x0c, sizeBytes: 0, read: () => ({ name: 'ADRParamSetupAns' }), write: nothing },
  DeviceTimeReq: { cid: 0x0d, sizeBytes: 0, read: () => ({ name: 'DeviceTimeReq' }), write: nothing },
  RejoinParamSetupAns: {
    cid: 0x0f,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'RejoinParamSetupAns', timeOk: bit(bytes, at, 0) }),
    write: ({ timeOk }, bytes, at) => void (bytes[at] = bits(timeOk)),
  },
  PingSlotInfoReq: {
    cid: 0x10,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'PingSlotInfoReq', periodicity: bytes[at]! & 7 }),
    write: ({ periodicity }, bytes, at) => void (bytes[at] = periodicity & 7),
  },
  PingSlotChannelAns: {
    cid: 0x11,
    sizeBytes: 1,
    read: (bytes, at) => ({
      name: 'PingSlotChannelAns',
      frequencyOk: bit(bytes, at, 0),
      dataRateOk: bit(bytes, at, 1),
    }),
    write: ({ frequencyOk, dataRateOk }, bytes, at) => void (bytes[at] = bits(frequencyOk, dataRateOk)),
  },
  BeaconTimingReq: { cid: 0x12, sizeBytes: 0, read: () => ({ name: 'BeaconTimingReq' }), write: nothing },
  BeaconFreqAns: {
    cid: 0x13,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'BeaconFreqAns', frequencyOk: bit(bytes, at, 0) }),
    write: ({ frequencyOk }, bytes, at) => void (bytes[at] = bits(frequencyOk)),
  },
  DeviceModeInd: {
    cid: 0x20,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'DeviceModeInd', deviceClass: bytes[at]! }),
    write: ({ deviceClass }, bytes, at) => void (bytes[at] = deviceClass),
  },
}

const downlinkRows: Rows<DownlinkCommand> = {
  ResetConf: {
    cid: 0x01,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'ResetConf', minor: bytes[at]! & 15 }),
    write: ({ minor }, bytes, at) => void (bytes[at] = minor & 15),
  },
  LinkCheckAns: {
    cid: 0x02,
    sizeBytes: 2,
    read: (bytes, at) => ({ name: 'LinkCheckAns', marginDb: bytes[at]!, gatewayCount: bytes[at + 1]! }),
    write: ({ marginDb, gatewayCount }, bytes, at) => {
      bytes[at] = marginDb
      bytes[at + 1] = gatewayCount
    },
  },
  LinkADRReq: {
    cid: 0x03,
    sizeBytes: 4,
    read: (bytes, at) => ({
      name: 'LinkADRReq',
      dataRate: bytes[at]! >>> 4,
      txPower: bytes[at]! & 15,
      chMask: readUint(bytes, at + 1, 2),
      chMaskCntl: (bytes[at + 3]! >>> 4) & 7,
      nbTrans: bytes[at + 3]! & 15,
    }),
    write: ({ dataRate, txPower, chMask, chMaskCntl, nbTrans }, bytes, at) => {
      bytes[at] = ((dataRate & 15) << 4) | (txPower & 15)
      writeUint(bytes, at + 1, 2, chMask)
      bytes[at + 3] = ((chMaskCntl & 7) << 4) | (nbTrans & 15)
    },
  },
  DutyCycleReq: {
    cid: 0x04,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'DutyCycleReq', maxDutyCycle: bytes[at]! & 15 }),
    write: ({ maxDutyCycle }, bytes, at) => void (bytes[at] = maxDutyCycle & 15),
  },
  RXParamSetupReq: {
    cid: 0x05,
    sizeBytes: 4,
    read: (bytes, at) => ({
      name: 'RXParamSetupReq',
      rx1DataRateOffset: (bytes[at]! >>> 4) & 7,
      rx2DataRate: bytes[at]! & 15,
      frequencyHz: readHz(bytes, at + 1),
    }),
    write: ({ rx1DataRateOffset, rx2DataRate, frequencyHz }, bytes, at) => {
      bytes[at] = ((rx1DataRateOffset & 7) << 4) | (rx2DataRate & 15)
      writeHz(bytes, at + 1, frequencyHz)
    },
  },
  DevStatusReq: { cid: 0x06, sizeBytes: 0, read: () => ({ name: 'DevStatusReq' }), write: nothing },
  NewChannelReq: {
    cid: 0x07,
    sizeBytes: 5,
    read: (bytes, at) => ({
      name: 'NewChannelReq',
      channel: bytes[at]!,
      frequencyHz: readHz(bytes, at + 1),
      dataRateMin: bytes[at + 4]! & 15,
      dataRateMax: bytes[at + 4]! >>> 4,
    }),
    write: ({ channel, frequencyHz, dataRateMin, dataRateMax }, bytes, at) => {
      bytes[at] = channel
      writeHz(bytes, at + 1, frequencyHz)
      bytes[at + 4] = ((dataRateMax & 15) << 4) | (dataRateMin & 15)
    },
  },
  RXTimingSetupReq: {
    cid: 0x08,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'RXTimingSetupReq', delaySeconds: bytes[at]! & 15 }),
    write: ({ delaySeconds }, bytes, at) => void (bytes[at] = delaySeconds & 15),
  },
  TXParamSetupReq: {
    cid: 0x09,
    sizeBytes: 1,
    read: (bytes, at) => ({
      name: 'TXParamSetupReq',
      uplinkDwell: bit(bytes, at, 4),
      downlinkDwell: bit(bytes, at, 5),
      maxEirp: bytes[at]! & 15,
    }),
    write: ({ uplinkDwell, downlinkDwell, maxEirp }, bytes, at) =>
      void (bytes[at] = (downlinkDwell ? 0x20 : 0) | (uplinkDwell ? 0x10 : 0) | (maxEirp & 15)),
  },
  DlChannelReq: {
    cid: 0x0a,
    sizeBytes: 4,
    read: (bytes, at) => ({ name: 'DlChannelReq', channel: bytes[at]!, frequencyHz: readHz(bytes, at + 1) }),
    write: ({ channel, frequencyHz }, bytes, at) => {
      bytes[at] = channel
      writeHz(bytes, at + 1, frequencyHz)
    },
  },
  RekeyConf: {
    cid: 0x0b,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'RekeyConf', minor: bytes[at]! & 15 }),
    write: ({ minor }, bytes, at) => void (bytes[at] = minor & 15),
  },
  ADRParamSetupReq: {
    cid: 0x0c,
    sizeBytes: 1,
    read: (bytes, at) => ({
      name: 'ADRParamSetupReq',
      limitExponent: bytes[at]! >>> 4,
      delayExponent: bytes[at]! & 15,
    }),
    write: ({ limitExponent, delayExponent }, bytes, at) =>
      void (bytes[at] = ((limitExponent & 15) << 4) | (delayExponent & 15)),
  },
  DeviceTimeAns: {
    cid: 0x0d,
    sizeBytes: 5,
    read: (bytes, at) => ({ name: 'DeviceTimeAns', gpsSeconds: readUint(bytes, at, 4), fraction256: bytes[at + 4]! }),
    write: ({ gpsSeconds, fraction256 }, bytes, at) => {
      writeUint(bytes, at, 4, gpsSeconds)
      bytes[at + 4] = fraction256
    },
  },
  ForceRejoinReq: {
    cid: 0x0e,
    sizeBytes: 2,
    read: (bytes, at) => ({
      name: 'ForceRejoinReq',
      period: (bytes[at + 1]! >>> 3) & 7,
      retriesMax: bytes[at + 1]! & 7,
      rejoinType: (bytes[at]! >>> 4) & 7,
      dataRate: bytes[at]! & 15,
    }),
    write: ({ period, retriesMax, rejoinType, dataRate }, bytes, at) => {
      bytes[at] = ((rejoinType & 7) << 4) | (dataRate & 15)
      bytes[at + 1] = ((period & 7) << 3) | (retriesMax & 7)
    },
  },
  RejoinParamSetupReq: {
    cid: 0x0f,
    sizeBytes: 1,
    read: (bytes, at) => ({
      name: 'RejoinParamSetupReq',
      timeExponent: bytes[at]! >>> 4,
      countExponent: bytes[at]! & 15,
    }),
    write: ({ timeExponent, countExponent }, bytes, at) =>
      void (bytes[at] = ((timeExponent & 15) << 4) | (countExponent & 15)),
  },
  PingSlotInfoAns: { cid: 0x10, sizeBytes: 0, read: () => ({ name: 'PingSlotInfoAns' }), write: nothing },
  PingSlotChannelReq: {
    cid: 0x11,
    sizeBytes: 4,
    read: (bytes, at) => ({
      name: 'PingSlotChannelReq',
      frequencyHz: readHz(bytes, at),
      dataRate: bytes[at + 3]! & 15,
    }),
    write: ({ frequencyHz, dataRate }, bytes, at) => {
      writeHz(bytes, at, frequencyHz)
      bytes[at + 3] = dataRate & 15
    },
  },
  BeaconTimingAns: {
    cid: 0x12,
    sizeBytes: 3,
    read: (bytes, at) => ({ name: 'BeaconTimingAns', delay30Ms: readUint(bytes, at, 2), channel: bytes[at + 2]! }),
    write: ({ delay30Ms, channel }, bytes, at) => {
      writeUint(bytes, at, 2, delay30Ms)
      bytes[at + 2] = channel
    },
  },
  BeaconFreqReq: {
    cid: 0x13,
    sizeBytes: 3,
    read: (bytes, at) => ({ name: 'BeaconFreqReq', frequencyHz: readHz(bytes, at) }),
    write: ({ frequencyHz }, bytes, at) => writeHz(bytes, at, frequencyHz),
  },
  DeviceModeConf: {
    cid: 0x20,
    sizeBytes: 1,
    read: (bytes, at) => ({ name: 'DeviceModeConf', deviceClass: bytes[at]! }),
    write: ({ deviceClass }, bytes, at) => void (bytes[at] = deviceClass),
  },
}

const byNumber = <Command extends MacCommand>(rows: Rows<Command>): ReadonlyMap<number, Row<Command>> =>
  new Map((Object.values(rows) as Row<Command>[]).map((row) => [row.cid, row]))
const uplinkByNumber = byNumber(uplinkRows)
const downlinkByNumber = byNumber(downlinkRows)

/** Commands of a frame as far as they could be read. */
export interface ReadCommands<Command extends MacCommand> {
  readonly commands: readonly Command[]
  /** why the rest was not read: a command's length follows from its number, so nothing after an unknown one means anything */
  readonly fault?: { readonly reason: 'unknown-command' | 'truncated'; readonly cid: number }
}

export function readUplinkCommands(bytes: Uint8Array): ReadCommands<UplinkCommand> {
  return readCommands(bytes, uplinkByNumber)
}

export function readDownlinkCommands(bytes: Uint8Array): ReadCommands<DownlinkCommand> {
  return readCommands(bytes, downlinkByNumber)
}

function readCommands<Command extends MacCommand>(
  bytes: Uint8Array,
  rows: ReadonlyMap<number, Row<Command>>,
): ReadCommands<Command> {
  const commands: Command[] = []
  for (let at = 0; at < bytes.length;) {
    const cid = bytes[at]!
    const row = rows.get(cid)
    if (row === undefined) return { commands, fault: { reason: 'unknown-command', cid } }
    if (at + 1 + row.sizeBytes > bytes.length) return { commands, fault: { reason: 'truncated', cid } }
    commands.push(row.read(bytes, at + 1))
    at += 1 + row.sizeBytes
  }
  return { commands }
}

/** Bytes of one command, with its number. */
export function commandBytes(command: MacCommand, { isUp }: { readonly isUp: boolean }): number {
  return 1 + rowOf(command, isUp).sizeBytes
}

export function writeCommands(
  commands: readonly MacCommand[],
  { isUp }: { readonly isUp: boolean },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(commands.reduce((total, command) => total + commandBytes(command, { isUp }), 0))
  let at = 0
  for (const command of commands) {
    const { cid, sizeBytes, write } = rowOf(command, isUp)
    bytes[at] = cid
    write(command, bytes, at + 1)
    at += 1 + sizeBytes
  }
  return bytes
}

function rowOf(command: MacCommand, isUp: boolean): Row<MacCommand> {
  const rows: Readonly<Record<string, unknown>> = isUp ? uplinkRows : downlinkRows
  return rows[command.name] as Row<MacCommand>
}
