/**
 * Goal: a file and a folder go through `storage put`, `storage ls` and `storage get` of a running network, and come back as they were,
 * as docs/walks.md tells it.
 */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { openKillableNetwork, copies, type KillableNetwork } from './killable-network.ts'
import { lastJson, runProgramToEnd, scratchFolder } from './program.ts'

const secondsMax = 120

interface Stored {
  readonly cid: string
  readonly sizeBytes: string
  readonly fileCount: number
  readonly pieces: readonly { readonly pieceCid: string; readonly providers: readonly string[] }[]
}

interface Listed {
  readonly cid: string
  readonly copiesNow: number
  readonly files: number
}

test('a file and a folder are stored, listed and read back byte for byte by the command line', async () => {
  await using network = await openKillableNetwork()
  using folder = scratchFolder()
  const gateway = [
    '--gateway',
    network.steps.network().gatewayUrl,
    '--data-dir',
    path.join(network.steps.network().dataDir, 'gateway'),
  ]
  const run = async <Said>(...words: string[]): Promise<Said> => {
    const { code, stdout, stderr } = await runProgramToEnd([...words, ...gateway, '--json'], {
      folder: folder.path,
      secondsMax,
    })
    assert.equal(code, 0, stderr)
    return lastJson(stdout) as Said
  }

  const letter = path.join(folder.path, 'letter.txt')
  writeFileSync(letter, 'Nothing but a few lines, and an umlaut: ä.\n')
  const album = path.join(folder.path, 'album')
  mkdirSync(path.join(album, 'inner'), { recursive: true })
  writeFileSync(path.join(album, 'one.bin'), Buffer.alloc(700_000, 7))
  writeFileSync(path.join(album, 'inner', 'empty'), '')
  writeFileSync(
    path.join(album, 'inner', 'two.bin'),
    Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251)),
  )

  const file = await run<Stored>('storage', 'put', letter, '--copies', String(copies))
  assert.equal(file.fileCount, 1)
  assert.equal(file.sizeBytes, String(readFileSync(letter).length))
  const whole = await run<Stored>('storage', 'put', album, '--copies', String(copies), '--wait', 'posted')
  assert.equal(whole.fileCount, 3)
  for (const { providers } of [...file.pieces, ...whole.pieces])
    assert.equal(new Set(providers).size, copies, 'copies lie at distinct operators')

  const listed = await run<Listed[] | Listed>('storage', 'ls')
  const rows = [listed].flat()
  assert.deepEqual(rows.map(({ cid }) => cid).toSorted(), [file.cid, whole.cid].toSorted())
  for (const { copiesNow } of rows) assert.equal(copiesNow, copies)

  const out = path.join(folder.path, 'out')
  mkdirSync(out)
  await run('storage', 'get', file.cid, '--out', out)
  await run('storage', 'get', whole.cid, '--out', out)
  const [single] = readdirSync(path.join(out, file.cid))
  assert.deepEqual(readFileSync(path.join(out, file.cid, single ?? '')), readFileSync(letter))
  for (const name of ['one.bin', 'inner/empty', 'inner/two.bin']) {
    assert.deepEqual(readFileSync(path.join(out, whole.cid, name)), readFileSync(path.join(album, name)), name)
  }
  await assertOnChain(network, whole)
})

/** With `--wait posted` the chain has the sets when the command ends, at the operators that it named. */
async function assertOnChain(network: KillableNetwork, { pieces }: Stored): Promise<void> {
  const sets = await (
    await network.gateway()
  ).get<readonly { provider: string }[]>('/v1/data-sets', { signal: network.signal })
  const providers = new Set(sets.map(({ provider }) => provider.toLowerCase()))
  for (const one of pieces.flatMap((piece) => piece.providers)) assert.ok(providers.has(one.toLowerCase()), one)
}
