/**
 * Rounds of traffic in a customer's LoRaWAN network with a SIGKILL in each, and what has to hold after any number of them.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { SentFrame, SimulatedDevice } from '@groundwork/wireless'
import { seeded } from '../../packages/groundwork/src/first-light/seeded.ts'
import { GatewayFailed } from '../../packages/groundwork/src/gateway/gateway-errors.ts'
import { until } from './program.ts'
import { openWirelessWorld, secondsMax, type WirelessWorld } from './wireless-world.ts'

/** As often as a device of this walk sends; its windows are 5 s behind. */
const uplinkMs = 400
/** A program is at any of its steps within this. */
const killMsMax = 6_000

/** A device that goes on sending until this is disposed of. @param sent takes what it sent */
function keepSending(world: WirelessWorld, device: SimulatedDevice, sent: SentFrame[]): AsyncDisposable {
  const over = new AbortController()
  const running = (async () => {
    while (!over.signal.aborted) {
      const frame = device.send({ fPort: 2, payload: Uint8Array.of(sent.length >> 8, sent.length & 255) })
      sent.push(frame)
      world.send(frame)
      await delay(uplinkMs)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      over.abort()
      await running
    },
  }
}

/** Asks until it is said to wait: only a broken line is a reason to ask again. */
async function queuePayload(world: WirelessWorld, devEui: string, payload: string): Promise<void> {
  await until(`${payload} is taken`, secondsMax, async () => {
    try {
      return await world.post<{ id: string }>(`devices/${devEui}/queue`, {
        fPort: 9,
        data: Buffer.from(payload, 'hex').toString('base64'),
      })
    } catch (error) {
      if (error instanceof GatewayFailed) return undefined
      throw error
    }
  })
}

/** Each round: traffic, a payload for the device, and a kill at a moment of the seed; then all that was played is played again. */
export async function walkThroughKills(seeds: readonly number[], tell: (text: string) => void): Promise<void> {
  await using world = await openWirelessWorld()
  const devEui = '70b3d57ed0000021'
  const device = await world.device(devEui)
  const address = device.devAddr
  const names = ['gateway', ...world.steps.network().hotspots.map(({ child }) => child.name)]
  const acknowledged: string[] = []
  for (const seed of seeds) {
    const choose = seeded(seed)
    // The network server itself in every other round.
    const victim = seed % 2 === 1 ? 'gateway' : choose.pick(names)
    const delayMs = choose.below(killMsMax)
    const payload = seed.toString(16).padStart(6, '0')
    const sent: SentFrame[] = []
    {
      await using _sending = keepSending(world, device, sent)
      await Promise.all([
        queuePayload(world, devEui, payload).then(() => acknowledged.push(payload)),
        delay(delayMs).then(async () => world.kill(victim)),
      ])
      tell(`seed ${seed}: ${victim} was killed after ${delayMs} ms`)
      const heardBefore = world.ups.length
      await until('readings come again', secondsMax, () => (world.ups.length > heardBefore + 2 ? true : undefined))
      await until(`the payload ${payload} reaches the device`, secondsMax, () =>
        world.downlinks.some((one) => one.payload === payload) ? true : undefined,
      )
    }

    const last = device.send({ fPort: 2, payload: Uint8Array.of(0x7f, seed & 255) })
    for (const frame of sent) world.send(frame)
    world.send(last)
    await until('the last reading of the round comes', secondsMax, () =>
      world.ups.find(({ fCnt }) => fCnt === device.fCntUp - 1),
    )
  }

  const counters = world.ups.map(({ fCnt }) => fCnt)
  assert.equal(new Set(counters).size, counters.length, 'no counter of an uplink was taken twice')
  assert.deepEqual(world.replays, [], 'no counter of a downlink came again')
  assert.equal(device.devAddr, address, 'the device did not have to join again')
  assert.deepEqual(
    acknowledged.filter((payload) => !world.downlinks.some((one) => one.payload === payload)),
    [],
    'what was acknowledged was delivered',
  )

  // Nobody lost what he had earned: the chain pays each hotspot what the router says that it owes.
  interface Status {
    readonly owed: readonly { readonly owner: string; readonly total: string }[]
  }
  const client = await world.client()
  await until('both hotspots are paid on the chain what they are owed', secondsMax, async () => {
    const payments = await client.get<readonly { kind: string; payee: string; credits: string }[]>(
      '/v1/payments?limit=1000',
      { signal: world.signal },
    )
    const paidTo = (owner: string): bigint =>
      payments
        .filter(({ kind, payee }) => kind === 'allotment' && payee.toLowerCase() === owner)
        .reduce((sum, { credits }) => sum + BigInt(credits), 0n)
    // After the payments: what is owed only grows.
    const { owed } = await client.get<Status>('/v1/wireless/status', { signal: world.signal })
    assert.ok(owed.length === 2 && owed.every(({ total }) => BigInt(total) > 0n), JSON.stringify(owed))
    for (const { owner, total } of owed) assert.ok(paidTo(owner) <= BigInt(total), `${owner} got more than it is owed`)
    return owed.every(({ owner, total }) => paidTo(owner) === BigInt(total)) ? true : undefined
  })
}
