/**
 * `groundwork wireless events`: events of an application's devices as they come, one line each, until Ctrl-C.
 *
 * @module
 */

import { z } from 'zod'
import { openGateway } from '../../gateway/open-gateway.ts'
import { command, type AnyCommand } from '../command.ts'
import { euiOption, gatewayOption, idOption } from './wireless-options.ts'

export const deviceEvents: AnyCommand = command({
  name: 'wireless events',
  summary: 'Print events of an application’s devices as they come, one JSON line each.',
  positional: ['application'],
  options: z.object({
    application: idOption.default('default').describe('whose'),
    devEui: euiOption.optional().describe('of one device alone'),
    gateway: gatewayOption,
  }),
  async run({ application, devEui, gateway }, { signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const query = `applicationId=${application}${devEui === undefined ? '' : `&devEui=${devEui}`}`
    const { body } = await client.open(`/v1/wireless/events?${query}`, { signal })
    let name = ''
    try {
      for await (const line of linesOf(body as AsyncIterable<Uint8Array>)) {
        if (line.startsWith('event: ')) name = line.slice('event: '.length)
        else if (line.startsWith('data: ')) process.stdout.write(`{"name":"${name}",${line.slice('data: {'.length)}\n`)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  },
})

/** Longest line that is kept: an event's JSON is far shorter. */
const lineCharactersMax = 1024 * 1024

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = (lines.pop() ?? '').slice(0, lineCharactersMax)
    yield* lines
  }
}
