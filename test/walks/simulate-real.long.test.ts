/**
 * Goal: `groundwork simulate wireless --real` lives with a running network over UDP and WebSocket, finds that what was taken came out,
 * leaves nothing behind, and ends with its report when it is interrupted.
 */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { gatewayClient } from '../../packages/groundwork/src/gateway/gateway-client.ts'
import { networkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { lastJson, runProgramToEnd, scratchFolder, startProgram, until } from './program.ts'

const secondsMax = 180

interface Printed {
  readonly faults: readonly string[]
  readonly joinedDevices: number
  readonly answeredGateways: number
  readonly gateways: number
  readonly seconds: number
  readonly uplinks: { readonly messages: number; readonly delivered: number; readonly duplicates: number }
  readonly downlinks: { readonly received: number }
}

test('a town speaks to a gateway’s own ports and to strangers’ hotspots', async () => {
  using folder = scratchFolder()
  const stopping = new AbortController()
  const { signal } = stopping
  await using steps = await networkSteps({ dataDir: folder.path, log: pino({ level: 'silent' }), signal, plans: [] })
  await steps.startChain()
  await steps.startGateway()
  await steps.startHotspots()
  const { gateway, gatewayUrl, hotspots } = steps.network()
  const dataDir = path.join(folder.path, 'gateway')
  const client = await gatewayClient({ url: gatewayUrl, dataDir })
  const own = `${gatewayUrl},udp://127.0.0.1:${String(gateway.ready['udpPort'])},ws://127.0.0.1:${String(gateway.ready['stationPort'])}`
  const strangers = hotspots.map(({ udpPort }) => `udp://127.0.0.1:${udpPort}`).join(',')
  const town = ['simulate', 'wireless', '--json', '--data-dir', dataDir, '--side-km', '3', '--interval', '15']
  const left = async (): Promise<readonly unknown[]> => client.get('/v1/wireless/devices', { signal })

  const words = [...town, '--real', own, '--gateways', '10', '--devices', '40', '--stations', '0.5']
  const run = await runProgramToEnd([...words, '--seconds', '60', '--restart-every', '60'], {
    folder: folder.path,
    secondsMax,
  })
  const printed = lastJson(run.stdout) as Printed
  assert.deepEqual([run.code, printed.faults], [0, []], run.stderr)
  assert.equal(printed.answeredGateways, 10)
  assert.ok(printed.joinedDevices > 20 && printed.uplinks.delivered > 30, run.stdout)
  assert.equal(printed.uplinks.duplicates, 0)
  assert.ok(printed.downlinks.received > 0)
  assert.deepEqual(await left(), [], 'its devices are gone')

  const carried = [...town, '--real', `${gatewayUrl},${strangers}`, '--gateways', '4', '--devices', '10']
  await using program = startProgram([...carried, '--seconds', '3600'], { folder: folder.path })
  await until('strangers’ hotspots carry for it', secondsMax, async () => {
    const status = await client.get<{ network: { accepted?: number } }>('/v1/wireless/status', { signal })
    const devices = await client.get<readonly { session: object | null }[]>('/v1/wireless/devices', { signal })
    return status !== undefined && devices.some(({ session }) => session !== null) ? true : undefined
  })
  program.kill('SIGINT')
  const ended = await program.ended
  const interrupted = lastJson(ended.stdout) as Printed
  assert.deepEqual([ended.code, interrupted.faults], [0, []], ended.stderr)
  assert.ok(interrupted.seconds < 3600 && interrupted.uplinks.delivered > 0)
  assert.deepEqual(await left(), [], 'its devices are gone')
  stopping.abort(new Error('the walk is over'))
})
