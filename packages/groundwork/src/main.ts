/**
 * The list of commands, and the signals that end them.
 *
 * Each command is loaded when it is called: the list itself costs nothing.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { CommandEntry } from './cli/run-command-line.ts'
import { runCommandLine } from './cli/run-command-line.ts'
import { watchOverEnd } from './supervise/last-words.ts'

const commands: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: 'Bring up a whole network on this machine and do the main job once.',
    load: async () => (await import('./cli/up.ts')).up,
  },
  {
    name: 'provider',
    summary: 'Put this machine’s hardware to work for a network.',
    load: async () => (await import('./cli/provider.ts')).provider,
  },
  {
    name: 'gateway',
    summary: 'Serve a customer: the /v1 API, the status page, a relay.',
    load: async () => (await import('./cli/gateway.ts')).gateway,
  },
  {
    name: 'watch',
    summary: 'Recompute every epoch; post it, or challenge a wrong one.',
    load: async () => (await import('./cli/watch.ts')).watch,
  },
  {
    name: 'audit',
    summary: 'Recompute one epoch from public evidence and compare.',
    load: async () => (await import('./cli/audit.ts')).audit,
  },
  {
    name: 'storage put',
    summary: 'Store a file or a folder.',
    load: async () => (await import('./cli/storage-put.ts')).storagePut,
  },
  {
    name: 'storage get',
    summary: 'Read a file or a folder back, verified block by block.',
    load: async () => (await import('./cli/storage-get.ts')).storageGet,
  },
  {
    name: 'storage ls',
    summary: 'List what is stored, where and since when.',
    load: async () => (await import('./cli/storage-ls.ts')).storageLs,
  },
  {
    name: 'wireless device add',
    summary: 'Add a device; what it needs beside is made where it is missing.',
    load: async () => (await import('./cli/wireless/devices.ts')).deviceAdd,
  },
  {
    name: 'wireless device ls',
    summary: 'List devices with their sessions.',
    load: async () => (await import('./cli/wireless/devices.ts')).deviceLs,
  },
  {
    name: 'wireless device rm',
    summary: 'End a device, with its keys and session.',
    load: async () => (await import('./cli/wireless/devices.ts')).deviceRemove,
  },
  {
    name: 'wireless device import',
    summary: 'Take devices, keys and sessions from a CSV file.',
    load: async () => (await import('./cli/wireless/devices.ts')).deviceImport,
  },
  {
    name: 'wireless device export',
    summary: 'Write devices to a CSV file.',
    load: async () => (await import('./cli/wireless/devices.ts')).deviceExport,
  },
  {
    name: 'wireless device send',
    summary: 'Send a device a payload with its next window.',
    load: async () => (await import('./cli/wireless/devices.ts')).deviceSend,
  },
  {
    name: 'wireless application add',
    summary: 'Make an application.',
    load: async () => (await import('./cli/wireless/applications.ts')).applicationAdd,
  },
  {
    name: 'wireless application ls',
    summary: 'List applications.',
    load: async () => (await import('./cli/wireless/applications.ts')).applicationLs,
  },
  {
    name: 'wireless token',
    summary: 'A new token for an application’s MQTT programs.',
    load: async () => (await import('./cli/wireless/applications.ts')).applicationToken,
  },
  {
    name: 'wireless profile add',
    summary: 'Make or change a kind of device.',
    load: async () => (await import('./cli/wireless/profiles.ts')).profileAdd,
  },
  {
    name: 'wireless profile import',
    summary: 'Take a kind of device from a device repository.',
    load: async () => (await import('./cli/wireless/profiles.ts')).profileImport,
  },
  {
    name: 'wireless profile ls',
    summary: 'List kinds of devices.',
    load: async () => (await import('./cli/wireless/profiles.ts')).profileLs,
  },
  {
    name: 'wireless rule add',
    summary: 'Make or change a rule between devices.',
    load: async () => (await import('./cli/wireless/rules.ts')).ruleAdd,
  },
  {
    name: 'wireless rule ls',
    summary: 'List rules between devices.',
    load: async () => (await import('./cli/wireless/rules.ts')).ruleLs,
  },
  {
    name: 'wireless rule rm',
    summary: 'End a rule between devices.',
    load: async () => (await import('./cli/wireless/rules.ts')).ruleRemove,
  },
  {
    name: 'wireless beacons',
    summary: 'Recompute who heard whose beacons in an epoch.',
    load: async () => (await import('./cli/wireless/beacons.ts')).beacons,
  },
  {
    name: 'wireless device rejoin',
    summary: 'Have a device begin a new session.',
    load: async () => (await import('./cli/wireless/devices.ts')).deviceRejoin,
  },
  {
    name: 'wireless group add',
    summary: 'Make or change a multicast group.',
    load: async () => (await import('./cli/wireless/groups.ts')).groupAdd,
  },
  {
    name: 'wireless group ls',
    summary: 'List multicast groups.',
    load: async () => (await import('./cli/wireless/groups.ts')).groupLs,
  },
  {
    name: 'wireless group send',
    summary: 'Send all members of a group a payload.',
    load: async () => (await import('./cli/wireless/groups.ts')).groupSend,
  },
  {
    name: 'wireless group rm',
    summary: 'End a multicast group.',
    load: async () => (await import('./cli/wireless/groups.ts')).groupRemove,
  },
  {
    name: 'wireless webhook add',
    summary: 'Post an application’s events to an address.',
    load: async () => (await import('./cli/wireless/webhooks.ts')).webhookAdd,
  },
  {
    name: 'wireless webhook ls',
    summary: 'List where events are posted, and how that goes.',
    load: async () => (await import('./cli/wireless/webhooks.ts')).webhookLs,
  },
  {
    name: 'wireless webhook rm',
    summary: 'Post no more there.',
    load: async () => (await import('./cli/wireless/webhooks.ts')).webhookRemove,
  },
  {
    name: 'wireless webhook dead',
    summary: 'List what could not be delivered, and why.',
    load: async () => (await import('./cli/wireless/webhooks.ts')).webhookDead,
  },
  {
    name: 'wireless webhook replay',
    summary: 'Deliver again what could not be delivered.',
    load: async () => (await import('./cli/wireless/webhooks.ts')).webhookReplay,
  },
  {
    name: 'wireless gateways',
    summary: 'List radio gateways that this network heard from.',
    load: async () => (await import('./cli/wireless/radio-network.ts')).gatewayLs,
  },
  {
    name: 'wireless status',
    summary: 'Counts of the wireless network, and what was dropped.',
    load: async () => (await import('./cli/wireless/radio-network.ts')).radioStatus,
  },
  {
    name: 'wireless coverage',
    summary: 'Write where paid traffic was carried as GeoJSON.',
    load: async () => (await import('./cli/wireless/radio-network.ts')).coverage,
  },
  {
    name: 'wireless events',
    summary: 'Print events of an application’s devices as they come.',
    load: async () => (await import('./cli/wireless/events.ts')).deviceEvents,
  },
  {
    name: 'holds ls',
    summary: 'List holds: who is accused of what, and what came of it.',
    load: async () => (await import('./cli/holds/hold-ls.ts')).holdLs,
  },
  {
    name: 'holds place',
    summary: 'Accuse an account: its claims are put off until drawn operators decide.',
    load: async () => (await import('./cli/holds/hold-place.ts')).holdPlace,
  },
  {
    name: 'holds appeal',
    summary: 'Answer an accusation, or have an upheld hold decided again.',
    load: async () => (await import('./cli/holds/hold-appeal.ts')).holdAppeal,
  },
  {
    name: 'holds sign',
    summary: 'Sign a verdict on a hold, as an operator who was drawn.',
    load: async () => (await import('./cli/holds/hold-sign.ts')).holdSign,
  },
  {
    name: 'holds decide',
    summary: 'Hand in the verdict that a quorum of the drawn operators signed.',
    load: async () => (await import('./cli/holds/hold-decide.ts')).holdDecide,
  },
  {
    name: 'holds release',
    summary: 'End a hold that is over, or take an accusation of one’s own back.',
    load: async () => (await import('./cli/holds/hold-release.ts')).holdRelease,
  },
  {
    name: 'simulate wireless',
    summary:
      'A LoRaWAN town in made time, or against a running network: what is delivered, who earns, what playing false gains.',
    load: async () => (await import('./cli/simulate-wireless.ts')).simulateWireless,
  },
  {
    name: 'credits',
    summary: 'Show an account’s credits and WORK; buy more.',
    load: async () => (await import('./cli/credits.ts')).credits,
  },
  {
    name: 'bond',
    summary: 'Deposit WORK into an operator’s bond; anyone may, for anyone.',
    load: async () => (await import('./cli/bond.ts')).bond,
  },
  {
    name: 'earnings',
    summary: 'What a provider earned, per epoch and data set.',
    load: async () => (await import('./cli/earnings.ts')).earnings,
  },
  {
    name: 'status',
    summary: 'Networks, providers, epochs and payments at a glance.',
    load: async () => (await import('./cli/status.ts')).status,
  },
  {
    name: 'post-price',
    summary: 'State the price of WORK, as one of the feed’s posters.',
    load: async () => (await import('./cli/post-price.ts')).postPrice,
  },
  {
    name: 'demand',
    summary: 'Demand one named leaf of a data set on chain.',
    load: async () => (await import('./cli/demand.ts')).demand,
  },
  {
    name: 'config show',
    summary: 'Every setting, where it comes from and what it means.',
    load: async () => (await import('./cli/config-show.ts')).configShow,
  },
]

/** Time for output to drain after the command ended. */
const leftOpenMs = 2_000

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
}
watchOverEnd(stopping.signal)
// Whoever reads our output may go away first (`| head`): that ends the program quietly, not with a stack.
process.stdout.on('error', () => stopping.abort(new Error('the reader of stdout went away')))

const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  version: string
}

process.exitCode = await runCommandLine({
  words: process.argv.slice(2),
  commands,
  version,
  signal: stopping.signal,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
})
// What is left open now was forgotten by somebody; it does not keep a finished program alive.
setTimeout(() => process.exit(), leftOpenMs).unref()
