/**
 * Goal: the whole network, built and run as a newcomer runs it, does its main job; a verifier that knows nothing but the RPC address
 * agrees with every claim and with none that was altered, then and after the end; and Ctrl-C leaves nothing behind.
 */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ClaimsMalformed, parseClaims } from '../../packages/groundwork/src/verify/claims.ts'
import { verifyLight } from '../../packages/groundwork/src/verify/verify-light.ts'
import {
  examples,
  groupOf,
  isListening,
  lastJson,
  runProgramToEnd,
  scratchFolder,
  startProgram,
  until,
  verifier,
  type Ended,
  type Program,
} from './program.ts'

interface Balance {
  provider: string
  workAtto: string
  mintedAtto: string
  claimedAtto: string
}

interface Light {
  firstLight: {
    storage: {
      ok: boolean
      cid: string
      pieceCids: string[]
      copies: number
      killedProvider: string
      servedBy: { provider: string; latencyRank: number }[]
      repairedTo: string
      slashedAtto: string
      spentCredits: string
      mintedAtto: string
      evidenceCid: string
      epoch: string
      balances: Balance[]
      txs: string[]
    }
    wireless: {
      ok: boolean
      router: string
      hotspots: { owner: string; redeemedCredits: string }[]
      block: string
      evidenceCid: string
      epoch: string
      units: string
      txs: string[]
      private: { devEuis: string[]; reading: { temperature: number }; delivered: string }
    }
  }
  rpc: string
  deployment: { addresses: Record<string, string>; parameters: Record<string, unknown> }
  gateway: string
  seconds: number
}

const runSecondsMax = 360
const verifySecondsMax = 120
const stopSecondsMax = 30

test('first light holds before a verifier, no altered claim does, and Ctrl-C ends everything', async () => {
  using folder = scratchFolder()
  await using program = startProgram(['up', '--json', '--seed', '7', '--input', examples], { folder: folder.path })
  const text = await printed(program)
  const light = JSON.parse(text) as Light
  checkShape(light)

  await verifyAsAProgram(folder.path, text)
  const alter = (change: (light: Light) => void): string => {
    const altered = structuredClone(light)
    change(altered)
    return JSON.stringify(altered)
  }
  const signal = AbortSignal.timeout(verifySecondsMax * 1_000)
  for (const [name, change] of Object.entries(alterations)) {
    assert.ok(await isRefused(alter(change), { signal }), `${name} was not noticed`)
  }

  const endpoints = await endpointsOf(light)
  assert.ok(
    (await Promise.all(endpoints.map(isListening))).some((is) => is),
    'providers listen while the network stands',
  )
  assert.ok(groupOf(program.pid).length >= 8, 'chain, gateway, four living providers and two watchers run beside it')
  program.kill('SIGINT')
  const ended = await until('the program ends after SIGINT', stopSecondsMax, endOf(program))
  assert.equal(ended.code, 0, ended.stderr)
  await until('every process that it started is gone', stopSecondsMax, () =>
    groupOf(program.pid).length === 0 ? true : undefined,
  )
  for (const url of [light.rpc, light.gateway, ...endpoints]) assert.equal(await isListening(url), false, url)

  // The network has ended, and lies on this machine: its claims can still be held against it.
  await verifyAsAProgram(folder.path, text)
})

/** Whether claims are no first light's at all, or differ from what is found. */
async function isRefused(text: string, { signal }: { readonly signal: AbortSignal }): Promise<boolean> {
  try {
    return (await verifyLight(parseClaims(text), { signal })).some(({ isTrue }) => !isTrue)
  } catch (error) {
    if (error instanceof ClaimsMalformed) return true
    throw error
  }
}

