import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Address, getAddress, toHex } from 'viem'
import {
  type Addresses,
  contractNames,
  type Deployment,
  deploymentBytesMax,
  formatDeployment,
  parseDeployment,
} from './deployment.ts'
import { devnetParameters, productionParameters } from './devnet/parameters.ts'
import { DeploymentMalformed } from './errors.ts'

const address = fc
  .bigInt({ min: 1n, max: 2n ** 160n - 1n })
  .map((value): Address => getAddress(toHex(value, { size: 20 })))
const amount = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })

const deployment: fc.Arbitrary<Deployment> = fc.record({
  version: fc.constant(1 as const),
  name: fc.string({ minLength: 1, maxLength: 40 }),
  chainId: fc.integer({ min: 1, max: 2 ** 40 }),
  rpc: fc.constant('http://127.0.0.1:8545'),
  startBlock: amount,
  addresses: fc
    .array(address, { minLength: contractNames.length, maxLength: contractNames.length })
    .map((list) => Object.fromEntries(contractNames.map((name, index) => [name, list[index]])) as unknown as Addresses),
  parameters: fc
    .record({
      values: fc.constantFrom(devnetParameters, productionParameters),
      startBlock: amount,
      guardian: address,
    })
    .map(({ values, startBlock, guardian }) => ({ ...values, startBlock, guardian })),
  genesis: fc.record({
    bootstrapMaxAtto: amount,
    holders: fc.array(fc.record({ account: address, amountAtto: amount }), { maxLength: 4 }),
  }),
})

test('a deployment comes back from its file as it was', () => {
  fc.assert(
    fc.property(deployment, (one) => {
      const back = parseDeployment(formatDeployment(one), { source: 'the test' })
      assert.deepEqual(back, structuredClone(one))
    }),
  )
})

test('what is no deployment is refused by name, and never read half', () => {
  fc.assert(
    fc.property(deployment, fc.nat(), (one, pick) => {
      const record = JSON.parse(formatDeployment(one)) as Record<string, unknown>
      const names = Object.keys(record)
      const name = names[pick % names.length] ?? ''
      for (const bad of [undefined, null, -1, '', [], 'x'.repeat(90)]) {
        const text = JSON.stringify({ ...record, [name]: bad })
        if (name === 'name' || name === 'rpc' ? typeof bad === 'string' && bad !== '' : false) continue
        assert.throws(() => parseDeployment(text, { source: 'the test' }), DeploymentMalformed)
      }
    }),
  )
  assert.throws(() => parseDeployment('{', { source: 'the test' }), /the test is no deployment/)
  assert.throws(() => parseDeployment(' '.repeat(deploymentBytesMax + 1), { source: 'the test' }), /longer than/)
})

test('the parameters hold what the contracts rely on', () => {
  for (const values of [devnetParameters, productionParameters]) {
    assert.ok(values.committeeQuorum <= values.committeeSize)
    assert.ok(values.holdSeconds >= values.answerBlocks * values.blockSeconds)
    assert.ok(values.thawSeconds > values.holdSeconds)
    assert.ok(values.convertPerWindowAtto >= 10n ** 19n && values.claimPerWindowAtto >= 10n ** 19n)
    assert.ok(
      values.windowBlocks <= 8_191,
      'the committee is drawn from a block hash that the chain forgets after 8,191 blocks',
    )
    assert.ok(
      values.evidenceBlocks + values.windowBlocks < values.epochBlocks,
      'an epoch is final before the next one closes',
    )
    const yearSeconds = values.epochBlocks * values.blockSeconds * values.epochsPerYear
    assert.ok(Math.abs(yearSeconds - 365 * 86_400) < 86_400)
  }
})
