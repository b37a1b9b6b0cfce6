/**
 * The list of commands, and the signals that end them.
 *
 * Each command is loaded when it is called: the list itself costs nothing.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { CommandEntry } from './cli/run-command-line.ts'
import { runCommandLine } from './cli/run-command-line.ts'
import { watchOverEnd } from './supervise/last-words.ts'

const commands: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: 'Bring up a whole network on this machine and do the main job once.',
    load: async () => (await import('./cli/up.ts')).up,
  },
  {
    name: 'provider',
    summary: 'Put this machine’s hardware to work for a network.',
    load: async () => (await import('./cli/provider.ts')).provider,
  },
  {
    name: 'gateway',
    summary: 'Serve a customer: the /v1 API, the status page, a relay.',
    load: async () => (await import('./cli/gateway.ts')).gateway,
  },
  {
    name: 'watch',
    summary: 'Recompute every epoch; post it, or challenge a wrong one.',
    load: async () => (await import('./cli/watch.ts')).watch,
  },
  {
    name: 'audit',
    summary: 'Recompute one epoch from public evidence and compare.',
    load: async () => (await import('./cli/audit.ts')).audit,
  },
  {
    name: 'storage put',
    summary: 'Store a file or a folder.',
    load: async () => (await import('./cli/storage-put.ts')).storagePut,
  },
  {
    name: 'storage get',
    summary: 'Read a file or a folder back, verified block by block.',
    load: async () => (await import('./cli/storage-get.ts')).storageGet,
  },
  {
    name: 'storage ls',
    summary: 'List what is stored, where and since when.',
    load: async () => (await import('./cli/storage-ls.ts')).storageLs,
  },
  {
    name: 'credits',
    summary: 'Show an account’s credits and WORK; buy more.',
    load: async () => (await import('./cli/credits.ts')).credits,
  },
  {
    name: 'bond',
    summary: 'Deposit WORK into an operator’s bond; anyone may, for anyone.',
    load: async () => (await import('./cli/bond.ts')).bond,
  },
  {
    name: 'earnings',
    summary: 'What a provider earned, per epoch and data set.',
    load: async () => (await import('./cli/earnings.ts')).earnings,
  },
  {
    name: 'status',
    summary: 'Networks, providers, epochs and payments at a glance.',
    load: async () => (await import('./cli/status.ts')).status,
  },
  {
    name: 'post-price',
    summary: 'State the price of WORK, as one of the feed’s posters.',
    load: async () => (await import('./cli/post-price.ts')).postPrice,
  },
  {
    name: 'demand',
    summary: 'Demand one named leaf of a data set on chain.',
    load: async () => (await import('./cli/demand.ts')).demand,
  },
  {
    name: 'config show',
    summary: 'Every setting, where it comes from and what it means.',
    load: async () => (await import('./cli/config-show.ts')).configShow,
  },
]

/** Time for output to drain after the command ended. */
const leftOpenMs = 2_000

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
}
watchOverEnd(stopping.signal)
// Whoever reads our output may go away first (`| head`): that ends the program quietly, not with a stack.
process.stdout.on('error', () => stopping.abort(new Error('the reader of stdout went away')))

const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  version: string
}

process.exitCode = await runCommandLine({
  words: process.argv.slice(2),
  commands,
  version,
  signal: stopping.signal,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
})
// What is left open now was forgotten by somebody; it does not keep a finished program alive.
setTimeout(() => process.exit(), leftOpenMs).unref()
