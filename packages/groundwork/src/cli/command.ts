/**
 * A command is data and one function: name, summary, options as a zod schema, and `run`. It prints through `show` only and stops on
 * `signal`.
 *
 * @module
 */

import type { z } from 'zod'
import type { Config } from '../config.ts'
import type { Show } from './show.ts'

export interface CommandContext {
  readonly show: Show
  readonly signal: AbortSignal
  readonly config: Config
}

export interface CommandSpec<Shape extends z.ZodRawShape> {
  /** Words as typed: 'storage put'. */
  readonly name: string
  readonly summary: string
  /** Positional words, in order; each is a key of `options`. A name ending in '...' takes the rest. */
  readonly positional?: readonly (keyof Shape & string)[]
  readonly options: z.ZodObject<Shape>
  /** Whether it is a program that stays: its help lists every setting, not only where to find others. */
  readonly isProgram?: boolean
  /** @returns the exit code when it is not 0 */
  run(options: z.infer<z.ZodObject<Shape>>, context: CommandContext): Promise<number | undefined | void>
}

/** A command with its option types forgotten, so that different commands fit one list. */
export interface AnyCommand {
  readonly name: string
  readonly summary: string
  readonly positional: readonly string[]
  readonly options: z.ZodObject
  readonly isProgram: boolean
  run(options: unknown, context: CommandContext): Promise<number | undefined | void>
}

export function command<Shape extends z.ZodRawShape>(spec: CommandSpec<Shape>): AnyCommand {
  return {
    name: spec.name,
    summary: spec.summary,
    positional: spec.positional ?? [],
    options: spec.options,
    isProgram: spec.isProgram ?? false,
    run: (options, context) => spec.run(options as z.infer<z.ZodObject<Shape>>, context),
  }
}
