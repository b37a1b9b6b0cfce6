/**
 * Goal: a setting comes from where the order says, and a wrong or unknown one is refused by name.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configRows, readConfig } from './config.ts'

test('options win over the environment, and the environment over defaults', () => {
  const environment = { GROUNDWORK_PORT: '7000', GROUNDWORK_LOG_LEVEL: 'warn' }
  const config = readConfig({ options: { port: '8000', host: undefined }, environment })
  assert.equal(config.port, 8000)
  assert.equal(config.logLevel, 'warn')
  assert.equal(config.host, '127.0.0.1')
})

test('unknown and malformed settings are errors that name them', () => {
  assert.throws(() => readConfig({ environment: { GROUNDWORK_PROT: '1' } }), {
    code: 'GW_CONFIG_WRONG',
    message: /GROUNDWORK_PROT/,
  })
  assert.throws(() => readConfig({ options: { prot: 1 }, environment: {} }), {
    code: 'GW_CONFIG_WRONG',
    message: /prot/,
  })
  assert.throws(() => readConfig({ options: { port: 70_000 }, environment: {} }), {
    code: 'GW_CONFIG_WRONG',
    message: /--port is more than 65535/,
  })
  assert.throws(() => readConfig({ environment: { GROUNDWORK_LATITUDE: 'north' } }), {
    code: 'GW_CONFIG_WRONG',
    message: /GROUNDWORK_LATITUDE is not a number/,
  })
  assert.throws(() => readConfig({ file: 'no-such-file.json', environment: {} }), { code: 'GW_CONFIG_WRONG' })
})

test('every setting has a meaning for the table', () => {
  assert.deepEqual(
    configRows().filter((row) => row.meaning === ''),
    [],
  )
})

test('a file that is not there is said to be missing, not to be no JSON', () => {
  assert.throws(() => readConfig({ file: '/nonexistent/config.json', environment: {} }), {
    code: 'GW_CONFIG_WRONG',
    message: /\/nonexistent\/config\.json.*no such file/,
  })
})
