import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gainOf } from './collect-pay.ts'
import { gatewayUrlOf, wayOf } from './submit.ts'

test('own coin goes first, then a gateway’s, and without either nothing is sent', () => {
  const gatewayUrl = 'http://10.0.0.1:8000'
  assert.equal(wayOf({ gasWei: 1n, gatewayUrl }), 'own')
  assert.equal(wayOf({ gasWei: 0n, gatewayUrl }), 'sponsored')
  assert.equal(wayOf({ gasWei: 1n, gatewayUrl: undefined }), 'own')
  assert.equal(wayOf({ gasWei: 0n, gatewayUrl: undefined }), 'none')
})

test('a network named by a gateway’s address has a sponsor, one named by a file has none', () => {
  assert.equal(gatewayUrlOf('http://10.0.0.1:8000'), 'http://10.0.0.1:8000')
  assert.equal(gatewayUrlOf('https://gateway.example/v1/deployment'), 'https://gateway.example')
  assert.equal(gatewayUrlOf('/var/lib/groundwork/deployment.json'), undefined)
  assert.equal(gatewayUrlOf(undefined), undefined)
})

test('a claim is worth what is above the last one, and a rebate no more than fees made room for', () => {
  const leaf = { rebateAtto: 100n, bootstrapAtto: 50n }
  assert.equal(gainOf({ leaf, got: { rebateAtto: 0n, bootstrapAtto: 0n }, rebateRoomAtto: 1_000n }), 150n)
  assert.equal(gainOf({ leaf, got: { rebateAtto: 40n, bootstrapAtto: 50n }, rebateRoomAtto: 1_000n }), 60n)
  assert.equal(gainOf({ leaf, got: { rebateAtto: 40n, bootstrapAtto: 50n }, rebateRoomAtto: 7n }), 7n)
  assert.equal(
    gainOf({ leaf, got: { rebateAtto: 40n, bootstrapAtto: 50n }, rebateRoomAtto: 0n }),
    0n,
    'a claim that pays nothing emits no event to wait for',
  )
  assert.equal(
    gainOf({ leaf, got: { rebateAtto: 200n, bootstrapAtto: 60n }, rebateRoomAtto: 1_000n }),
    0n,
    'after a rollback',
  )
})
