/**
 * The pure door of the wireless network: its four verbs, its nouns, its ports and its wire forms. Runs in a browser.
 *
 * What touches disk, network or chain is behind the other door, `@groundwork/wireless/adapters`.
 *
 * @module
 */

export { antennaGainOf, match, matchHotspots, matchRoutes, neverBuysPackets, offer } from './offer.ts'
export type { HotspotExclusion, Match, RegistryOffer, RouteExclusion, RouterRecord } from './offer.ts'
export { accept, packetOf, receiptOf, sharesOf } from './work.ts'
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
