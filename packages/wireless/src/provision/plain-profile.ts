/**
 * A kind of device as most are: of class A, of LoRaWAN 1.0.4, joins, and says nothing that has to be decoded.
 *
 * @module
 */

import type { DeviceProfile } from '../model/device.ts'
import type { Region } from '../region/region.ts'

/** @param given what differs */
export function plainProfile(region: Region, given: Partial<DeviceProfile> = {}): DeviceProfile {
  return {
    id: 'p',
    name: 'p',
    region: region.name,
    macVersion: '1.0.4',
    parameterRevision: 'RP002-1.0.4',
    supportsJoin: true,
    supportsClassB: false,
    supportsClassC: false,
    abp: {
      rx1DelaySeconds: 1,
      rx1DataRateOffset: 0,
      rx2DataRate: region.rx2.dataRate,
      rx2FrequencyHz: region.rx2.hz,
      factoryFrequenciesHz: [],
    },
    classB: { timeoutSeconds: 0, pingSlotPeriodicity: 0, pingSlotDataRate: 0, pingSlotFrequencyHz: 0 },
    classC: { timeoutSeconds: 5 },
    adr: 'on',
    uplinkIntervalSeconds: 60,
    codec: { kind: 'none' },
    tags: {},
    ...given,
  }
}
