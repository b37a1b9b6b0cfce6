/**
 * One application, profile and device, and messages of it, for the tests of this folder and of the adapters.
 *
 * @module
 */

import type { Application, Device, DeviceProfile } from '../model/device.ts'
import type { UplinkMessage } from '../model/message.ts'
import type { EventSubject } from './chirpstack-event.ts'

export const fixtureApplication: Application = { id: 'weather', name: 'Weather', tags: {} }

export const fixtureProfile: DeviceProfile = {
  id: 'wind-profile',
  name: 'Wind sensor',
  region: 'EU868',
  macVersion: '1.0.3',
  parameterRevision: 'RP001-1.0.3A',
  supportsJoin: true,
  supportsClassB: false,
  supportsClassC: false,
  abp: {
    rx1DelaySeconds: 1,
    rx1DataRateOffset: 0,
    rx2DataRate: 0,
    rx2FrequencyHz: 869525e3,
    factoryFrequenciesHz: [],
  },
  classB: { timeoutSeconds: 0, pingSlotPeriodicity: 0, pingSlotDataRate: 0, pingSlotFrequencyHz: 0 },
  classC: { timeoutSeconds: 0 },
  adr: 'on',
  uplinkIntervalSeconds: 900,
  codec: { kind: 'none' },
  tags: { kind: 'wind' },
}

export const fixtureDevice: Device = {
  devEui: '0101010101010101',
  joinEui: '0000000000000000',
  name: 'roof',
  description: '',
  applicationId: 'weather',
  profileId: 'wind-profile',
  isDisabled: false,
  skipsFrameCounter: false,
  tags: { floor: '4' },
  variables: {},
}

export const fixtureSubject: EventSubject = {
  tenant: { id: '0x00000000000000000000000000000000000000a1', name: 'Ann' },
  application: fixtureApplication,
  profile: fixtureProfile,
  device: fixtureDevice,
}

export const fixtureUplink: UplinkMessage = {
  kind: 'up',
  deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
  atMs: 1_658_136_855_775,
  devEui: '0101010101010101',
  devAddr: 0x00189440,
  fCnt: 7,
  fPort: 1,
  payload: Uint8Array.of(0xaa),
  isConfirmed: false,
  isAdr: true,
  isAck: false,
  dataRate: 1,
  frequencyHz: 867_100_000,
  modulation: { kind: 'lora', spreadingFactor: 11, bandwidthHz: 125_000 },
  copies: [
    {
      gatewayEui: '0016c001f153a14c',
      rssiDbm: -36,
      snrDb: 10.5,
      channel: 3,
      heardAtMs: 0x18210a88494,
      gpsTimeMs: 0x1387fb08ee4,
      latitude: 46.2,
      longitude: 6.1,
      isBought: true,
      context: Uint8Array.of(19, 115, 150, 57),
    },
  ],
}
