/**
 * The pure door of the wireless network: its four verbs, its nouns, its ports and its wire forms. Runs in a browser.
 *
 * What touches disk, network or chain is behind the other door, `@groundwork/wireless/adapters`.
 *
 * @module
 */

export { antennaGainOf, match, matchRoutes, neverBuysPackets, offer } from './offer.ts'
export type { HotspotExclusion, Match, RegistryOffer, RouteExclusion, RouterRecord } from './offer.ts'
export { accept, packetOf, receiptOf, sharesOf, work } from './work.ts'
export type { Acceptance, CopyRefusal, OfferedCopy } from './work.ts'
export { carriageKind, pairSubject, prove, verify } from './prove.ts'
export type { CarriageFault, CarriedPair, OpenEpoch, Proven, Redemption, UnprovenReason, Verdict } from './prove.ts'
export {
  audit,
  coverageKind,
  coverageUnitsMin,
  defaultRaisePolicy,
  pay,
  raise,
  rebateAttoPerUnit,
  routersPerOwnerMax,
  voucherTotal,
} from './pay.ts'
export type { BatchRefusal, HeldVoucher, OwedAccount, Payment, RaisePolicy, WirelessFacts } from './pay.ts'

export { creditPacketsMax, unitBytes, unitsOf, wirelessNetwork } from './model.ts'
export type { HotspotRecord } from './model/hotspot-record.ts'
export type { Receipt, SignedTally, SignedVoucher, Tally, Voucher } from './model/receipt.ts'
export type { DevAddrRange, EuiRange, Route } from './model/route.ts'

export type { BuyPolicy, PacketVerdict } from './carry/buy.ts'
export { signalBounds } from './carry/plausible.ts'
export type { AllotmentView } from './carry/credit.ts'
export { judgeReceipts } from './carry/judge-receipts.ts'
export type { JudgedReceipts, ReceiptFault, ReceiptsContext } from './carry/judge-receipts.ts'
export { routeIndex } from './carry/route-index.ts'
export type { RouteIndex } from './carry/route-index.ts'
export type {
  AccountSigner,
  CarryAccount,
  CarryChain,
  CarryLedger,
  HotspotDirectory,
  PacketJudge,
} from './ports/carry.ts'

export { decodeCarriage, encodeCarriage } from './wire/carriage-block.ts'
export type { CarriageBlock, ShownReceipt } from './wire/carriage-block.ts'
export { decodeReceipt, encodeReceipt } from './wire/receipt.ts'
export { carryNodeDigest, tallyDigest, voucherDigest } from './wire/voucher.ts'
export type { CarryNode } from './wire/voucher.ts'

