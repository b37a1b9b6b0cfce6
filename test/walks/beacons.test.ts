/**
 * Goal: two strangers' hotspots send beacons that nobody could foresee, hear each other over their forwarders, say so before either
 * reveals, and a third party who has an RPC address finds both confirmed; a frame that somebody makes up confirms nothing.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devnetParameters } from '@groundwork/chain/devnet/parameters.ts'
import { openSimulatedForwarder, type SimulatedForwarder, type TransmittedFrame } from '@groundwork/wireless/adapters'
import { pino } from 'pino'
import { networkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { scratchFolder, startProgram, until } from './program.ts'

const secondsMax = 150
const values = { ...devnetParameters, epochBlocks: 10, evidenceBlocks: 5, windowBlocks: 4 }

interface Said {
  readonly epoch: string
  readonly beacons: readonly {
    readonly owner: string
    readonly reason?: string
    readonly reports: readonly { readonly owner: string; readonly reason?: string }[]
  }[]
  readonly strays: readonly { readonly reason: string }[]
  readonly trust: readonly { readonly owner: string; readonly trust: number; readonly confirmedBy: number }[]
}

test('beacons are drawn, sent, heard, committed to, revealed and audited', async () => {
  using folder = scratchFolder()
  using stranger = scratchFolder()
  const stopping = new AbortController()
  await using steps = await networkSteps({
    dataDir: folder.path,
    log: pino({ level: 'silent' }),
    signal: stopping.signal,
    values,
    plans: [],
  })
  await steps.startChain()
  await steps.startGateway()
  await steps.startHotspots()
  const { hotspots, rpcUrl } = steps.network()
  await using opened = new AsyncDisposableStack()
  const forwarders: SimulatedForwarder[] = []
  const sent: TransmittedFrame[] = []
  const hear = (frame: TransmittedFrame, from: number): void => {
    for (const [place, forwarder] of forwarders.entries()) {
      if (place === from) continue
      const { phyPayload, frequencyHz, spreadingFactor } = frame
      const modulation = { kind: 'lora', spreadingFactor, bandwidthHz: 125_000 } as const
      forwarder.hear({ phyPayload, frequencyHz, modulation, channel: 0, rssiDbm: frame.powerDbm - 122, snrDb: 4 })
    }
  }
  for (const [place, { udpPort }] of hotspots.entries()) {
    const forwarder = await openSimulatedForwarder({
      gatewayEui: `00800000a000000${place + 1}`,
      host: '127.0.0.1',
      port: udpPort,
      transmit(frame) {
        if (frame.isInverted) return undefined
        sent.push(frame)
        hear(frame, place)
        // Somebody plays it again, and makes one up.
        hear({ ...frame, phyPayload: frame.phyPayload.map((byte, at) => (at === 0 ? byte : byte ^ 1)) }, place)
        return undefined
      },
    })
    opened.use(forwarder)
    forwarders.push(forwarder)
    await forwarder.ready
  }

  const owners = hotspots.map(({ operator }) => operator.toLowerCase())
  const audit = async (): Promise<Said | undefined> => {
    // Before the beacons of a second epoch are sent nothing of the first is revealed.
    if (sent.length < 3) return undefined
    await using program = startProgram(['wireless', 'beacons', '--rpc', rpcUrl, '--json'], { folder: stranger.path })
    const { code, stdout } = await program.ended
    return code === 0 ? (JSON.parse(stdout) as Said) : undefined
  }
  const said = await until('both are confirmed', secondsMax, async () => {
    const found = await audit()
    const isDone = owners.every((owner) => found?.trust.some((one) => one.owner === owner && one.confirmedBy === 1))
    return isDone ? found : undefined
  })
  for (const owner of owners) {
    const beacon = said.beacons.find((one) => one.owner === owner) ?? assert.fail()
    assert.equal(beacon.reason, undefined, 'as drawn')
    assert.deepEqual(
      beacon.reports.map(({ owner: witness, reason }) => [witness === owner, reason]),
      [[false, undefined]],
    )
  }
  assert.deepEqual(new Set(said.strays.map(({ reason }) => reason)), new Set(['unknown-beacon']))
  assert.ok(
    said.trust.every(({ trust }) => trust === 200),
    'nobody paid either of them',
  )
  const contents = sent.map(({ phyPayload }) => Buffer.from(phyPayload).toString('hex'))
  assert.equal(new Set(contents).size, contents.length, 'no two beacons are the same')
  stopping.abort(new Error('the walk is over'))
})
