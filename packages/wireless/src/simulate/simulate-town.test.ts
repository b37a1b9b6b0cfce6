/**
 * Goal: a town is what its seed says, and its books add up. Who plays false in it: test/adversaries/wireless-market.test.ts.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import { simulateTown, type TownGateway, type TownOptions, type TownReport } from './simulate-town.ts'

const secondsOfTown = 1800

async function reportOf(options: Partial<TownOptions> = {}): Promise<TownReport> {
  const town = simulateTown({
    seed: 5,
    region: 'EU868',
    deviceCount: 120,
    gatewayCount: 20,
    sideM: 6000,
    intervalSeconds: 300,
    origin: { latitude: 53.5, longitude: 10 },
    cellOf: (place) => cellAt(place) ?? assert.fail(),
    ...options,
  })
  await town.pass(secondsOfTown)
  return town.report()
}

/** The town without adversaries, made once. */
const honestTown = reportOf()

const sum = (gateways: readonly TownGateway[], of: (one: TownGateway) => number): number =>
  gateways.reduce((all, one) => all + of(one), 0)

test('devices join and are heard, each packet is bought once, and no honest copy is held to be impossible', async () => {
  const report = await honestTown
  assert.ok(report.joined >= 115, `${report.joined} joined`)
  assert.ok(
    report.messages > 300 && report.delivered > report.messages * 0.95,
    `${report.delivered}/${report.messages}`,
  )
  const sold = sum(report.gateways, ({ soldPackets }) => soldPackets)
  // Uplinks without a port and paid joins are bought too; what the last second brought is not yet decided.
  assert.ok(sold >= report.delivered - 5 && sold <= report.delivered * 1.5 + report.joined, `${sold} sold`)
  for (const { declined } of report.gateways)
    for (const reason of [
      'too-strong',
      'too-weak',
      'too-far',
      'snr-below-floor',
      'snr-above-radio',
      'mic-failed',
    ] as const)
      assert.equal(declined[reason], undefined, reason)
})

test('the same seed is the same town, another seed another', async () => {
  const [first, again, other] = [await honestTown, await reportOf(), await reportOf({ seed: 6 })]
  assert.deepEqual(first, again)
  assert.notDeepEqual(first.gateways, other.gateways)
})
