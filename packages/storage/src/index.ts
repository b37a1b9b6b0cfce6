/**
 * The pure door of the storage network: its four verbs, its nouns, its ports and its wire forms. Runs in a browser.
 *
 * What touches disk, network or chain is behind the other door, `@groundwork/storage/adapters`.
 *
 * @module
 */

export { match, offer, faultedPercentMax, faultsForgivenMax } from './offer.ts'
export type { Exclusion, Match, RegistryOffer, Wanted } from './offer.ts'
export { accept, pieceOf, pieceSizeBytesMin, receiptFault, receiptSecondsMax, signSet, work } from './work.ts'
export type { AcceptFault, Cut, FileSource, WorkOptions } from './work.ts'
export { answerLeaf, answerNode, answersRootOf, answersTree, prove, verify } from './prove.ts'
export type { Challenge, Possession, ProofFault, ProvableSet, Verdict } from './prove.ts'
export {
  audit,
  creditsOf,
  lockAttoOf,
  pay,
  possessionKind,
  rateNanoOf,
  readinessKind,
  rebateAttoPerLeafEpoch,
  setsPerOperatorMax,
} from './pay.ts'
export type { BatchRefusal, OpenEpoch, PayableStream, Payment, StorageFacts } from './pay.ts'

export {
  capHeight,
  capNodeCount,
  heightOf,
  pieceHeightMax,
  pieceHeightMin,
  pieceSizeBytesMax,
  pieceSizes,
  piecesPerSetMax,
  proofBytesMax,
  randomDrawCount,
  rotationDrawCount,
  storageNetwork,
} from './model.ts'
export type {
  DataSetState,
  Offer,
  Piece,
  PieceSet,
  ProviderRecord,
  Receipt,
  SignedPieceSet,
  SignedReceipt,
} from './model.ts'
export type {
  AccountSigner,
  BlockPlace,
  ByteRange,
  Chain,
  Clock,
  Hasher,
  OpenDemand,
  Peer,
  Peers,
  PieceName,
  PieceReader,
  PieceStore,
  SetProposal,
  StreamTerms,
  Waiting,
} from './ports.ts'

export { memoryPieceStore } from './memory-piece-store.ts'
export { hashPiece, pieceHasher } from './piece/piece-hasher.ts'
export type { PieceDigest, PieceHasher } from './piece/piece-hasher.ts'
export { wasmHasher } from './hasher/wasm-hasher.ts'
export { findLostLeaf } from './find-lost-leaf.ts'
export type { FindLostLeafOptions } from './find-lost-leaf.ts'
export { drawnLeaves, rotationEpochs, rotationPieces } from './possession/draws.ts'
export { placeOfLeaf, pieceNode, setLayout, setTree } from './possession/set-tree.ts'
export type { LeafPlace, SetLayout } from './possession/set-tree.ts'

export { encodeNamedAnswer } from './wire/answer-abi.ts'
export type { Answer, NamedAnswer } from './wire/answer-abi.ts'
export { blockBytesMax, carHeader, carReader, carSection, checkBlock, parseCid, unknownRoot } from './wire/car.ts'
export type { CarBlock, CarFault, CarReader, Sha256 } from './wire/car.ts'
export { decodeCap, encodeCap } from './wire/cap-block.ts'
export { decodeManifest, encodeManifest } from './wire/manifest.ts'
export {
  formatPieceCid,
  formatPieceCidV1,
  formatPieceName,
  parsePieceCid,
  parsePieceCidV1,
  sizesOfPieceCid,
} from './wire/piece-cid.ts'
export type { PieceCid } from './wire/piece-cid.ts'
export {
  dataSetIdOf,
  decodeProposal,
  encodeProposal,
  pieceSetDigest,
  pieceSetSigner,
  pieceSetTypes,
} from './wire/piece-set.ts'
export { hashDetail } from './wire/possession-detail.ts'
export type { PossessionDetail } from './wire/possession-detail.ts'
export { decodeProofBlock, encodeProofBlock } from './wire/proof-block.ts'
export type { ProofBlock } from './wire/proof-block.ts'
export { receiptDigest, receiptFromJson, receiptSigner, receiptToJson, receiptTypes } from './wire/receipt.ts'
export {
  BodyMalformed,
  BodyTooLarge,
  BundleRefused,
  CarMalformed,
  CidMalformed,
  ContentUnavailable,
  DirectoryLocked,
  EvidenceUnavailable,
  FormatUnsupported,
  NoRoom,
  NotAuthenticated,
  NotFound,
  PeerFailed,
  PieceMismatch,
  RangeNotSatisfiable,
  ReceiptRefused,
  SetRefused,
  StoreDamaged,
  TooBusy,
  TooFewProviders,
  WrongByte,
} from './storage-errors.ts'
