/**
 * From words on the command line to a command: options from its schema, configuration read once, errors shown with their code.
 *
 * @module
 */

import { Command, InvalidArgumentError, Option } from 'commander'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { z } from 'zod'
import { readConfig, settingNames, toFlag } from '../config.ts'
import type { AnyCommand } from './command.ts'
import { explainSystemError } from './explain-system-error.ts'
import { reasonOf } from '../supervise/last-words.ts'
import { Stopped, UsageWrong } from './usage-errors.ts'
import { plainIssues } from './plain-issues.ts'
import { makeShow, toJson } from './show.ts'

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  /** Loaded only when the command is called, so that `--help` starts at once. */
  load(): Promise<AnyCommand>
}

export interface RunOptions {
  readonly words: readonly string[]
  readonly commands: readonly CommandEntry[]
  readonly version: string
  readonly signal: AbortSignal
  readonly write: (text: string) => void
  readonly writeError: (text: string) => void
}

/** @returns the exit code: 0, 1 for a run that failed its purpose, 2 for wrong usage, else by blame (docs/errors.md) */
export async function runCommandLine(given: RunOptions): Promise<number> {
  const [first, ...rest] = given.words
  const options = first === 'help' ? { ...given, words: [...rest, '--help'] } : given
  const wantsJson = options.words.includes('--json')
  try {
    const entry = findCommand(options)
    if (entry === undefined) return 0
    const loaded = await entry.load()
    return await runOne(loaded, options.words.slice(entry.name.split(' ').length), options)
  } catch (error) {
    return report(error, wantsJson, options)
  }
}

function findCommand({ words, commands, write, version }: RunOptions): CommandEntry | undefined {
  const plain = words.filter((word) => !word.startsWith('-'))
  const found = commands
    .filter(({ name }) => plain.slice(0, name.split(' ').length).join(' ') === name && words[0] === name.split(' ')[0])
    .toSorted((a, b) => b.name.length - a.name.length)[0]
  if (found !== undefined) return found
  if (words.includes('--version')) {
    write(`${version}\n`)
    return undefined
  }
  if (plain.length === 0 || words.includes('--help')) {
    const group = commands.filter(({ name }) => plain[0] === undefined || name.startsWith(`${plain[0]} `))
    const listed = group.length > 0 ? group : commands
    const width = Math.max(...listed.map(({ name }) => name.length))
    write('groundwork: put hardware to work for strangers, and be paid for what is proven\n\n')
    for (const { name, summary } of listed) write(`  ${name.padEnd(width)}  ${summary}\n`)
    write('\n`groundwork <command> --help` says more. Every command takes --json.\n')
    return undefined
  }
  throw new UsageWrong({ why: `there is no command ${plain.join(' ')}`, tip: 'groundwork --help lists them' })
}

const isFlag = (schema: z.ZodType): boolean => {
  const inner =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema
  return inner instanceof z.ZodBoolean
}

/** Settings that say where things are; the others matter to programs that stay. All are taken by every command. */
const findingSettings: ReadonlySet<string> = new Set(['dataDir', 'network', 'rpc'])

async function runOne(spec: AnyCommand, words: readonly string[], { signal, write }: RunOptions): Promise<number> {
  const program = new Command(`groundwork ${spec.name}`)
    .description(spec.summary)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined })
  const shape = spec.options.shape as Record<string, z.ZodType>
  for (const key of spec.positional) program.argument(`[${key}]`, shape[key]?.description ?? '')
  for (const [key, schema] of Object.entries(shape)) {
    if (spec.positional.includes(key)) continue
    program.option(isFlag(schema) ? `--${toFlag(key)}` : `--${toFlag(key)} <value>`, schema.description ?? '')
  }
  for (const { key, meaning } of settingNames()) {
    if (key in shape) continue
    const option = new Option(`--${toFlag(key)} <value>`, meaning).helpGroup('Settings:')
    program.addOption(spec.isProgram || findingSettings.has(key) ? option : option.hideHelp())
  }
  program
    .option('--config <file>', 'configuration file')
    .option('--json', 'print one JSON object')
    .option('--csv', 'print tables as CSV')

  let given: Record<string, unknown> = {}
  let positional: string[] = []
  program.action((...args: unknown[]) => {
    given = program.opts()
    positional = args.slice(0, spec.positional.length) as string[]
  })
  try {
    program.parse(words, { from: 'user' })
  } catch (error) {
    const code = (error as { code?: string }).code ?? ''
    if (code === 'commander.helpDisplayed') return 0
    if (error instanceof InvalidArgumentError || code.startsWith('commander.')) {
      throw new UsageWrong({
        why: (error as Error).message.replace(/^error: /, ''),
        tip: `groundwork ${spec.name} --help`,
      })
    }
    throw error
  }
  const named = Object.fromEntries(spec.positional.map((key, index) => [key, positional[index]]))
  const own = Object.fromEntries(
    Object.keys(shape)
      .map((key) => [key, named[key] ?? given[key]])
      .filter(([, value]) => value !== undefined),
  )
  const parsed = spec.options.safeParse(own)
  if (!parsed.success)
    throw new UsageWrong({
      why: plainIssues(parsed.error, (key) => (spec.positional.includes(key) ? key : `--${toFlag(key)}`)),
      tip: `groundwork ${spec.name} --help`,
    })

  const settings = Object.fromEntries(settingNames().map(({ key }) => [key, given[key]]))
  const config = readConfig({ options: settings, file: given['config'] as string | undefined })
  const show = makeShow({ json: given['json'] === true, csv: given['csv'] === true, write })
  const code = await spec.run(parsed.data, { show, signal, config })
  show.flush()
  return code ?? 0
}

function report(thrown: unknown, wantsJson: boolean, { signal, write, writeError }: RunOptions): number {
  const isStop = signal.aborted && (thrown === signal.reason || (thrown as Error | undefined)?.name === 'AbortError')
  const error = isStop
    ? new Stopped({ why: reasonOf(signal) }, { cause: thrown })
    : (explainSystemError(thrown) ?? thrown)
  const { exitCode } = outcomeOf(error)
  if (error instanceof GroundworkError) {
    writeError(`${error.message} [${error.code}]\n`)
    if (wantsJson)
      write(
        `${toJson({ error: { code: error.code, blame: error.blame, message: error.message, facts: error.facts } })}\n`,
      )
    return exitCode
  }
  writeError(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  if (wantsJson) write(`${toJson({ error: { code: 'GW_UNEXPECTED', blame: 'us', message: String(error) } })}\n`)
  return exitCode
}
