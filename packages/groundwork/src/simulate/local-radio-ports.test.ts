/**
 * Goal: the ports of a network on this machine are found from each folder that a person may name, and never those of another network.
 */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { localRadioPorts } from './local-radio-ports.ts'

const home = mkdtempSync(path.join(tmpdir(), 'groundwork-ports-'))
after(() => rmSync(home, { recursive: true }))
const network = path.join(home, 'up')
mkdirSync(path.join(network, 'gateway'), { recursive: true })
writeFileSync(
  path.join(network, 'ports.json'),
  JSON.stringify({ gateway: 4180, 'own-radio': 1701, 'own-station': 3002 }),
)

test('from the home, the network and its gateway the same ports are found', async () => {
  for (const dataDir of [home, network, path.join(network, 'gateway')])
    assert.deepEqual(await localRadioPorts({ dataDir, gatewayPort: 4180 }), {
      wirelessUdpPort: 1701,
      wirelessStationPort: 3002,
    })
})

test('a gateway at another port is another network, and a folder without a network has none', async () => {
  assert.equal(await localRadioPorts({ dataDir: home, gatewayPort: 4181 }), undefined)
  assert.equal(await localRadioPorts({ dataDir: path.join(home, 'nowhere', 'else'), gatewayPort: 4180 }), undefined)
})
