/**
 * The resource networks of this program, by name and by their number on the chain.
 *
 * @module
 */

import { storageNetwork } from '@groundwork/storage'
import { wirelessNetwork } from '@groundwork/wireless'
import { roles, type Role } from './config.ts'

export type NetworkName = Role

export const networkNames: readonly [NetworkName, ...NetworkName[]] = roles

export const networkIds: Readonly<Record<NetworkName, number>> = {
  storage: storageNetwork,
  wireless: wirelessNetwork,
}
