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
export { openCodecSandbox } from './codec-sandbox.ts'
export { openDeviceStore } from './device-store.ts'
export type { DeviceEntry, DeviceStore } from './device-store.ts'
export { keyWrap } from './key-wrap.ts'
export { openMqttBroker } from './mqtt-broker.ts'
export type { MqttBroker } from './mqtt-broker.ts'
export { openNetworkDatabase } from './network-database.ts'
export { DeviceUnknown, KeyWrapFailed, NetworkDatabaseDamaged, ProvisionRefused } from './network-errors.ts'
export { openQueueStore } from './queue-store.ts'
export { openRuleStore } from './rule-store.ts'
export type { RuleStore } from './rule-store.ts'
export { openSessionStore } from './session-store.ts'
export { openStationServer } from './station-server.ts'
export type { StationDrop, StationServer, StationServerOptions } from './station-server.ts'
export { openUdpForwarder } from './udp-forwarder.ts'
export type { UdpDrop, UdpForwarder } from './udp-forwarder.ts'
export { openWebhooks } from './webhooks.ts'
export type { Webhooks } from './webhooks.ts'
export { openSimulatedForwarder } from './simulated-forwarder.ts'
export type { SimulatedForwarder } from './simulated-forwarder.ts'
