/**
 * What a device asked for, answered at once: link check, time, class, ping slots, and the handshakes of 1.1.
 *
 * @module
 */

import type { DeviceSession, RadioState } from '../../model/session.ts'
import type { DownlinkCommand, UplinkCommand } from '../../wire/mac-commands.ts'
import { beaconPeriodSeconds } from '../class-b.ts'

/** How the frame with the requests was heard. */
export interface HeardFacts {
  /** what the device holds after it began anew */
  readonly bootRadio: () => RadioState
  /** of the best copy, above the floor of its data rate */
  readonly marginDb: number
  readonly gatewayCount: number
  /** GPS time at the end of the frame, in milliseconds */
  readonly gpsTimeMs: number
}

export interface Replies {
  readonly commands: readonly DownlinkCommand[]
  /** as the device now says it is */
  readonly radio: RadioState
}

/** The version that this network speaks: 1.1. */
const ownMinor = 1
/** Of DeviceModeInd; 1 is reserved: class B is a bit of each frame. */
const classes = ['A', undefined, 'C'] as const
const beaconUnitMs = 30

export function replyCommands(
  session: DeviceSession,
  asked: readonly UplinkCommand[],
  { marginDb, gatewayCount, gpsTimeMs, bootRadio }: HeardFacts,
): Replies {
  const commands: DownlinkCommand[] = []
  let { radio } = session
  for (const command of asked) {
    switch (command.name) {
      case 'LinkCheckReq':
        commands.push({
          name: 'LinkCheckAns',
          marginDb: Math.min(Math.max(Math.floor(marginDb), 0), 254),
          gatewayCount: Math.min(gatewayCount, 255),
        })
        break
      case 'DeviceTimeReq':
        commands.push({
          name: 'DeviceTimeAns',
          gpsSeconds: Math.floor(gpsTimeMs / 1000),
          fraction256: Math.floor(((gpsTimeMs % 1000) * 256) / 1000),
        })
        break
      case 'ResetInd':
        // A device made for this network has forgotten all it was told (1.1 section 5.1); its rate is that of this frame.
        radio = { ...bootRadio(), dataRate: radio.dataRate }
        commands.push({ name: 'ResetConf', minor: Math.min(command.minor, ownMinor) })
        break
      case 'RekeyInd':
        commands.push({ name: 'RekeyConf', minor: Math.min(command.minor, ownMinor) })
        break
      case 'PingSlotInfoReq':
        radio = { ...radio, pingSlotPeriodicity: command.periodicity }
        commands.push({ name: 'PingSlotInfoAns' })
        break
      case 'BeaconTimingReq': {
        const leftMs = beaconPeriodSeconds * 1000 - (gpsTimeMs % (beaconPeriodSeconds * 1000))
        commands.push({ name: 'BeaconTimingAns', delay30Ms: Math.floor(leftMs / beaconUnitMs), channel: 0 })
        break
      }
      case 'DeviceModeInd': {
        const deviceClass = classes[command.deviceClass]
        if (deviceClass !== undefined) radio = { ...radio, deviceClass }
        commands.push({ name: 'DeviceModeConf', deviceClass: command.deviceClass })
        break
      }
      default:
      // The rest are answers, which apply-answers.ts reads.
    }
  }
  return { commands, radio }
}
