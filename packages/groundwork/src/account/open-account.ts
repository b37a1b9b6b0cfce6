/**
 * The two keys of a daemon: its account (secp256k1: signs evidence, owns the bond, is paid) and its node key (ed25519:
 * authenticates connections). Both lie encrypted in the data directory.
 *
 * @module
 */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { accountOf } from '@groundwork/chain/client.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { KeyObject } from 'node:crypto'
import type { LocalAccount } from 'viem'
import type { Config } from '../config.ts'
import { devnetCost, openKey, standardCost } from '../keys/keystore.ts'
import { nodeKeyHexOf, nodePrivateKey } from '../relay/relay-hello.ts'

export interface NodeKey {
  /** 32 secret bytes */
  readonly seed: Uint8Array
  readonly privateKey: KeyObject
  /** 32 bytes in hex, as the registry has it */
  readonly publicKey: Hex
}

type KeyConfig = Pick<Config, 'dataDir' | 'keyCost'>

async function openNamed(name: string, { dataDir, keyCost }: KeyConfig): Promise<Uint8Array> {
  const folder = path.join(dataDir, 'keys')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return openKey({
    path: path.join(folder, `${name}.json`),
    passwordPath: path.join(folder, `${name}.password`),
    cost: keyCost === 'devnet' ? devnetCost : standardCost,
  })
}

/** The key that encrypts the keys of devices at rest; made on first use. */
export async function openDeviceKek(config: KeyConfig): Promise<Uint8Array> {
  return openNamed('devices', config)
}

/** The account of a data directory; made on first use. */
export async function openAccount(config: KeyConfig): Promise<LocalAccount> {
  return accountOf(toHex(await openNamed('account', config)))
}

/** The node key of a data directory; made on first use. */
export async function openNodeKey(config: KeyConfig): Promise<NodeKey> {
  const seed = await openNamed('node', config)
  const privateKey = nodePrivateKey(seed)
  return { seed, privateKey, publicKey: `0x${nodeKeyHexOf(privateKey)}` }
}
