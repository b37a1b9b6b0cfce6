/**
 * The accounts of the devnet, from anvil's well-known mnemonic. Anyone knows these keys: never for another chain.
 *
 * @module
 */

import type { LocalAccount } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

const mnemonic = 'test test test test test test test test test test test junk'

/** Account by index of anvil's mnemonic; the first ten hold 10,000 coins for gas. */
export function devnetAccount(index: number): LocalAccount {
  return mnemonicToAccount(mnemonic, { addressIndex: index })
}

/** Deploys, is the guardian, and holds the genesis as the faucet. */
export function deployerAccount(): LocalAccount {
  return devnetAccount(0)
}

/** Post the devnet's price. */
export function posterAccounts(): readonly LocalAccount[] {
  return [1, 2, 3].map(devnetAccount)
}
