/**
 * A thread of the bench: ten real MQTT clients that note when each uplink came. Its time does not count.
 *
 * @module
 */

import { parentPort, workerData } from 'node:worker_threads'
import { connectAsync, type MqttClient } from 'mqtt'
import { applicationCount } from './traffic.ts'

const { port, qos, arrivedMs, tally } = workerData as {
  readonly port: number
  readonly qos: 0 | 1
  /** by uplink: Unix ms at which its first message came */
  readonly arrivedMs: SharedArrayBuffer
  /** [messages, of them again] */
  readonly tally: SharedArrayBuffer
}
const arrived = new Float64Array(arrivedMs)
const counts = new Int32Array(tally)

const clients: MqttClient[] = await Promise.all(
  Array.from({ length: applicationCount }, async (_, number) => {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      username: `app-${number}`,
      password: 'bench',
      reconnectPeriod: 0,
    })
    client.on('message', (_topic, body) => {
      const text = body.toString('latin1')
      const from = text.indexOf('"data":"') + 8
      const data = Buffer.from(text.slice(from, text.indexOf('"', from)), 'base64')
      const uplink = data.readDoubleBE(0)
      Atomics.add(counts, 0, 1)
      if (arrived[uplink] === 0) arrived[uplink] = performance.timeOrigin + performance.now()
      else Atomics.add(counts, 1, 1)
    })
    await client.subscribeAsync(`application/app-${number}/device/+/event/up`, { qos })
    return client
  }),
)
parentPort?.once('message', () => {
  void Promise.all(clients.map(async (client) => client.endAsync(true))).then(() => process.exit(0))
})
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
parentPort?.postMessage('ready')
