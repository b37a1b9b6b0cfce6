/**
 * Radios that speak to this program: packet forwarders over UDP and Basics Stations over WebSocket, as one radio.
 *
 * @module
 */

import { listeningChannels, regionOf, type Radio, type RadioListener } from '@groundwork/wireless'
import { openStationServer, openUdpForwarder } from '@groundwork/wireless/adapters'
import { machineClock, machineTimers } from '../compose.ts'
import type { Config } from '../config.ts'
import { channelsOf } from './channels.ts'

export interface Forwarders extends AsyncDisposable {
  readonly radio: Radio
  readonly udpPort: number
  readonly stationPort: number
  /** EUIs of those that can send as devices do: stations cannot */
  senders(): readonly string[]
}

export async function openForwarders(config: Config, listener: RadioListener): Promise<Forwarders> {
  const region = regionOf(config.wirelessRegion)
  const channels = listeningChannels(region, channelsOf(config, region))
  const { host, wirelessStationUri: publicUri } = config
  const common = { host, listener, clock: machineClock, timers: machineTimers }
  await using opened = new AsyncDisposableStack()
  const udp = opened.use(
    await openUdpForwarder({ ...common, port: config.wirelessUdpPort, antennaGainDbi: config.wirelessAntennaDbi }),
  )
  const stations = opened.use(
    await openStationServer({
      ...common,
      port: config.wirelessStationPort,
      settingsOf: () => ({ region, channels, listensBeforeTalk: config.wirelessListensFirst }),
      ...(publicUri === undefined ? {} : { publicUri }),
    }),
  )
  const both = opened.move()
  return {
    radio: firstInReach([udp, stations]),
    udpPort: udp.port,
    stationPort: stations.port,
    senders: () => udp.reachable(),
    [Symbol.asyncDispose]: async () => both.disposeAsync(),
  }
}

/** Several radios as one; the last says so when a gateway is in reach of none. */
export function firstInReach(radios: readonly Radio[]): Radio {
  const radioOf = (gatewayEui: string): Radio | undefined => radios.find((one) => one.isReachable(gatewayEui))
  return {
    send: (downlink) => (radioOf(downlink.gatewayEui) ?? radios.at(-1))?.send(downlink),
    isReachable: (gatewayEui) => radioOf(gatewayEui) !== undefined,
  }
}
