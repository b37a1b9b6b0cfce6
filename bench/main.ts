/**
 * `npm run bench`: runs the benches of this folder one after another, each in a process of its own.
 *
 * `npm run bench -- piece-hash` runs the named ones. Every file here but this one is a bench: it prints its own command
 * and its figures, as ratios where it can, and exits with 1 when it went wrong, with 2 when a goal was missed.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'

/** These come first, in this order. */
const first = ['piece-hash']

function benchNames(): string[] {
  const found = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'main.ts')
    .map((file) => path.basename(file, '.ts'))
    .toSorted()
  return [...first.filter((name) => found.includes(name)), ...found.filter((name) => !first.includes(name))]
}

let isStopped = false

async function run(name: string): Promise<number> {
  const child = spawn(process.execPath, [path.join('bench', `${name}.ts`)], {
    cwd: path.join(import.meta.dirname, '..'),
    stdio: 'inherit',
  })
  const stop = (): void => {
    isStopped = true
    child.kill('SIGTERM')
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
  await once(child, 'exit')
  process.off('SIGTERM', stop).off('SIGINT', stop)
  return child.exitCode ?? 1
}

const names = benchNames()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(', ')}. There are: ${names.join(', ')}.`)
  process.exitCode = 1
} else {
  for (const name of wanted.length > 0 ? wanted : names) {
    if (isStopped) break
    console.log(`\n${name}`)
    const exitCode = await run(name)
    if (exitCode !== 0) process.exitCode = exitCode
  }
}
