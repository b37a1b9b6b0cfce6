import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keccak256, toHex, type Hex } from 'viem'
import { NonceContested } from './errors.ts'
import { makeNonces, type Nonces } from './nonces.ts'

const account = '0x00000000000000000000000000000000000000aa'

/** A node that takes transactions of one account, and forgets some when told. */
function fakeNode(): {
  readonly nonces: Nonces
  readonly send: () => Promise<number>
  readonly forgetFrom: (nonce: number) => void
  readonly lagBy: (count: number) => void
  readonly taken: () => number[]
} {
  let pool: { readonly nonce: number; readonly hash: Hex }[] = []
  let lag = 0
  let made = 0
  const nonces = makeNonces({
    account,
    source: {
      countPending: async () => pool.length - lag,
      knows: async (hash) => pool.some((one) => one.hash === hash),
    },
  })
  return {
    nonces,
    send: async () => {
      const { nonce } = await nonces.run(async (nonce) => {
        if (nonce < pool.length) throw new Error('nonce too low')
        if (nonce > pool.length) throw new Error(`gap at ${pool.length}`)
        made += 1
        const sent = { nonce, hash: keccak256(toHex(made)) }
        pool.push(sent)
        return sent
      })
      return nonce
    },
    forgetFrom: (nonce) => {
      pool = pool.slice(0, nonce)
    },
    lagBy: (count) => {
      lag = count
    },
    taken: () => pool.map(({ nonce }) => nonce),
  }
}

test('nonces of one account leave no gap and are never given twice, however many send at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (count) => {
      const node = fakeNode()
      await Promise.all(Array.from({ length: count }, () => node.send()))
      assert.deepEqual(
        node.taken(),
        Array.from({ length: count }, (_, nonce) => nonce),
      )
    }),
    { numRuns: 30 },
  )
})

test('after a rollback the chain’s own count is the next nonce', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 8 }), async (count, keep) => {
      const node = fakeNode()
      for (let sent = 0; sent < count; sent += 1) await node.send()
      const kept = Math.min(keep, count)
      node.forgetFrom(kept)
      assert.equal(await node.send(), kept)
    }),
  )
})

test('a node that lags behind what it took does not get a nonce twice', async () => {
  const node = fakeNode()
  await node.send()
  await node.send()
  node.lagBy(1)
  assert.equal(await node.send(), 2)
})

test('a nonce that another program took is left to it', async () => {
  let count = 5
  const tried: number[] = []
  const nonces = makeNonces({ account, source: { countPending: async () => count, knows: async () => true } })
  const { nonce } = await nonces.run(async (nonce) => {
    tried.push(nonce)
    if (nonce === 5) {
      count = 6
      throw new Error('nonce too low')
    }
    return { nonce, hash: '0x01' }
  })
  assert.equal(nonce, 6)
  assert.deepEqual(tried, [5, 6])
})

test('an account that never gets its nonce is told so, and other errors pass as they are', async () => {
  const nonces = makeNonces({ account, source: { countPending: async () => 0, knows: async () => false } })
  let tries = 0
  await assert.rejects(
    nonces.run(async () => {
      tries += 1
      throw new Error('replacement transaction underpriced')
    }),
    NonceContested,
  )
  assert.equal(tries, 8)
  await assert.rejects(
    nonces.run(async () => {
      throw new Error('the disk is full')
    }),
    /the disk is full/,
  )
  const { nonce } = await nonces.run(async (nonce) => ({ nonce, hash: '0x02' as Hex }))
  assert.equal(nonce, 0)
})
