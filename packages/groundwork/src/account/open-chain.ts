/**
 * The chain that a configuration names: by deployment file, by the address of a gateway, or by RPC address alone.
 *
 * @module
 */

import { makeChain, type Chain } from '@groundwork/chain/client.ts'
import { readDeploymentFile } from '@groundwork/chain/devnet/deployment-file.ts'
import type { LocalAccount } from 'viem'
import { ConfigWrong } from '../config-errors.ts'
import type { Config } from '../config.ts'

export interface OpenChainOptions {
  readonly config: Pick<Config, 'network' | 'rpc'>
  readonly account?: LocalAccount | undefined
  readonly signal: AbortSignal
}

/** A gateway serves its deployment at /v1/deployment; its address alone is enough. */
function deploymentSource(network: string): string {
  if (!/^https?:/.test(network)) return network
  const url = new URL(network)
  return url.pathname === '/' ? new URL('/v1/deployment', url).href : network
}

/**
 * @throws ConfigWrong when neither a network nor an RPC address is named
 * @throws ChainUnreachable, WrongChain, DeploymentNotFound, DeploymentMalformed
 */
export async function openChain({ config, account, signal }: OpenChainOptions): Promise<Chain> {
  const { network, rpc } = config
  if (network === undefined && rpc === undefined) {
    throw new ConfigWrong({
      where: 'the options',
      why: 'give --network (a deployment file or a gateway) or --rpc (the chain’s address)',
    })
  }
  const deployment = network === undefined ? undefined : await readDeploymentFile(deploymentSource(network), { signal })
  const rpcUrl = rpc ?? deployment?.rpc
  if (rpcUrl === undefined)
    throw new ConfigWrong({ where: 'the deployment', why: 'it names no RPC address; give --rpc' })
  return makeChain({ rpcUrl, account, deployment }, { signal })
}
