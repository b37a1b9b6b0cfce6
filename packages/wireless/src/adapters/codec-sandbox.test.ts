/**
 * Goal: a codec that a stranger wrote answers as its author meant it, or not at all; it never harms another call.
 *
 * The codecs are written for this test after the habits of real ones: global tables, bit fields, helper functions, old and new
 * syntax, constants instead of functions, code for other networks that is never reached.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeUplink, encodeDownlink, type CodecCall, type DecodeAnswer } from '../codec/payload-codec.ts'
import { openCodecSandbox, type CodecSandbox } from './codec-sandbox.ts'
import { openQuickjsCodec, type QuickjsCodec } from './quickjs-codec.ts'

const windSensor = `
  var directions = ['N', 'E', 'S', 'W'], colors = ['red', 'green'];
  function decodeUplink(input) {
    switch (input.fPort) {
      case 1: return { data: { direction: directions[input.bytes[0]], speed: input.bytes[1] } };
      default: return { errors: ['unknown FPort'] };
    }
  }
  function encodeDownlink(input) {
    var i = colors.indexOf(input.data.led);
    if (i === -1) return { errors: ['invalid LED color'] };
    return { fPort: 2, bytes: [i] };
  }
  if (typeof module !== 'undefined') { module.exports = { decodeUplink: decodeUplink }; }`

const channelSensor = `
  const readInt16LE = (bytes) => { const ref = (bytes[1] << 8) | bytes[0]; return ref > 0x7fff ? ref - 0x10000 : ref; };
  const decodeUplink = ({ bytes, recvTime, variables }) => {
    const data = {}, warnings = [];
    for (let i = 0; i < bytes.length; ) {
      const [channel, type] = [bytes[i++], bytes[i++]];
      if (channel === 0x01 && type === 0x75) data.battery = bytes[i++];
      else if (channel === 0x03 && type === 0x67) { data.temperature = readInt16LE(bytes.slice(i, i + 2)) / 10; i += 2; }
      else if (channel === 0x04 && type === 0x68) data.humidity = bytes[i++] / 2;
      else { warnings.push('unknown channel ' + channel); break; }
    }
    data.at = recvTime.toISOString();
    data.temperature += Number(variables.offset || 0);
    return { data, warnings };
  };`

const floatSensor = `
  class Reader {
    #bytes; #at = 0;
    constructor(bytes) { this.#bytes = Uint8Array.from(bytes); }
    float() { const v = new DataView(this.#bytes.buffer).getFloat32(this.#at); this.#at += 4; return v; }
  }
  function decodeUplink(input) { const r = new Reader(input.bytes); return { data: { a: r.float(), b: r.float() ?? null } }; }`

const uplink = (bytes: readonly number[], variables: Readonly<Record<string, string>> = {}) => ({
  call: 'decodeUplink' as const,
  bytes: Uint8Array.from(bytes),
  fPort: 1,
  receivedAtMs: 1_000_000_000_000,
  variables,
})

let sandbox: CodecSandbox
before(() => {
  sandbox = openCodecSandbox({ deadlineMs: 100 })
})
after(() => sandbox[Symbol.asyncDispose]())

const decode = async (script: string, call = uplink([0, 32])): Promise<DecodeAnswer | undefined> =>
  decodeUplink({ kind: 'javascript', script }, call, sandbox)

test('codecs as device makers write them are answered in full', async () => {
  assert.deepEqual(await decode(windSensor), { data: { direction: 'N', speed: 32 }, warnings: [] })
  assert.deepEqual(
    await decode(channelSensor, uplink([1, 0x75, 100, 3, 0x67, 0x10, 0xff, 4, 0x68, 101, 9], { offset: '1.5' })),
    {
      data: { battery: 100, temperature: -22.5, humidity: 50.5, at: '2001-09-09T01:46:40.000Z' },
      warnings: ['unknown channel 9'],
    },
  )
  assert.deepEqual(await decode(floatSensor, uplink([0x41, 0xc8, 0, 0, 0xbf, 0x80, 0, 0])), {
    data: { a: 25, b: -1 },
    warnings: [],
  })
})

test('a codec writes a downlink, or says why not', async () => {
  const encode = (data: Readonly<Record<string, unknown>>) =>
    encodeDownlink({ kind: 'javascript', script: windSensor }, { call: 'encodeDownlink', data, variables: {} }, sandbox)
  assert.deepEqual(await encode({ led: 'green' }), { bytes: Uint8Array.of(1), fPort: 2, warnings: [] })
  assert.deepEqual(await encode({ led: 'blue' }), { refused: 'said-errors', description: 'invalid LED color' })
})

const never = 'for (;;);'
const refusals: Readonly<Record<string, readonly [string, string]>> = {
  'loops for ever': [`function decodeUplink() { ${never} }`, 'too-slow'],
  'loops before it is asked': [never, 'too-slow'],
  'catches what should stop it': [
    `function decodeUplink() { for (;;) { try { ${never} } catch {} finally { ${never} } } }`,
    'too-slow',
  ],
  'loops in a getter of what it throws': [
    `function decodeUplink() { throw { get message() { ${never} } } }`,
    'too-slow',
  ],
  'loops while it is written as JSON': [
    `function decodeUplink() { return new Proxy({}, { ownKeys() { ${never} } }) }`,
    'too-slow',
  ],
  'loops inside of a regular expression': [
    'function decodeUplink() { return /(a+)+b/.test("a".repeat(40)) }',
    'too-slow',
  ],
  'eats memory': [
    'function decodeUplink() { const all = []; for (;;) all.push(new Uint8Array(65536)) }',
    'out-of-memory',
  ],
  'returns 10 MB': ['function decodeUplink() { return { data: { x: "y".repeat(1e7) } } }', 'out-of-memory'],
  'returns 1 MB': ['function decodeUplink() { return { data: { x: "y".repeat(1e6) } } }', 'answer-too-large'],
  'recurses for ever': ['function decodeUplink() { return decodeUplink() }', 'threw'],
  'throws null': ['function decodeUplink() { throw null }', 'threw'],
  'throws a symbol': ['function decodeUplink() { throw Symbol("x") }', 'threw'],
  'throws before it is asked': ['throw { get message() { throw 1 } }', 'script-broken'],
  'does not parse': ['function (', 'script-broken'],
  'has no function': ['const decodeUplink = 7', 'function-missing'],
  'answers nothing': ['function decodeUplink() {}', 'answer-malformed'],
  'answers a promise': ['async function decodeUplink() { return { data: {} } }', 'answer-malformed'],
  'answers a list': ['function decodeUplink() { return { data: [1] } }', 'answer-malformed'],
  'answers a circle': ['function decodeUplink() { const a = {}; a.a = a; return { data: a } }', 'threw'],
  'answers a bigint': ['function decodeUplink() { return { data: { a: 1n } } }', 'threw'],
  'is longer than a script may be': [`/*${' '.repeat(256 * 1024)}*/`, 'script-too-long'],
}
for (const [what, [script, refused]] of Object.entries(refusals))
  test(`a codec that ${what} is refused, and the next call is answered`, async () => {
    const answer = await decode(script)
    assert.ok(answer !== undefined && 'refused' in answer, JSON.stringify(answer))
    assert.equal(answer.refused, refused)
    assert.deepEqual(await decode(windSensor), { data: { direction: 'N', speed: 32 }, warnings: [] })
  })

test('what a call does to its globals is not seen by the next, nor by the sandbox', async () => {
  const script = `
    JSON.stringify = () => '{"data":{"forged":true}}'; JSON.parse = () => ({}); Date = String = undefined;
    Object.prototype.poison = 1; Array.prototype.push = null; globalThis.calls = (globalThis.calls ?? 0) + 1;
    let kept = 0;
    function decodeUplink(input) { kept += 1; return { data: { kept, calls: globalThis.calls, count: input.bytes.length } } }`
  const expected = { data: { kept: 1, calls: 1, count: 2 }, warnings: [] }
  assert.deepEqual(await decode(script), expected)
  assert.deepEqual(await decode(script), expected)
  assert.deepEqual(await decode(windSensor), { data: { direction: 'N', speed: 32 }, warnings: [] })
})

test('a script finds nothing of the machine: no host function, module, network or console', async () => {
  const script = `function decodeUplink() {
    const names = ['require', 'process', 'fetch', 'console', 'setTimeout', 'std', 'os', 'WebAssembly', 'Buffer', 'module'];
    return { data: { found: names.filter((name) => typeof globalThis[name] !== 'undefined') } } }`
  assert.deepEqual(await decode(script), { data: { found: [] }, warnings: [] })
  assert.equal(((await decode('import fs from "fs"')) as { refused: string }).refused, 'script-broken')
})

test('a loop in C that no interrupt reaches is ended from outside; calls behind it still get their answers', async () => {
  const stuck =
    'function decodeUplink() { return { data: { i: Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1) } } }'
  const replacedBefore = sandbox.counts.threadsReplaced
  const [first, ...others] = await Promise.all([decode(stuck), decode(windSensor), decode(windSensor)])
  assert.equal((first as { refused: string }).refused, 'too-slow')
  for (const other of others) assert.deepEqual(other, { data: { direction: 'N', speed: 32 }, warnings: [] })
  assert.equal(sandbox.counts.threadsReplaced, replacedBefore + 1)
})

test('an answer too deep for the engine is refused, and costs no other call its answer', async () => {
  const deep =
    'function decodeUplink() { let a = {}; const data = a; for (let i = 0; i < 30000; i++) a = a.b = {}; return { data } }'
  const [first, second] = await Promise.all([decode(deep), decode(windSensor)])
  assert.ok(
    first !== undefined && 'refused' in first && ['threw', 'crashed', 'out-of-memory'].includes(first.refused),
    JSON.stringify(first),
  )
  assert.deepEqual(second, { data: { direction: 'N', speed: 32 }, warnings: [] })
})

test('the event loop turns while a codec loops', async () => {
  let turns = 0
  const count = setInterval(() => (turns += 1), 1)
  await decode(`function decodeUplink() { ${never} }`)
  clearInterval(count)
  assert.ok(turns >= 5, `${turns} turns in 100 ms`)
})

test('calls beyond the bound are answered as busy, at once', async () => {
  await using small = openCodecSandbox({ deadlineMs: 100, callsMax: 3 })
  const call: CodecCall = uplink([0, 1])
  const answers = await Promise.all(Array.from({ length: 5 }, () => small.run(windSensor, call)))
  assert.deepEqual(
    answers.map((answer) => ('refused' in answer ? answer.refused : 'json')),
    ['json', 'json', 'json', 'busy', 'busy'],
  )
  assert.deepEqual(small.counts, { answered: 3, refused: 2, threadsReplaced: 0 })
})

test('a sandbox that ends answers what still waits', async () => {
  const ending = openCodecSandbox({ deadlineMs: 100 })
  const answer = ending.run(windSensor, uplink([0, 1]))
  await ending[Symbol.asyncDispose]()
  assert.equal(((await answer) as { refused: string }).refused, 'busy')
})

test('runtimes are kept per script, up to their bound', async () => {
  const codec: QuickjsCodec = await openQuickjsCodec({ elapsedMs: () => 0, runtimesMax: 3 })
  for (let index = 0; index < 10; index += 1) codec.run(`${windSensor} // ${index}`, uplink([0, 1]))
  assert.equal(codec.warmCount, 3)
})

test('whatever scripts allocate, the engine stays within its memory', async () => {
  const codec = await openQuickjsCodec({ elapsedMs: () => 0, memoryBytesMax: 32 * 2 ** 20 })
  const hogs = [
    'function decodeUplink() { const all = []; for (;;) all.push(new Uint8Array(65536)) }',
    'function decodeUplink() { const all = []; for (;;) all.push("x".repeat(60000) + all.length) }',
    'function decodeUplink() { const all = []; for (;;) all.push({ a: [] }) }',
    'async function decodeUplink() { const all = []; for (let i = 0; i < 20; i++) all.push(new Uint8Array(65536)); await all; return all.length }',
  ]
  for (let round = 0; round < 8; round += 1)
    for (const hog of hogs) {
      codec.run(hog, uplink([0, 1]))
      assert.ok(codec.memoryBytes <= 32 * 2 ** 20)
      assert.deepEqual(codec.run(windSensor, uplink([0, 1])), { json: '{"data":{"direction":"N","speed":1}}' })
    }
})
