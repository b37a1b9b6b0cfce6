/** The generated files are those of the contracts as they stand: cheap to see by the hash of the sources. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { sourceHash as committedHash } from '../packages/chain/src/abi/source-hash.ts'
import { abiFile, contractSources, kebab, sourceHash } from './generate.ts'

const root = path.join(import.meta.dirname, '..')

test('the ABIs were made from the contracts as they stand; npm run generate makes them anew', () => {
  assert.equal(committedHash, sourceHash())
})

test('every contract has its source and its generated file, with bytecode', () => {
  for (const [name, source] of Object.entries(contractSources)) {
    assert.ok(existsSync(path.join(root, 'contracts', 'src', source)), source)
    const text = readFileSync(path.join(root, 'packages', 'chain', 'src', 'abi', `${kebab(name)}.ts`), 'utf8')
    assert.match(text, /Bytecode = '0x[0-9a-f]{200,}' as const/)
  }
})

test('a generated file says the same for the same artifact', () => {
  const artifact = { abi: [{ type: 'error', name: 'A', inputs: [{ name: 'b', type: 'uint256' }] }], bytecode: '0x00' }
  const text = abiFile('SumJudge', artifact)
  assert.equal(text, abiFile('SumJudge', structuredClone(artifact)))
  assert.match(
    text,
    /export const sumJudgeAbi = \[\n {2}\{ type: 'error', name: 'A', inputs: \[\{ name: 'b', type: 'uint256' \}\] \},\n\] as const/,
  )
  assert.match(text, /export const sumJudgeBytecode = '0x00' as const/)
  assert.equal(kebab('StorageJudge'), 'storage-judge')
})
