/**
 * Where a running network is, as one option says it: its gateway's API, and the ports of radios.
 *
 * @module
 */

import type { UdpServer } from '@groundwork/wireless/adapters'
import { UsageWrong } from '../cli/usage-errors.ts'

export interface RealAddresses {
  readonly gateway: string
  readonly udpServers: readonly UdpServer[]
  readonly stationUris: readonly string[]
}

export interface UsualPorts {
  readonly wirelessUdpPort: number
  readonly wirelessStationPort: number
}

const schemes: ReadonlySet<string> = new Set(['http:', 'https:', 'udp:', 'ws:', 'wss:'])

/**
 * @param real addresses with commas between: one of a gateway, any number of radios' ports; without any of these, the usual ones at
 *   the gateway's host
 * @throws UsageWrong
 */
export function realAddresses(real: string, { wirelessUdpPort, wirelessStationPort }: UsualPorts): RealAddresses {
  const urls = real.split(',').map((text) => urlOf(text.trim()))
  const [gateway, ...others] = urls.filter(({ protocol }) => protocol === 'http:' || protocol === 'https:')
  if (gateway === undefined || others.length > 0)
    throw new UsageWrong({ why: 'the addresses have to name one gateway', tip: '--real http://127.0.0.1:4180' })
  const udp = urls.filter(({ protocol }) => protocol === 'udp:')
  const stations = urls.filter(({ protocol }) => protocol === 'ws:' || protocol === 'wss:')
  const { hostname: host } = gateway
  if (udp.length + stations.length === 0)
    return {
      gateway: gateway.origin,
      udpServers: [{ host, port: wirelessUdpPort }],
      stationUris: [`ws://${host}:${wirelessStationPort}`],
    }
  return {
    gateway: gateway.origin,
    udpServers: udp.map(({ hostname, port }) => ({
      host: hostname,
      port: port === '' ? wirelessUdpPort : Number(port),
    })),
    stationUris: stations.map(({ protocol, hostname, port }) => {
      const said = port === '' ? wirelessStationPort : port
      return `${protocol}//${hostname}:${said}`
    }),
  }
}

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !schemes.has(url.protocol))
    throw new UsageWrong({
      why: `${text} is no address of a gateway or of radios`,
      tip: '--real http://127.0.0.1:4180,udp://127.0.0.1:1700,ws://127.0.0.1:3001',
    })
  return url
}
