/**
 * Goal: the page shows what it is given, every payment with its evidence, and nothing a stranger registers can become markup.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusPage, type StatusView } from './status-page.ts'

const empty: StatusView = {
  name: 'devnet',
  block: 7n,
  rpc: 'http://127.0.0.1:1',
  networks: [],
  providers: [],
  epochs: [],
  payments: [],
  paymentsSkipped: 0,
  paymentCount: 0,
  objects: [],
  coverage: undefined,
}

test('a payment links to its transaction and to its evidence', () => {
  const page = statusPage({
    ...empty,
    payments: [
      {
        block: '9',
        kind: 'stream',
        from: '0xaa',
        to: '0xbb',
        amount: '5 credits',
        tx: '0xcc',
        evidence: { text: 'epoch 3', href: '/v1/evidence/bafy' },
      },
    ],
  })
  assert.match(page, /href="\/v1\/transactions\/0xcc"/)
  assert.match(page, /href="\/v1\/evidence\/bafy">epoch 3</)
})

test('payments that do not fit lead to the older ones, and a page of older ones stands still', () => {
  const payment = { block: '9', kind: 'slash', from: '0xaa', to: '0xbb', amount: '1', tx: '0xcc', evidence: undefined }
  const first = statusPage({ ...empty, payments: [payment, payment], paymentCount: 5 })
  assert.match(first, /1 to 2 of 5/)
  assert.match(first, /href="\/\?skip=2">older</)
  assert.match(first, /http-equiv="refresh"/)
  const last = statusPage({ ...empty, payments: [payment], paymentsSkipped: 4, paymentCount: 5 })
  assert.ok(!last.includes('older') && !last.includes('http-equiv="refresh"'))
})

test('coverage is shown once something was carried', () => {
  assert.ok(!statusPage(empty).includes('Paid coverage'))
  assert.match(
    statusPage({ ...empty, coverage: '<svg id="x"></svg>' }),
    /Paid coverage.*<svg id="x">.*\/v1\/wireless\/coverage/s,
  )
})

test('with no payments the page says the rule', () => {
  assert.match(statusPage(empty), /no proof, no pay/)
})

test('an endpoint with markup in it stays text', () => {
  const provider = {
    network: 'storage',
    operator: '0x1',
    endpoint: '<script>x</script>',
    place: '8',
    price: '1',
    bond: '2',
    earned: '3',
    latencyMs: undefined,
    isFaulted: true,
  }
  const page = statusPage({ ...empty, providers: [provider] })
  assert.ok(!page.includes('<script>'))
  assert.match(page, /&lt;script&gt;/)
  assert.match(page, /no answer/)
})
