/**
 * Goal: our digests and signatures are those of viem, for every type that EIP-712 has, and of the contracts' structs.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  encodeAbiParameters,
  hashTypedData as viemHash,
  keccak256,
  recoverAddress,
  type TypedDataDefinition,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { availableFields, digestOfAvailable, noPost } from '../evidence/availability.ts'
import { batchFields, digestOfHeader, type BatchHeader } from '../evidence/batch-header.ts'
import { hashEntry } from '../evidence/entry.ts'
import { digestOfPost } from '../epoch/post.ts'
import { bytesOfBigint } from '../units/bytes.ts'
import { toHex, type Hex } from '../units/hex.ts'
import { checksumAddress, parseAddress } from './address.ts'
import { domainName, domainVersion, encodeType, hashTypedData } from './eip712.ts'
import { addressOf, recover, sign } from './secp256k1.ts'

const bytes = (sizeBytes: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map((some) => toHex(some))
const uint = (bits: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: 2n ** bits - 1n })
const domain = { chainId: 31337, verifyingContract: toHex(new Uint8Array(20).fill(7)) }
const viemDomain = { ...domain, name: domainName, version: domainVersion }
const secretKey = bytesOfBigint(123456789n, 32)

const types = {
  Outer: [
    { name: 'id', type: 'uint256' },
    { name: 'delta', type: 'int64' },
    { name: 'isOpen', type: 'bool' },
    { name: 'tag', type: 'bytes4' },
    { name: 'data', type: 'bytes' },
    { name: 'text', type: 'string' },
    { name: 'pair', type: 'Inner[2]' },
    { name: 'many', type: 'Leaf[]' },
  ],
  Inner: [
    { name: 'who', type: 'address' },
    { name: 'leaf', type: 'Leaf' },
  ],
  Leaf: [{ name: 'counts', type: 'uint32[]' }],
}
const leaf = fc.record({ counts: fc.array(fc.nat(2 ** 31), { maxLength: 3 }) })
const inner = fc.record({ who: bytes(20), leaf })
const outer = fc.record({
  id: uint(256n),
  delta: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  isOpen: fc.boolean(),
  tag: bytes(4),
  data: fc.uint8Array({ maxLength: 70 }).map((some) => toHex(some)),
  text: fc.string({ unit: 'grapheme' }),
  pair: fc.tuple(inner, inner),
  many: fc.array(leaf, { maxLength: 3 }),
})

test('a digest of any struct is the one that viem computes', () => {
  fc.assert(
    fc.property(outer, (message) => {
      const theirs = viemHash({ domain: viemDomain, types, primaryType: 'Outer', message })
      assert.equal(hashTypedData({ domain, types, primaryType: 'Outer', message }), theirs)
    }),
    { numRuns: 50 },
  )
  assert.match(encodeType('Outer', types), /^Outer\(.*\)Inner\(address who,Leaf leaf\)Leaf\(uint32\[\] counts\)$/)
})

test('the header of a batch hashes as the struct Batch of the contracts', () => {
  const header: BatchHeader = {
    network: 1,
    epoch: 2n ** 64n - 1n,
    signer: addressOf(secretKey),
    counter: 5n,
    previousDigest: toHex(new Uint8Array(32).fill(1)),
    entriesRoot: toHex(new Uint8Array(32).fill(2)),
    count: 4096,
    sum: 2n ** 128n - 1n,
  }
  const definition = { domain: viemDomain, types: { Batch: batchFields }, primaryType: 'Batch', message: header }
  assert.equal(digestOfHeader(header, domain), viemHash(definition as unknown as TypedDataDefinition))
  assert.equal(
    encodeType('Batch', { Batch: batchFields }),
    'Batch(uint8 network,uint64 epoch,address signer,uint64 counter,bytes32 previousDigest,bytes32 entriesRoot,uint32 count,uint128 sum)',
  )
})

test('what keepers sign hashes as the struct Available of the contracts, and differs by post', () => {
  assert.equal(
    encodeType('Available', { Available: availableFields }),
    'Available(uint8 network,uint64 epoch,bytes32 evidence,bytes32 post)',
  )
  const filled = (byte: number, sizeBytes = 32): Hex => toHex(new Uint8Array(sizeBytes).fill(byte))
  const available = { network: 1, epoch: 42n, evidence: filled(0x88), post: filled(0x66) }
  const ofVector = { chainId: 31337, verifyingContract: filled(0x55, 20) }
  const definition: TypedDataDefinition = {
    types: { Available: availableFields },
    primaryType: 'Available',
    message: available,
    domain: { ...ofVector, name: domainName, version: domainVersion },
  }
  const theirs = viemHash(definition)
  assert.equal(digestOfAvailable(available, ofVector), theirs)
  // The same vector stands in contracts/test/SumTree.t.sol.
  assert.equal(theirs, '0x751ba0d5c6f8e224be292c08e72c20984a1ad12da7f708d0956c2048ad57af2b')
  assert.notEqual(digestOfAvailable({ ...available, post: filled(0x67) }, ofVector), theirs)
  assert.notEqual(digestOfAvailable({ ...available, post: noPost }, ofVector), theirs)
})

test('entries and posts hash as abi.encode does', () => {
  const entry = {
    kind: 3,
    account: addressOf(secretKey),
    subject: toHex(new Uint8Array(32).fill(9)),
    quantity: 77n,
    detail: toHex(new Uint8Array(32).fill(8)),
  }
  const entryTypes = ['uint8', 'address', 'bytes32', 'uint128', 'bytes32'].map((type) => ({ type }))
  assert.equal(hashEntry(entry), keccak256(encodeAbiParameters(entryTypes, Object.values(entry))))
  const post = {
    epoch: 1n,
    root: entry.subject,
    totals: 2n ** 255n,
    linesRoot: entry.detail,
    linesTotal: 3n,
    lineCount: 4,
    batchesRoot: entry.subject,
    batchCount: 5,
    evidence: entry.detail,
    rules: 6n,
  }
  const postTypes = [
    'uint64',
    'bytes32',
    'uint256',
    'bytes32',
    'uint256',
    'uint32',
    'bytes32',
    'uint32',
    'bytes32',
    'uint64',
  ].map((type) => ({ type }))
  assert.equal(digestOfPost(post), keccak256(encodeAbiParameters(postTypes, Object.values(post))))
})

test('signatures are those of viem, and both sides recover the signer', async () => {
  const account = privateKeyToAccount(toHex(secretKey))
  assert.equal(addressOf(secretKey), account.address.toLowerCase())
  assert.equal(checksumAddress(addressOf(secretKey)), account.address)
  for (const filler of [1, 2, 3, 4]) {
    const digest = toHex(new Uint8Array(32).fill(filler))
    const signature = sign(digest, secretKey)
    assert.equal(signature, await account.sign({ hash: digest }))
    assert.equal((await recoverAddress({ hash: digest, signature })).toLowerCase(), recover(digest, signature))
    assert.equal(recover(digest, signature), addressOf(secretKey))
    assert.notEqual(recover(toHex(new Uint8Array(32).fill(99)), signature), addressOf(secretKey))
  }
})

test('no signature of a stranger makes recover throw, and a high s is refused', () => {
  const digest = toHex(new Uint8Array(32).fill(1))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (some) => {
      const signer = recover(digest, toHex(some))
      assert.ok(signer === undefined || parseAddress(signer) !== undefined)
    }),
  )
  const signature = sign(digest, secretKey)
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = toHex(bytesOfBigint(order - BigInt(`0x${signature.slice(66, 130)}`), 32)).slice(2)
  const flipped: Hex = `0x${signature.slice(2, 66)}${s}${signature.endsWith('1b') ? '1c' : '1b'}`
  assert.equal(recover(digest, flipped), undefined)
  assert.equal(recover(digest, `0x${'00'.repeat(64)}1b`), undefined)
})