export { applicationServer } from './applications/application-server.ts'
export type { ApplicationServer, QueueRefusal, QueueVerdict } from './applications/application-server.ts'
export { isTokenOf, newApplicationToken } from './applications/application-token.ts'
export { chirpstackEvent } from './applications/chirpstack-event.ts'
export type { Tenant } from './applications/chirpstack-event.ts'
export { deviceEventNames } from './applications/device-event.ts'
export type { DeviceEvent, DeviceEventName, EventSink } from './applications/device-event.ts'
export { downlinkPayloadBytesMax } from './applications/downlink-command.ts'
export type { DownlinkCommand } from './applications/downlink-command.ts'
export { postUrl } from './applications/webhook-endpoint.ts'
export type { WebhookEndpoint } from './applications/webhook-endpoint.ts'
export { eventRing } from './applications/event-ring.ts'
export type { EventRing } from './applications/event-ring.ts'
export { beaconDesk } from './coverage/beacon-desk.ts'
export type { BeaconDesk } from './coverage/beacon-desk.ts'
export { judgeRound } from './coverage/judge-round.ts'
export type { BeaconRound, BeaconWindow, JudgedBeacon, JudgedReport, JudgedRound } from './coverage/judge-round.ts'
export { locationTrust } from './coverage/location-trust.ts'
export type { LocationTrust } from './coverage/location-trust.ts'
export { isNoteBatch, noteEntry, noteOf } from './coverage/note-entry.ts'
export { isEmptyNote, planEpochsAhead, writeNote } from './coverage/write-note.ts'
export type { BeaconPlan, BeaconStore } from './ports/beacon-store.ts'
export type { CoverageNote } from './wire/coverage-note.ts'
export { coverageMap } from './coverage/coverage-map.ts'
export type { CarriedTraffic, CoverageFeature, CoverageMap, GeoPosition } from './coverage/coverage-map.ts'
export { freeSpaceLossDb } from './coverage/free-space.ts'
export type { HeardBeacon, Hotspot, SentBeacon } from './coverage/hotspot.ts'
export { judgeBeacon } from './coverage/judge-beacon.ts'
export { noiseFloorDbm, witnessBounds, witnessRules } from './coverage/witness-rules.ts'
export { macVersions } from './model/device.ts'
export type { Application, Device, DeviceProfile, PayloadCodec, RootKeys } from './model/device.ts'
export type { DeviceMessage, QueueItem } from './model/message.ts'
export { groupMembersMax, groupQueueName } from './model/multicast-group.ts'
export type { MulticastGroup } from './model/multicast-group.ts'
export type { Modulation } from './model/modulation.ts'
export type { Eui, GatewayStatus, RadioDownlink, RadioUplink, TransmitOutcome, TransmitRefusal } from './model/radio.ts'
export type { DeviceSession } from './model/session.ts'
export type {
  Broker,
  Clock,
  Devices,
  DownlinkQueue,
  MulticastGroups,
  Radio,
  RadioListener,
  Random,
  Sessions,
  Timers,
} from './ports.ts'
export { activate } from './network-server/activate.ts'
export type { NetworkPolicy } from './network-server/join-server.ts'
export { networkServer } from './network-server/network-server.ts'
export type { NetworkServer } from './network-server/network-server.ts'
export { subBandAt } from './region/duty-cycle.ts'
export { regionOf } from './region/region-of.ts'
export { parameterRevisions, regionNames } from './region/region.ts'
export type { ParameterRevision, Region, RegionName } from './region/region.ts'
export { mobileBackhaul, wiredBackhaul } from './simulate/backhaul.ts'
export type { BackhaulModel } from './simulate/backhaul.ts'
export { deviceAgent } from './simulate/device-agent.ts'
export type { DeviceAgent } from './simulate/device-agent.ts'
export { eventQueue, passTime } from './simulate/event-queue.ts'
export type { EventQueue } from './simulate/event-queue.ts'
export { foreignFrames } from './simulate/foreign-traffic.ts'
export type { ForeignTraffic } from './simulate/foreign-traffic.ts'
export { gatewayAgent } from './simulate/gateway-agent.ts'
export type { GatewayAgent } from './simulate/gateway-agent.ts'
export { liveDevicesMax, liveGatewaysMax, liveTown } from './simulate/live-town.ts'
export type { LiveLines, LiveReport, LiveTown, LiveTownOptions, Mishaps } from './simulate/live-town.ts'
export { townRadio } from './simulate/radio-model.ts'
export type { DeviceRadio, Emission, GatewayRadio, LossReason, RadioModel, Reception } from './simulate/radio-model.ts'
export { radioWorld } from './simulate/radio-world.ts'
export type { RadioWorld } from './simulate/radio-world.ts'
export { noticingReasons, simulateTown, townDevicesMax, townGatewaysMax } from './simulate/simulate-town.ts'
export type { Town, TownGateway, TownOptions, TownReport } from './simulate/simulate-town.ts'
export type { Adversary } from './simulate/arena/adversary.ts'
export type { BeaconView, CoveragePlay, FalseReport, WitnessSeat } from './simulate/arena/coverage-play.ts'
export { coverageRounds, trustByUnits, trustOfOwners } from './simulate/arena/coverage-round.ts'
export type {
  CoverageReport,
  CoverageRoundsOptions,
  PlayedBeacon,
  TrustMeasure,
} from './simulate/arena/coverage-round.ts'
export type { MarketPlay, MarketSeat, Registered } from './simulate/arena/market-play.ts'
export { dayOf } from './simulate/arena/owner-day.ts'
export type { DayMoney, MoneyTerms, PartyDay } from './simulate/arena/owner-day.ts'
export { bootstrapWays, scoreOf } from './simulate/arena/score.ts'
export type { BootstrapWay, Played, Score, ScoreTerms } from './simulate/arena/score.ts'
export type { Place } from './simulate/place.ts'
export { simulatedAir } from './simulate/simulated-air.ts'
export type { SimulatedAir } from './simulate/simulated-air.ts'
export { simulatedDevice } from './simulate/simulated-device.ts'
export type { SentFrame, SimulatedDevice } from './simulate/simulated-device.ts'
export { uplinkLedger } from './simulate/uplink-ledger.ts'
export type { LedgerReport, MessageLoss, UplinkLedger } from './simulate/uplink-ledger.ts'
export { listeningChannels } from './wire/station-config.ts'
export type { StationSettings } from './wire/station-config.ts'
export { readRepositoryDevice } from './provision/device-repository.ts'
export { buildDeviceQr, parseDeviceQr } from './provision/device-qr.ts'
export { readDeviceCsv, writeDeviceCsv } from './provision/device-csv.ts'
export type { CsvError, DeviceRow } from './provision/device-csv.ts'
export { readStoredRule, writeStoredRule } from './rules/stored-rule.ts'
export type { DeviceRule } from './rules/device-rule.ts'
export { formatDevAddr, parseDevAddr } from './wire/dev-addr.ts'
export { isEui } from './wire/little-endian.ts'
