/**
 * Two strangers' hotspots whose forwarders hear each other, and a third party who audits their beacons with nothing but an RPC address.
 *
 * @module
 */

import { openSimulatedForwarder, type SimulatedForwarder, type TransmittedFrame } from '@groundwork/wireless/adapters'
import type { NetworkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { scratchFolder, startProgram } from './program.ts'

/** What `groundwork wireless beacons --json` says. */
export interface AuditedEpoch {
  readonly epoch: string
  readonly beacons: readonly {
    readonly owner: string
    readonly reason?: string
    readonly reports: readonly { readonly owner: string; readonly reason?: string }[]
  }[]
  readonly strays: readonly { readonly reason: string }[]
  readonly trust: readonly { readonly owner: string; readonly trust: number; readonly confirmedBy: number }[]
}

export interface BeaconScene extends AsyncDisposable {
  /** lower case */
  readonly owners: readonly string[]
  /** in order of time; `from` is the place of who sent */
  readonly sent: readonly { readonly frame: TransmittedFrame; readonly from: number }[]
  /** undefined: nothing to be said of that epoch, or of any, yet */
  audit(epoch?: bigint): Promise<AuditedEpoch | undefined>
}

/** @param steps whose hotspots are started */
export async function openBeaconScene(steps: NetworkSteps): Promise<BeaconScene> {
  const { hotspots, rpcUrl } = steps.network()
  await using opened = new AsyncDisposableStack()
  const stranger = opened.use(scratchFolder())
  const forwarders: SimulatedForwarder[] = []
  const sent: BeaconScene['sent'][number][] = []
  const hear = (frame: TransmittedFrame, from: number): void => {
    for (const [place, forwarder] of forwarders.entries()) {
      if (place === from) continue
      const { phyPayload, frequencyHz, spreadingFactor } = frame
      const modulation = { kind: 'lora', spreadingFactor, bandwidthHz: 125_000 } as const
      forwarder.hear({ phyPayload, frequencyHz, modulation, channel: 0, rssiDbm: frame.powerDbm - 122, snrDb: 4 })
    }
  }
  for (const [from, { udpPort }] of hotspots.entries()) {
    const forwarder = await openSimulatedForwarder({
      gatewayEui: `00800000a000000${from + 1}`,
      host: '127.0.0.1',
      port: udpPort,
      transmit(frame) {
        if (frame.isInverted) return undefined
        sent.push({ frame, from })
        hear(frame, from)
        // Somebody makes one up.
        hear({ ...frame, phyPayload: frame.phyPayload.map((byte, at) => (at === 0 ? byte : byte ^ 1)) }, from)
        return undefined
      },
    })
    forwarders.push(opened.use(forwarder))
    await forwarder.ready
  }
  const all = opened.move()
  return {
    owners: hotspots.map(({ operator }) => operator.toLowerCase()),
    sent,
    async audit(epoch) {
      const words = ['wireless', 'beacons', ...(epoch === undefined ? [] : [String(epoch)]), '--rpc', rpcUrl, '--json']
      await using program = startProgram(words, { folder: stranger.path })
      const { code, stdout } = await program.ended
      return code === 0 ? (JSON.parse(stdout) as AuditedEpoch) : undefined
    },
    [Symbol.asyncDispose]: async () => all.disposeAsync(),
  }
}
