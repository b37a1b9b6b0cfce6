/**
 * `groundwork provider`: puts this machine's hardware to work: registers, bonds, offers, serves, proves, and is paid.
 *
 * @module
 */

import { z } from 'zod'
import { runProvider } from '../provider/run-provider.ts'
import { openDataDir } from '../state/data-dir.ts'
import { announceReady } from './announce-ready.ts'
import { command, type AnyCommand } from './command.ts'

export const provider: AnyCommand = command({
  name: 'provider',
  isProgram: true,
  summary: 'Put this machine’s hardware to work for a network.',
  options: z.object({
    misbehave: z
      .enum(['skip-proof', 'serve-wrong-byte'])
      .optional()
      .describe('lie in one way, to see it caught; for demonstrations'),
  }),
  async run({ misbehave }, { config, signal, show }) {
    using dataDir = openDataDir(config.dataDir)
    await runProvider({
      config: { ...config, dataDir: dataDir.path },
      misbehave,
      signal,
      onReady: (ready) =>
        announceReady(show, ready, [
          `Provider ${ready.operator} serves at ${ready.endpoint}.`,
          'With a little of the chain’s coin and WORK in its account it registers, bonds and offers by itself.',
          `Without coin, a gateway named by --network pays the gas, and anyone can bond it: groundwork bond --operator ${ready.operator} --amount <WORK>`,
        ]),
    })
  },
})