/** The honest claims, and one altered, before the program that strangers run: its exit code is what they go by. */
async function verifyAsAProgram(folder: string, text: string): Promise<void> {
  const verify = async (claims: string): Promise<Ended> => {
    const file = path.join(folder, 'claims.json')
    writeFileSync(file, claims)
    return runProgramToEnd([file], { file: verifier, folder, secondsMax: verifySecondsMax })
  }
  const honest = await verify(text)
  assert.equal(honest.code, 0, honest.stderr)
  assert.equal((lastJson(honest.stdout) as { ok: boolean }).ok, true)
  const altered = JSON.parse(text) as Light
  altered.firstLight.storage.mintedAtto = plusOne(altered.firstLight.storage.mintedAtto)
  const { code, stdout } = await verify(JSON.stringify(altered))
  assert.equal(code, 1)
  const { ok, checks } = lastJson(stdout) as { ok: boolean; checks: { name: string; isTrue: boolean }[] }
  assert.equal(ok, false)
  assert.ok(checks.some(({ name, isTrue }) => !isTrue && name.startsWith('WORK minted')))
}

/** How it ended, once it has. */
function endOf(program: Program): () => Ended | undefined {
  let end: Ended | undefined
  void program.ended.then((ended) => {
    end = ended
  })
  return () => end
}

/** The line with which it says that first light was seen, while it stays up. */
async function printed(program: Program): Promise<string> {
  const end = endOf(program)
  return until('first light is printed', runSecondsMax, () => {
    const line = program
      .said()
      .stdout.split('\n')
      .slice(0, -1)
      .find((one) => one.startsWith('{"firstLight"'))
    const ended = end()
    assert.ok(line !== undefined || ended === undefined, `it ended with ${ended?.code}: ${ended?.stderr}`)
    return line
  })
}

