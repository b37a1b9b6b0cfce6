/**
 * Goal: whatever ends a command is told in words with its code, and the exit code says whose it is to change.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { z } from 'zod'
import { command } from './command.ts'
import { runCommandLine } from './run-command-line.ts'

interface Ended {
  readonly code: number
  readonly error: { readonly code: string; readonly blame: string; readonly message: string }
  readonly stderr: string
}

async function runFailing(run: () => Promise<unknown>, { stop }: { stop?: Error } = {}): Promise<Ended> {
  const stopping = new AbortController()
  let stdout = ''
  let stderr = ''
  const failing = command({
    name: 'fail',
    summary: 'Fail.',
    options: z.object({}),
    run: async () => {
      if (stop !== undefined) stopping.abort(stop)
      await run()
    },
  })
  const code = await runCommandLine({
    words: ['fail', '--json'],
    commands: [{ name: 'fail', summary: 'Fail.', load: async () => failing }],
    version: '0',
    signal: stopping.signal,
    write: (text) => void (stdout += text),
    writeError: (text) => void (stderr += text),
  })
  return { code, stderr, error: (JSON.parse(stdout) as { error: Ended['error'] }).error }
}

const systemError = (code: string, more: object): Error =>
  Object.assign(new Error(`${code}: as the system says it`), { code, ...more })

test('a file that is not there, or is no folder, is the caller’s, by its name and without a stack', async () => {
  for (const run of [async () => readFileSync('/nonexist/file'), async () => readdirSync(import.meta.filename)]) {
    const { code, error, stderr } = await runFailing(run)
    assert.deepEqual([code, error.code, error.blame], [2, 'GW_FILE_UNUSABLE', 'caller'])
    assert.doesNotMatch(stderr, /\n\s+at /)
    assert.match(error.message, /^\//)
  }
})

test('a machine that has no more of something is the host’s', async () => {
  for (const name of ['ENOSPC', 'EROFS', 'EMFILE', 'EDQUOT', 'ENFILE', 'ENOMEM', 'EIO']) {
    const { code, error } = await runFailing(async () => {
      throw systemError(name, { syscall: 'write', path: '/disk/file' })
    })
    assert.deepEqual([code, error.code], [5, 'GW_MACHINE_SHORT'], name)
    assert.match(error.message, /\/disk\/file/)
  }
})

test('a port that is taken is said with its number', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  const { code, error } = await runFailing(
    async () =>
      new Promise((_resolve, reject) => {
        createServer().on('error', reject).listen(port, '127.0.0.1')
      }),
  )
  assert.deepEqual([code, error.code], [2, 'GW_PORT_TAKEN'])
  assert.match(error.message, new RegExp(String(port)))
  taken.close()
})

test('a stop that was asked for is no mistake of ours; what is none of these is', async () => {
  const stop = new Error('stopped by SIGTERM')
  const stopped = await runFailing(async () => Promise.reject(stop), { stop })
  assert.deepEqual([stopped.code, stopped.error.code], [130, 'GW_STOPPED'])
  assert.match(stopped.error.message, /stopped by SIGTERM/)
  const ours = await runFailing(async () => Promise.reject(new TypeError('x is not a function')), { stop })
  assert.deepEqual([ours.code, ours.error.code], [70, 'GW_UNEXPECTED'])
})

test('help lists every setting of a program that stays, and where to find others for the rest; all are taken', async () => {
  const regions: string[] = []
  const told = async (isProgram: boolean, words: readonly string[]): Promise<string> => {
    let text = ''
    const one = command({
      name: 'one',
      summary: 'One.',
      isProgram,
      options: z.object({}),
      run: async (_options, { config }) => void regions.push(config.wirelessRegion),
    })
    await runCommandLine({
      words: ['one', ...words],
      commands: [{ name: 'one', summary: 'One.', load: async () => one }],
      version: '0',
      signal: new AbortController().signal,
      write: (more) => void (text += more),
      writeError: () => undefined,
    })
    return text
  }
  assert.match(await told(true, ['--help']), /--wireless-region/)
  const few = await told(false, ['--help'])
  assert.doesNotMatch(few, /--wireless-region/)
  assert.match(few, /--data-dir/)
  await told(false, ['--wireless-region', 'US915'])
  assert.deepEqual(regions, ['US915'])
})
