/**
 * Goal: the list and the checks of another implementation hold here, double hashes block without naming, and no text of a
 * stranger makes the reader throw.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { denyCidBy, denyPathBy, parseDenylist, skippedLinesMax, type Denylist } from './denylist.ts'

const vectors = path.join(import.meta.dirname, '../../../../vectors/storage/denylist')

function listOf(text: string): Denylist {
  const parsed = parseDenylist(text)
  assert.equal(parsed.tag, 'denylist')
  assert.ok(parsed.tag === 'denylist')
  return parsed.list
}

test('every check of the reference list gives the verdict of the reference implementation', () => {
  const list = listOf(readFileSync(path.join(vectors, 'test.deny'), 'utf8'))
  assert.deepEqual(
    { name: list.name, author: list.author, skipped: list.skipped.count },
    { name: 'Testing denylist', author: '@hsanjuan', skipped: 0 },
  )
  const { cases } = JSON.parse(readFileSync(path.join(vectors, 'expect.json'), 'utf8')) as {
    cases: { rule: string; cid?: string; path?: string; blocked: boolean }[]
  }
  assert.equal(cases.length, 36)
  for (const { rule, cid, path: contentPath, blocked } of cases) {
    const reason = contentPath === undefined ? list.denyCid(CID.parse(cid ?? '')) : list.denyPath(contentPath)
    assert.equal(reason !== undefined, blocked, `${rule}: ${cid ?? contentPath}`)
  }
})

test('a header gives name and hints, and a list of an unknown version is refused', () => {
  const { cases } = JSON.parse(readFileSync(path.join(vectors, 'headers.json'), 'utf8')) as {
    cases: { text: string; expect: { name: string; hints: Record<string, string> } }[]
  }
  for (const { text, expect } of cases) {
    const { name, hints } = listOf(text)
    assert.deepEqual({ name, hints }, expect)
  }
  assert.deepEqual(parseDenylist('version: 2\n---\n'), { tag: 'refused', reason: 'version-unsupported' })
  assert.equal(listOf('---\n/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq\n').ruleCount, 1)
})

test('a list written by another system reads the same: marks, line ends, quotes, tabs, comments, no last line end', () => {
  const cid = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
  const list = listOf(
    `\uFEFFversion: 1\r\nname: 'one'\r\nhints:\r\n\tgateway_status: 410\r\n---\r\n# a note\r\n\r\n/ipfs/${cid}\treason:a%20b`,
  )
  assert.deepEqual(
    { name: list.name, count: list.ruleCount, skipped: list.skipped.count },
    { name: 'one', count: 1, skipped: 0 },
  )
  const reason = list.denyCid(CID.parse(cid))
  assert.deepEqual(reason?.hints, { gateway_status: '410', reason: 'a b' })
  assert.equal(reason?.line, 8)
  assert.deepEqual(listOf('').ruleCount, 0)
  assert.deepEqual(listOf('---').ruleCount, 0)
})

test('what looks like a rule and is none is skipped, and blocks nothing', () => {
  const cid = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
  for (const line of [
    cid,
    `/ipfs/${cid}*`,
    '/ipfs/',
    '/ipfs/nonsense',
    '//',
    '!',
    '//zzz0',
    `/IPFS/${cid}`,
    `ipfs/${cid}`,
    '!//',
  ]) {
    const list = listOf(`${line}\n`)
    assert.deepEqual({ line, rules: list.ruleCount, skipped: list.skipped.count }, { line, rules: 0, skipped: 1 })
    assert.equal(list.denyCid(CID.parse(cid)), undefined)
  }
})

test('an exception below a banned directory, and a ban below an exception, hold by their order', () => {
  const cid = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
  const list = listOf(`/ipfs/${cid}/*\n!/ipfs/${cid}/a*\n/ipfs/${cid}/ab`)
  const isDenied = (path: string): boolean => list.denyPath(`/ipfs/${cid}${path}`) !== undefined
  assert.deepEqual(['', '/x', '/a', '/abc', '/ab', '/ab/'].map(isDenied), [true, true, false, false, true, true])
  assert.ok(list.denyCid(CID.parse(cid)) !== undefined)
})

test('legacy double hashes block a CID and a path, in the examples of the specification', () => {
  const cid = 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'
  const list = listOf(`//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7
//3f8b9febd851873b3774b937cce126910699ceac56e72e64b866f8e258d09572
//c555c4de78827ba42527dd3dc5398db38d6c0a8c345a88e0158b2d100f317e50`)
  assert.equal(list.denyCid(CID.parse(cid))?.line, 1)
  assert.equal(list.denyPath(`/ipfs/${cid}/`)?.line, 1)
  assert.equal(list.denyPath(`/ipfs/${cid}/path`)?.line, 2)
  assert.equal(list.denyPath(`/ipfs/${cid}/path2`), undefined)
  assert.equal(list.denyPath('/ipns/bad-domain-name.tld')?.line, 3)
  assert.equal(list.denyPath('/ipns/good-domain-name.tld'), undefined)
})

test('a modern double hash by blake3 blocks the path in every base of the CID', () => {
  const list = listOf('//gW813G35CnLsy7gRYYHuf63hrz71U1xoLFDVeV7actx6oX')
  const names = [
    'bafyb4ieqht3b2rssdmc7sjv2cy2gfdilxkfh7623nvndziyqnawkmo266a',
    'f01701e20903cf61d46521b05f926ba1634628d0bba8a7ffb5b6d5a3ca310682ca63b5ef0',
  ]
  for (const name of names) {
    assert.equal(list.denyPath(`/ipfs/${name}/path`)?.line, 1)
    assert.equal(list.denyPath(`/ipfs/${name}/`), undefined)
    assert.equal(list.denyPath(`/ipfs/${name}/path2`), undefined)
  }
})

test('a domain is blocked in both its spellings, and the last rule that matches wins', () => {
  const list = listOf(
    '/ipns/domain.example gateway_status:410 reason:spam\n!/ipns/my.domain\n/ipns/my.domain\n/ipns/a.b\n!/ipns/a.b',
  )
  assert.deepEqual(list.denyPath('/ipns/domain-example')?.hints, { gateway_status: '410', reason: 'spam' })
  assert.equal(list.denyPath('/ipns/domain--example'), undefined)
  assert.equal(list.denyPath('/ipns/domain.example/path'), undefined)
  assert.equal(list.denyPath('/ipns/my.domain')?.line, 3)
  assert.equal(list.denyPath('/ipns/a.b'), undefined)
})

test('paths are compared decoded, and any of several lists denies', () => {
  const cid = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
  const lists = [listOf(`name: one\n---\n/ipfs/${cid}/a%20b`), listOf(`name: two\n---\n/ipfs/${cid}`)]
  assert.equal(denyPathBy(lists, `/ipfs/${cid}/a%20b/`)?.list, 'one')
  assert.equal(denyPathBy(lists, `/ipfs/${cid}/a b`)?.list, 'one')
  assert.equal(denyCidBy(lists, CID.parse(cid))?.list, 'two')
  assert.equal(denyPathBy(lists, `/ipfs/${cid}/c`), undefined)
})

test('no text makes the reader throw, and what is no rule is counted and skipped', () => {
  const line = fc.oneof(
    fc.string(),
    fc.string().map((some) => `/ipfs/${some}`),
    fc.string().map((some) => `!//${some}`),
    fc.constant('---'),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.string(), (lines, question) => {
      const parsed = parseDenylist(lines.join('\n'))
      if (parsed.tag === 'denylist') parsed.list.denyPath(`/ipfs/${question}`)
    }),
  )
  const { skipped, ruleCount } = listOf('nonsense\n'.repeat(500))
  assert.deepEqual(
    { count: skipped.count, named: skipped.lines.length, ruleCount },
    { count: 500, named: skippedLinesMax, ruleCount: 0 },
  )
})