function checkShape({ firstLight: { storage, wireless }, rpc, gateway, deployment, seconds }: Light): void {
  const address = /^0x[0-9a-fA-F]{40}$/
  const cid = /^b[a-z2-7]{20,}$/
  assert.equal(storage.ok, true, JSON.stringify({ storage, wireless }))
  assert.equal(storage.copies, 3)
  assert.equal(wireless.ok, true)
  assert.equal(wireless.hotspots.length, 2)
  assert.deepEqual(wireless.private.reading, { temperature: 23.45 })
  assert.equal(wireless.private.delivered, '01')
  assert.match(storage.cid, cid)
  assert.match(storage.evidenceCid, cid)
  assert.ok(storage.pieceCids.length >= 1)
  for (const pieceCid of storage.pieceCids) assert.match(pieceCid, cid)
  assert.match(storage.killedProvider, address)
  assert.match(storage.repairedTo, address)
  assert.notEqual(storage.repairedTo, storage.killedProvider)
  assert.ok(storage.servedBy.length >= 1)
  assert.ok(
    !storage.servedBy.some(({ provider }) => provider.toLowerCase() === storage.killedProvider.toLowerCase()),
    'the dead served nothing',
  )
  assert.equal(storage.balances.length, 2, 'the two living holders are paid')
  for (const { provider, mintedAtto, claimedAtto, workAtto } of storage.balances) {
    assert.match(provider, address)
    assert.notEqual(provider.toLowerCase(), storage.killedProvider.toLowerCase())
    assert.ok(BigInt(mintedAtto) > 0n && BigInt(claimedAtto) > 0n && BigInt(workAtto) > 0n)
  }
  assert.equal(
    storage.balances.reduce((sum, { mintedAtto }) => sum + BigInt(mintedAtto), 0n),
    BigInt(storage.mintedAtto),
  )
  assert.ok(BigInt(storage.spentCredits) > 0n && BigInt(storage.slashedAtto) > 0n)
  assert.match(storage.epoch, /^\d+$/)
  assert.ok(storage.txs.length >= 10)
  for (const tx of storage.txs) assert.match(tx, /^0x[0-9a-f]{64}$/)
  assert.match(rpc, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.match(gateway, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.equal(Object.keys(deployment.addresses).length, 14)
  assert.ok(seconds > 0)
}

const plusOne = (amount: string): string => (BigInt(amount) + 1n).toString()

/** One claim each, changed to another that is as well formed. */
const alterations: Readonly<Record<string, (light: Light) => void>> = {
  'a transaction hash': ({ firstLight: { storage } }) => {
    const [first = '', ...rest] = storage.txs
    storage.txs = [`${first.slice(0, -1)}${first.endsWith('0') ? '1' : '0'}`, ...rest]
  },
  'a transaction left out': ({ firstLight: { storage } }) => {
    storage.txs = storage.txs.slice(0, -1)
  },
  'the CID': ({ firstLight: { storage } }) => {
    storage.cid = storage.evidenceCid
  },
  'a piece CID': ({ firstLight: { storage } }) => {
    storage.pieceCids = [storage.cid, ...storage.pieceCids.slice(1)]
  },
  'the evidence CID': ({ firstLight: { storage } }) => {
    storage.evidenceCid = storage.cid
  },
  'a balance': ({ firstLight: { storage } }) => {
    for (const balance of storage.balances.slice(0, 1)) balance.workAtto = plusOne(balance.workAtto)
  },
  'a claimed amount': ({ firstLight: { storage } }) => {
    for (const balance of storage.balances.slice(0, 1)) balance.claimedAtto = plusOne(balance.claimedAtto)
  },
  'the count of copies': ({ firstLight: { storage } }) => {
    storage.copies = 5
  },
  'credits spent': ({ firstLight: { storage } }) => {
    storage.spentCredits = plusOne(storage.spentCredits)
  },
  'who was killed': ({ firstLight: { storage } }) => {
    storage.killedProvider = storage.repairedTo
  },
  'a piece named twice': ({ firstLight: { storage } }) => {
    storage.pieceCids = [...storage.pieceCids, ...storage.pieceCids.slice(0, 1)]
  },
  'one copy less': ({ firstLight: { storage } }) => {
    storage.copies -= 1
  },
  'a network that is not known': ({ firstLight }) => {
    Object.assign(firstLight, { render: { ok: true } })
  },
  'what a hotspot redeemed': ({ firstLight: { wireless } }) => {
    for (const hotspot of wireless.hotspots.slice(0, 1)) hotspot.redeemedCredits = plusOne(hotspot.redeemedCredits)
  },
  'a hotspot left out': ({ firstLight: { wireless } }) => {
    wireless.hotspots = wireless.hotspots.slice(1)
  },
  'a hotspot named twice': ({ firstLight: { wireless } }) => {
    wireless.hotspots = [...wireless.hotspots, ...wireless.hotspots.slice(0, 1)]
  },
  'another router': ({ firstLight: { wireless } }) => {
    wireless.router = wireless.hotspots[0]?.owner ?? ''
  },
  'units of carriage': ({ firstLight: { wireless } }) => {
    wireless.units = plusOne(wireless.units)
  },
  'the epoch of carriage': ({ firstLight: { wireless } }) => {
    wireless.epoch = plusOne(wireless.epoch)
  },
  'the evidence of carriage': ({ firstLight: { storage, wireless } }) => {
    wireless.evidenceCid = storage.evidenceCid
  },
  'a transaction of carriage': ({ firstLight: { wireless } }) => {
    wireless.txs = wireless.txs.slice(1)
  },
  'the epoch': ({ firstLight: { storage } }) => {
    storage.epoch = plusOne(storage.epoch)
  },
  'a parameter of the deployment': ({ deployment }) => {
    deployment.parameters['epochBlocks'] = Number(deployment.parameters['epochBlocks']) + 1
  },
  'a contract': ({ deployment }) => {
    deployment.addresses['epochs'] = deployment.addresses['rails'] ?? ''
  },
}

/** Where providers with a port of their own listen. */
async function endpointsOf({ gateway }: Light): Promise<string[]> {
  const providers = (await (await fetch(`${gateway}/v1/providers`)).json()) as { endpoint: string }[]
  return providers.map(({ endpoint }) => endpoint).filter((endpoint) => !endpoint.startsWith(gateway))
}
