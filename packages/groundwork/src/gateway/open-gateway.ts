/**
 * The gateway that a command means: by address, with the token of a data directory on this machine.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import path from 'node:path'
import { apiTokenPath } from '../http/api-token.ts'
import { UsageWrong } from '../cli/usage-errors.ts'
import { gatewayClient, type GatewayClient } from './gateway-client.ts'

/** Where the gateway of a data directory keeps its token: its own folder, or that of a network that `up` made. */
function tokenFolder(dataDir: string): string | undefined {
  return [dataDir, path.join(dataDir, 'gateway'), path.join(dataDir, 'up', 'gateway')].find((folder) =>
    existsSync(apiTokenPath(folder)),
  )
}

/** @throws UsageWrong when no gateway is named */
export async function openGateway({
  gateway,
  dataDir,
}: {
  gateway: string | undefined
  dataDir: string
}): Promise<GatewayClient> {
  if (gateway === undefined)
    throw new UsageWrong({
      why: 'which gateway is not said',
      tip: '--gateway http://127.0.0.1:<port>, as `groundwork up` prints it',
    })
  return gatewayClient({ url: gateway, dataDir: tokenFolder(dataDir) })
}
