/**
 * `groundwork gateway`: serves one customer: the /v1 API, the status page, storage, and a relay for providers without a port.
 *
 * It holds no power over money beyond its own account: what it stores is paid from streams it opens, and everything it
 * acknowledged is brought to the chain again after any crash.
 *
 * @module
 */

import { z } from 'zod'
import { runGateway } from '../gateway/run-gateway.ts'
import { openDataDir } from '../state/data-dir.ts'
import { announceReady } from './announce-ready.ts'
import { command, type AnyCommand } from './command.ts'

export const gateway: AnyCommand = command({
  name: 'gateway',
  isProgram: true,
  summary: 'Serve a customer: the /v1 API, the status page, a relay.',
  options: z.object({}),
  async run(_options, { config, signal, show }) {
    using dataDir = openDataDir(config.dataDir)
    await runGateway({
      config: { ...config, dataDir: dataDir.path },
      signal,
      onReady: (ready) =>
        announceReady(show, ready, [`The gateway serves at ${ready.url}; its customer is ${ready.customer}.`]),
    })
  },
})
