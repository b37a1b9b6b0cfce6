/**
 * Goal: a network tells its devices what its settings say, in its own band alone, and refuses what the band does not have.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listeningChannels, regionNames, regionOf } from '@groundwork/wireless'
import { ConfigWrong } from '../config-errors.ts'
import { readConfig, type Config } from '../config.ts'
import { channelsOf } from './channels.ts'
import { policyFor } from './network-policy.ts'

const account = `0x${'11'.repeat(20)}` as const
const settings = (options: Record<string, unknown>): Config => readConfig({ environment: {}, options })
const policyIn = (options: Record<string, unknown>, band: Config['wirelessRegion'] = 'EU868') =>
  policyFor(settings({ wirelessRegion: band, ...options }), account)(regionOf(band))

test('every band has a policy without any setting, and stations hear each of its channels', () => {
  for (const band of regionNames) {
    const region = regionOf(band)
    const policy = policyIn({}, band)
    const heard = listeningChannels(region, policy).map(({ hz }) => hz)
    const told = [...(policy.enabledChannels ?? region.uplinkChannels.keys())].map(
      (one) => region.uplinkChannels[one]?.hz,
    )
    for (const hz of [...told, ...policy.extraChannelsHz])
      assert.ok(hz !== undefined && heard.includes(hz), `${band} ${hz}`)
    assert.ok(heard.length >= 2 && heard.length <= 9, `${band}: a gateway has eight channels and a wide one`)
  }
})

test('a block is eight channels side by side with the wide one over them', () => {
  assert.deepEqual(policyIn({}, 'US915').enabledChannels, [8, 9, 10, 11, 12, 13, 14, 15, 65])
  assert.deepEqual(policyIn({ wirelessChannelBlock: 1 }, 'US915').enabledChannels, [0, 1, 2, 3, 4, 5, 6, 7, 64])
  assert.deepEqual(policyIn({}, 'CN470').enabledChannels, [80, 81, 82, 83, 84, 85, 86, 87])
  assert.deepEqual(policyIn({ wirelessChannelBlock: 12 }, 'CN470').enabledChannels?.at(-1), 95)
  assert.throws(() => policyIn({ wirelessChannelBlock: 9 }, 'AU915'), ConfigWrong)
})

test('channels beside the band’s own are those that were named', () => {
  assert.deepEqual(
    policyIn({ wirelessExtraChannelsHz: '865062500,866385000' }, 'IN865').extraChannelsHz,
    [865_062_500, 866_385_000],
  )
  assert.deepEqual(policyIn({ wirelessExtraChannelsHz: '' }).extraChannelsHz, [], 'none at all')
  assert.equal(policyIn({}).extraChannelsHz.length, 5)
  assert.throws(() => policyIn({ wirelessExtraChannelsHz: '915000000' }), /EU868 has no 915000000 Hz/)
  const many = Array.from({ length: 14 }, (_, index) => 867_000_000 + index * 100_000).join(',')
  assert.throws(() => policyIn({ wirelessExtraChannelsHz: many }), /room for 13 channels more/)
  assert.throws(() => policyIn({ wirelessExtraChannelsHz: '868.1' }), ConfigWrong)
})

test('windows, dwell time, duty cycle and repair are as set', () => {
  const policy = policyIn(
    {
      wirelessRx1Offset: '2',
      wirelessRx2: '923200000/4',
      wirelessDwell: 'free',
      wirelessDutyExponent: '7',
      wirelessRepairsNonces: 'false',
    },
    'AS923-1',
  )
  assert.equal(policy.rx1DataRateOffset, 2)
  assert.deepEqual(policy.rx2, { hz: 923_200_000, dataRate: 4 })
  assert.deepEqual(policy.dwell, { uplink: false, downlink: false })
  assert.equal(policy.dutyCycleExponent, 7)
  assert.equal(policy.repairsNonces, false)
  assert.equal(policyIn({}, 'AS923-1').dwell, undefined, 'as the band does')
  assert.deepEqual(policyIn({}).rx2, { hz: 869_525_000, dataRate: 3 })
})

test('what the band does not have is refused at once', () => {
  assert.throws(() => policyIn({ wirelessRx2: '869525000/14' }), /no such window/)
  assert.throws(() => policyIn({ wirelessRx2: '923300000/3' }), /no such window/)
  assert.throws(() => policyIn({ wirelessRx1Offset: '7' }), /no offset 7/)
  assert.throws(() => policyIn({ wirelessRx2: 'DR3' }), /Hz\/data rate/)
})

test('settings are for the own band alone', () => {
  const config = settings({ wirelessRx2: '869525000/0', wirelessRx1Offset: '1', wirelessDwell: 'limited' })
  const other = policyFor(config, account)(regionOf('US915'))
  assert.equal(other.rx2, undefined)
  assert.equal(other.rx1DataRateOffset, 0)
  assert.equal(other.dwell, undefined)
  assert.deepEqual(channelsOf(config, regionOf('US915')).enabledChannels?.[0], 8)
})
