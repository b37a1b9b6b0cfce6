/**
 * The wireless face of a gateway's /v1: applications, profiles, devices with their keys and sessions, payloads that wait, rules between
 * devices, multicast groups, webhooks, gateways, coverage, and events as they come.
 *
 * Coverage is public; the rest is the customer's, and reading it takes the token too.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import type { Api } from '../make-server.ts'
import { applicationsApi } from './applications-api.ts'
import { deviceEventsApi } from './device-events-api.ts'
import { deviceFilesApi } from './device-files-api.ts'
import { deviceQueueApi } from './device-queue-api.ts'
import { deviceRulesApi } from './device-rules-api.ts'
import { devicesApi } from './devices-api.ts'
import { multicastApi } from './multicast-api.ts'
import { profilesApi } from './profiles-api.ts'
import { radioNetworkApi } from './radio-network-api.ts'
import { webhooksApi } from './webhooks-api.ts'

export interface WirelessApiOptions {
  readonly wireless: RouterRole
  readonly index: ChainIndex
  readonly signal: AbortSignal
}

export function wirelessApi(app: Api, { wireless, index, signal }: WirelessApiOptions): void {
  applicationsApi(app, wireless)
  profilesApi(app, wireless)
  devicesApi(app, wireless)
  deviceFilesApi(app, wireless)
  deviceQueueApi(app, wireless)
  deviceRulesApi(app, wireless)
  multicastApi(app, wireless)
  webhooksApi(app, wireless)
  radioNetworkApi(app, { wireless, index })
  deviceEventsApi(app, { wireless, signal })
}
