/**
 * The other door of the wireless network: what touches disk, network and chain. Node only.
 *
 * @module
 */

export { carryClient } from './carry-client.ts'
export type { CarryClient, CarryClientOptions, LinkView } from './carry-client.ts'
export { AllotmentTooDear, CarryLedgerDamaged } from './carry-errors.ts'
export { openCarryLedger } from './carry-ledger.ts'
export { carryServer } from './carry-server.ts'
export type { CarryServer, CarryServerOptions } from './carry-server.ts'
export { wirelessChain } from './wireless-chain.ts'
export type { WirelessChainOptions } from './wireless-chain.ts'
