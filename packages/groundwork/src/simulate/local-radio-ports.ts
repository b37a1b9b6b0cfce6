/**
 * Where the radios of a customer speak to the gateway of a network that `groundwork up` made on this machine.
 *
 * @module
 */

import path from 'node:path'
import { portsIn } from '../up/free-port.ts'
import type { UsualPorts } from './real-addresses.ts'

/**
 * @param dataDir of the command: the program's own folder, that of the network, or that of its gateway
 * @returns undefined when no such network has its gateway at that port
 */
export async function localRadioPorts({
  dataDir,
  gatewayPort,
}: {
  readonly dataDir: string
  readonly gatewayPort: number
}): Promise<UsualPorts | undefined> {
  for (const folder of [path.join(dataDir, 'up'), dataDir, path.dirname(dataDir)]) {
    const { gateway, 'own-radio': udp, 'own-station': station } = await portsIn(path.join(folder, 'ports.json'))
    if (gateway === gatewayPort && udp !== undefined && station !== undefined)
      return { wirelessUdpPort: udp, wirelessStationPort: station }
  }
  return undefined
}
