/**
 * A network on this machine that has ended, started again from its folder: enough of it to be verified.
 *
 * @module
 */

import { makeLog } from '../log.ts'
import { openDataDir } from '../state/data-dir.ts'
import { networkSteps } from './local-network.ts'

export interface RevivedNetwork extends AsyncDisposable {
  readonly rpcUrl: string
}

/**
 * Starts chain, gateway (the relay of one provider) providers and hotspots; no watcher, so no epoch goes on.
 *
 * @throws DataDirHeld GW_DATA_DIR_HELD when a living network writes there
 */
export async function reviveNetwork(
  folder: string,
  { host, signal }: { readonly host: string; readonly signal: AbortSignal },
): Promise<RevivedNetwork> {
  const dataDir = openDataDir(folder)
  const steps = await networkSteps({ dataDir: folder, host, log: makeLog({ name: 'revive', level: 'error' }), signal })
  const end = async (): Promise<void> => {
    await steps[Symbol.asyncDispose]()
    dataDir[Symbol.dispose]()
  }
  try {
    await steps.startChain()
    await steps.startGateway()
    await steps.startProviders()
    await steps.startHotspots()
    return { rpcUrl: steps.network().rpcUrl, [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}
