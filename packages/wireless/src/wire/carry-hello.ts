/**
 * The hello of the carry stream: two messages that make both sides known and give each direction a key.
 *
 * The hotspot names the router's node key, its own, and the owner that vouches for it by signature; both sign an ephemeral
 * X25519 key and everything said before. Whoever replays a hello has no ephemeral secret, so its first sealed message fails:
 * a router takes a stream for real, and lets go of an older one, only when that message came. Pure: keys are handed in.
 *
 * @see docs/protocol/wireless.md#hello
 * @module
 */

import type { NodeKey, NodeSigner, VerifyNode } from '@groundwork/core/identity/node-signer.ts'
import { bytesOfText, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { byteReader, type ByteReader } from './byte-reader.ts'
import { byteWriter } from './byte-writer.ts'
import { carryVersion } from './carry-stream.ts'
import type { CarryNode } from './voucher.ts'

/** First bytes of both: no other WebSocket of ours begins so. */
const magic: Uint8Array = bytesOfText('GWCY')
const helloKind = 1
const welcomeKind = 2
const signatureBytes = 64

export const helloBytes = 299
export const welcomeBytes = 231

export interface Hello {
  readonly chainId: bigint
  /** 32 random bytes */
  readonly nonce: Hex
  readonly ephemeral: Hex
  /** of the router that is meant */
  readonly routerKey: NodeKey
  readonly node: CarryNode
  /** the owner's, over `node` */
  readonly ownerSignature: Hex
}

export interface Welcome {
  readonly nonce: Hex
  readonly ephemeral: Hex
  /** the account that pays */
  readonly router: Hex
  readonly voucherSigner: Hex
  readonly unitPriceNano: bigint
  readonly copies: number
  /** of the draw's secret; it is revealed when the epoch is over. #draw */
  readonly drawCommitment: Hex
  readonly epoch: bigint
  readonly nowMs: number
}

/** Keys of the two directions, 32 bytes each. */
export interface CarryKeys {
  readonly toRouter: Uint8Array
  readonly toHotspot: Uint8Array
}

export interface Ephemeral {
  readonly secret: Uint8Array
  readonly publicKey: Hex
}

/** @param seed 32 random bytes, used once */
export function ephemeralOf(seed: Uint8Array): Ephemeral {
  return { secret: seed.slice(), publicKey: toHex(x25519.getPublicKey(seed)) }
}

/** The hotspot's first message. */
export async function signHello(hello: Hello, signer: NodeSigner): Promise<Uint8Array> {
  const writer = byteWriter(helloBytes)
  writer.raw(magic)
  writer.u8(carryVersion)
  writer.u8(helloKind)
  writer.u64(hello.chainId)
  writer.raw(fromHex(hello.nonce, 32))
  writer.raw(fromHex(hello.ephemeral, 32))
  writer.raw(fromHex(hello.routerKey, 32))
  writer.raw(fromHex(hello.node.nodeKey, 32))
  writer.raw(fromHex(hello.node.owner, 20))
  writer.u53(hello.node.validUntilMs)
  writer.raw(fromHex(hello.ownerSignature, 65))
  const said = writer.bytes()
  return concatBytes(said, await signer.sign(concatBytes(helloContext, said)))
}

/** Reads a stranger's hello; undefined when it is none, or not signed by its node key. Whose word counts is not judged here. */
export function openHello(bytes: Uint8Array, verify: VerifyNode): Hello | undefined {
  if (bytes.length !== helloBytes) return undefined
  const reader = opened(bytes, helloKind)
  const chainId = reader.u64()
  const nonce = toHex(reader.raw(32))
  const ephemeral = toHex(reader.raw(32))
  const routerKey = toHex(reader.raw(32))
  const nodeKey = toHex(reader.raw(32))
  const owner = toHex(reader.raw(20))
  const validUntilMs = reader.u53()
  const ownerSignature = toHex(reader.raw(65))
  const signature = reader.raw(signatureBytes)
  if (!reader.isWhole) return undefined
  const message = concatBytes(helloContext, bytes.subarray(0, helloBytes - signatureBytes))
  if (!verify({ nodeKey, message, signature })) return undefined
  return { chainId, nonce, ephemeral, routerKey, node: { nodeKey, owner, validUntilMs }, ownerSignature }
}

/** The router's answer to exactly these bytes. */
export async function signWelcome(welcome: Welcome, hello: Uint8Array, signer: NodeSigner): Promise<Uint8Array> {
  const writer = byteWriter(welcomeBytes)
  writer.raw(magic)
  writer.u8(carryVersion)
  writer.u8(welcomeKind)
  writer.raw(fromHex(welcome.nonce, 32))
  writer.raw(fromHex(welcome.ephemeral, 32))
  writer.raw(fromHex(welcome.router, 20))
  writer.raw(fromHex(welcome.voucherSigner, 20))
  writer.u64(welcome.unitPriceNano)
  writer.u8(welcome.copies)
  writer.raw(fromHex(welcome.drawCommitment, 32))
  writer.u64(welcome.epoch)
  writer.u53(welcome.nowMs)
  const said = writer.bytes()
  return concatBytes(said, await signer.sign(welcomeMessage(said, hello)))
}

/** Reads the answer to our own hello; undefined when it is none, or not signed by `routerKey` for this hello. */
export function openWelcome(
  bytes: Uint8Array,
  {
    hello,
    routerKey,
    verify,
  }: { readonly hello: Uint8Array; readonly routerKey: NodeKey; readonly verify: VerifyNode },
): Welcome | undefined {
  if (bytes.length !== welcomeBytes) return undefined
  const reader = opened(bytes, welcomeKind)
  const nonce = toHex(reader.raw(32))
  const ephemeral = toHex(reader.raw(32))
  const router = toHex(reader.raw(20))
  const voucherSigner = toHex(reader.raw(20))
  const unitPriceNano = reader.u64()
  const copies = reader.u8()
  const drawCommitment = toHex(reader.raw(32))
  const epoch = reader.u64()
  const nowMs = reader.u53()
  const signature = reader.raw(signatureBytes)
  if (!reader.isWhole) return undefined
  const message = welcomeMessage(bytes.subarray(0, welcomeBytes - signatureBytes), hello)
  if (!verify({ nodeKey: routerKey, message, signature })) return undefined
  return { nonce, ephemeral, router, voucherSigner, unitPriceNano, copies, drawCommitment, epoch, nowMs }
}

/**
 * The keys that follow from both ephemeral keys and everything that was said.
 *
 * @param hello as it was sent, and `welcome` too, with their signatures
 * @returns undefined when the other side's ephemeral key is one that gives no secret
 */
export function carryKeys({
  secret,
  theirs,
  hello,
  welcome,
}: {
  readonly secret: Uint8Array
  readonly theirs: Hex
  readonly hello: Uint8Array
  readonly welcome: Uint8Array
}): CarryKeys | undefined {
  const shared = sharedSecret(secret, fromHex(theirs, 32))
  if (shared === undefined) return undefined
  const keys = hkdf(sha256, shared, sha256(concatBytes(hello, welcome)), bytesOfText('groundwork-carry/1 keys'), 64)
  return { toRouter: keys.slice(0, 32), toHotspot: keys.slice(32) }
}

const helloContext: Uint8Array = bytesOfText('groundwork-carry/1 hello\n')
const welcomeContext: Uint8Array = bytesOfText('groundwork-carry/1 welcome\n')

function welcomeMessage(said: Uint8Array, hello: Uint8Array): Uint8Array {
  return concatBytes(welcomeContext, sha256(hello), said)
}

function opened(bytes: Uint8Array, kind: number): ByteReader {
  const reader = byteReader(bytes)
  const isOurs = reader.raw(magic.length).every((byte, index) => byte === magic[index])
  if (!isOurs || reader.u8() !== carryVersion || reader.u8() !== kind) reader.fail()
  return reader
}

/** noble throws for points of low order; a stranger's key is an ordinary value. */
function sharedSecret(secret: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  try {
    return x25519.getSharedSecret(secret, theirs)
  } catch {
    return undefined
  }
}
