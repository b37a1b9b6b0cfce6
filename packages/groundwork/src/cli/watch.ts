/**
 * `groundwork watch`: recomputes every epoch, challenges wrong ones, and with --post posts them.
 *
 * @module
 */

import { z } from 'zod'
import { openAccount, openNodeKey } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { makeLog } from '../log.ts'
import { openDataDir } from '../state/data-dir.ts'
import { version } from '../version.ts'
import { misbehaviours } from '../watch/misbehave.ts'
import { runWatch } from '../watch/run-watch.ts'
import { allRules } from '../watch/all-rules.ts'
import { announceReady } from './announce-ready.ts'
import { command, type AnyCommand } from './command.ts'

export const watch: AnyCommand = command({
  name: 'watch',
  isProgram: true,
  summary: 'Recompute every epoch; post it, or challenge a wrong one.',
  options: z.object({
    post: z.boolean().optional().describe('post epochs that nobody has posted, behind the bond'),
    misbehave: z
      .enum(misbehaviours)
      .optional()
      .describe('post wrong epochs, to show that they are noticed: overpay or drop-line'),
  }),

  async run({ post = false, misbehave }, { show, signal, config }) {
    using dataDir = openDataDir(config.dataDir)
    const log = makeLog({ name: 'watch', level: config.logLevel })
    const [account, nodeKey] = await Promise.all([openAccount(config), openNodeKey(config)])
    await using chain = await openChain({ config, account, signal })
    await runWatch({
      config: { ...config, dataDir: dataDir.path },
      chain,
      account,
      nodeKey,
      rules: await allRules(),
      isPoster: post,
      misbehaviour: misbehave,
      version,
      log,
      onReady: (ready) => announceReady(show, ready, [`Watcher ${ready.operator} serves evidence at ${ready.url}.`]),
      signal,
    })
  },
})
