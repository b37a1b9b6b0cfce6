/**
 * Opens a chain as the actions see it: a connection, and the deployment on it.
 *
 * Not an object with methods for everything: each action is a file of its own that takes a `Chain`.
 *
 * @module
 */

import { type Chain, connect, type ConnectOptions, type Waiting } from './connection.ts'
import type { Deployment } from './deployment.ts'
import { WrongChain } from './errors.ts'
import { findDeployment } from './find-deployment.ts'

export { accountOf, connect, devnetChainId, withAccount } from './connection.ts'
export type { Chain, Connection, ConnectOptions, Waiting } from './connection.ts'

export type MakeChainOptions = ConnectOptions & {
  /** found from the chain's own announcement when it is left out */
  readonly deployment?: Deployment | undefined
}

/**
 * Opens a chain for the actions.
 *
 * @throws ChainUnreachable, WrongChain, DeploymentNotFound
 */
export async function makeChain({ deployment, ...options }: MakeChainOptions, { signal }: Waiting): Promise<Chain> {
  const connection = await connect(options, { signal })
  try {
    if (deployment !== undefined && deployment.chainId !== connection.chainId) {
      throw new WrongChain({ rpcUrl: options.rpcUrl, expected: deployment.chainId, actual: connection.chainId })
    }
    return { ...connection, deployment: deployment ?? (await findDeployment(connection, { signal })) }
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
}
