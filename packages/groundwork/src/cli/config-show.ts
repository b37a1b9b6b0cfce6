/**
 * `groundwork config show`: every setting with its name in the environment, its value now and its meaning.
 *
 * @module
 */

import { z } from 'zod'
import { configRows } from '../config.ts'
import { command, type AnyCommand } from './command.ts'
import type { Cell } from './show.ts'

export const configShow: AnyCommand = command({
  name: 'config show',
  isProgram: true,
  summary: 'Every setting, where it comes from and what it means.',
  options: z.object({}),
  run: async (_options, { show, config }) => {
    show(
      configRows().map((row) => {
        const value = config[row.key as keyof typeof config]
        return { ...row, value: (Array.isArray(value) ? value.join(',') : value) as Cell }
      }),
    )
  },
})
