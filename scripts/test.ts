/**
 * `npm test` and `npm run test:long`: every check of the house, in stages that say how long they took.
 *
 * Stages run in two lanes, for two cores: contracts in one, TypeScript in the other. A failed stage does not stop the
 * others, so that one run shows everything that is wrong. Not a test runner: node:test and forge are.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

interface Stage {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** folder to run in, below the root */
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
}

const root = path.join(import.meta.dirname, '..')
const isLong = process.argv.includes('--long')
const scratch = mkdtempSync(path.join(tmpdir(), 'groundwork-test-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name)
const files = (...patterns: string[]): string[] =>
  patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['**/node_modules/**'] }))
    .filter((file) => file.endsWith('.long.test.ts') === isLong)
    .toSorted()

/** Pure tests share one process; tests that start processes, open ports or write files get one each. */
const isPure = (file: string): boolean => /^packages\/(core|storage)\//.test(file) && !file.includes('/adapters/')

const beside = files('packages/*/src/**/*.test.ts')
const nodeTest = (name: string, isolation: 'none' | 'process', tests: readonly string[], concurrency = 2): Stage => ({
  name,
  command: process.execPath,
  args: [
    '--test',
    `--test-reporter=${path.join(root, 'scripts', 'failures-reporter.ts')}`,
    '--test-reporter-destination=stdout',
    `--test-isolation=${isolation}`,
    `--test-concurrency=${concurrency}`,
    ...tests,
  ],
})

const short: readonly (readonly Stage[])[] = [
  [
    { name: 'types', command: bin('tsc'), args: ['-p', 'tsconfig.json'] },
    { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--quiet'] },
    { name: 'format', command: bin('oxfmt'), args: ['--list-different'] },
    nodeTest('tidy', 'none', files('tools/*.test.ts')),
    nodeTest('pure', 'none', beside.filter(isPure)),
    nodeTest(
      'adapters',
      'process',
      beside.filter((file) => !isPure(file)),
    ),
    nodeTest('conformance', 'process', files('test/conformance/*.test.ts')),
    nodeTest('adversaries', 'process', files('test/adversaries/*.test.ts', 'test/simulate/*.test.ts')),
  ],
  [
    {
      name: 'contracts',
      command: bin('forge'),
      args: ['test', '--no-match-path', 'test/Gas*.t.sol'],
      folder: 'contracts',
      // Fewer random runs than the long suite, which takes foundry.toml as it is.
      environment: { FOUNDRY_FUZZ_RUNS: '48', FOUNDRY_INVARIANT_RUNS: '8' },
    },
    {
      name: 'gas',
      command: bin('forge'),
      args: ['test', '--isolate', '--match-path', 'test/Gas*.t.sol'],
      folder: 'contracts',
      // A number that changed has to be committed, so that review sees it.
      environment: { FORGE_SNAPSHOT_CHECK: 'true' },
    },
  ],
]
const walks: readonly (readonly Stage[])[] = [[nodeTest('walks', 'process', files('test/walks/*.test.ts'))]]
const long: readonly (readonly Stage[])[] = [
  [
    {
      name: 'contracts, long',
      command: bin('forge'),
      args: ['test', '--no-match-path', 'test/Gas*.t.sol'],
      folder: 'contracts',
    },
    nodeTest('adversaries, long', 'process', files('test/adversaries/*.test.ts', 'packages/*/src/**/*.test.ts')),
  ],
  // One after the other: each is a whole network, and the contracts have the other core.
  [nodeTest('walks, long', 'process', files('test/walks/*.test.ts'), 1)],
]

/** No stage runs for ever: one that hangs is ended and has failed. */
const stageMsMax = (isLong ? 45 : 10) * 60_000

const failed: string[] = []
let stageCount = 0

async function runStage({ name, command, args, folder = '', environment = {} }: Stage): Promise<void> {
  const startedMs = performance.now()
  const output: Buffer[] = []
  const child = spawn(command, args, {
    cwd: path.join(root, folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, TMPDIR: scratch },
  })
  const timer = setTimeout(() => {
    output.push(Buffer.from(`\nended after ${stageMsMax / 60_000} minutes\n`))
    child.kill('SIGKILL')
  }, stageMsMax)
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => output.push(bytes))
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(String(error)))
      resolve(1)
    })
    child.on('close', (exitCode) => resolve(exitCode ?? 1))
  })
  clearTimeout(timer)
  stageCount += 1
  if (code !== 0) failed.push(name)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`)
  const text = Buffer.concat(output).toString()
  if (code !== 0) process.stdout.write(`${text}\n`)
  else
    for (const line of text.split('\n').filter((line) => /^(tests|ℹ tests) \d/.test(line)))
      process.stdout.write(`     ${line}\n`)
}

async function runLanes(lanes: readonly (readonly Stage[])[]): Promise<void> {
  await Promise.all(
    lanes.map(async (lane) => {
      for (const stage of lane) {
        if (stage.args.includes('--test') && !stage.args.some((arg) => arg.endsWith('.test.ts'))) continue
        await runStage(stage)
      }
    }),
  )
}

if (isLong) {
  await runLanes(long)
} else {
  await runLanes(short)
  await runLanes(walks)
}
process.stdout.write(`${stageCount - failed.length} passed, ${failed.length} failed\n`)
if (failed.length > 0) process.stdout.write(`failed: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
