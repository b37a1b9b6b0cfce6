/**
 * The radio role of a provider: hears its packet forwarders, carries what has a buyer, is paid for it, and proves it.
 *
 * @module
 */

import path from 'node:path'
import type { PostOffer } from '@groundwork/chain/post-offer.ts'
import { epochAt } from '@groundwork/core/epoch/timing.ts'
import { softwareNodeSigner } from '@groundwork/core/identity/node-signer.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { EvidenceStore } from '@groundwork/storage/adapters'
import {
  beaconDesk,
  carryNodeDigest,
  listeningChannels,
  offer,
  regionOf,
  type BeaconPlan,
  type Radio,
  type RadioListener,
} from '@groundwork/wireless'
import { carryClient, openBeaconStore, openCarryLedger } from '@groundwork/wireless/adapters'
import { readAllotment } from '@groundwork/chain/read-allotment.ts'
import type { Logger } from 'pino'
import type { NodeKey } from '../account/open-account.ts'
import { machineClock, machineRandom, machineTimers } from '../compose.ts'
import type { Config } from '../config.ts'
import type { Submit } from '../provider/submit.ts'
import { again } from '../supervise/again.ts'
import type { Part } from '../supervise/run-together.ts'
import type { AuditContext } from '../watch/audit-context.ts'
import { timingOf } from '../watch/chain-desk.ts'
import { canOrderNotes, readBeaconWindow } from './chain-moment.ts'
import { channelsOf } from './channels.ts'
import { openForwarders, type Forwarders } from './open-forwarders.ts'
import { proveCarriage } from './prove-carriage.ts'
import { proveCoverage } from './prove-coverage.ts'
import { redeemVouchers } from './redeem-vouchers.ts'
import { routesIn } from './routes-in.ts'

const routesMs = 1_000
const proveMs = 1_000
const redeemMs = 2_000
const beaconMs = 1_000
/** Below this a voucher waits for the end of its epoch. */
const redeemCreditsMin = 1_000n
const nobody = `0x${'00'.repeat(20)}`

export interface HotspotRole extends AsyncDisposable {
  readonly offer: PostOffer
  readonly udpPort: number
  readonly stationPort: number
  readonly parts: readonly Part[]
}

export interface HotspotRoleOptions {
  readonly config: Config
  readonly context: AuditContext
  readonly signer: { readonly address: Hex; sign(digest: Hex): Promise<Hex> }
  readonly nodeKey: NodeKey
  readonly evidence: EvidenceStore
  readonly submit: Submit
  readonly log: Logger
}

export async function openHotspotRole(options: HotspotRoleOptions): Promise<HotspotRole> {
  const { config, context, signer, nodeKey, evidence, submit, log } = options
  const { chain, index } = context
  const { addresses, chainId } = chain.deployment
  const domainOf = (contract: Hex): { chainId: number; verifyingContract: Hex } => ({
    chainId,
    verifyingContract: contract.toLowerCase() as Hex,
  })
  const ledger = openCarryLedger({ path: path.join(config.dataDir, 'hotspot.sqlite') })
  const opened: { forwarders?: Forwarders } = {}
  const radio: Radio = {
    send: (downlink) => opened.forwarders?.radio.send(downlink),
    isReachable: (gatewayEui) => opened.forwarders?.radio.isReachable(gatewayEui) ?? false,
  }
  const carry = carryClient({
    chainId: BigInt(chainId),
    railsDomain: domainOf(addresses.rails),
    owner: signer.address,
    signNode: async (node) => signer.sign(carryNodeDigest(node, domainOf(addresses.registry))),
    nodeSigner: softwareNodeSigner(nodeKey.seed),
    ledger,
    radio,
    unitPriceNanoMin: config.wirelessPriceNano,
    async allotmentOf(router) {
      const {
        signer: voucherSigner,
        credits,
        redeemed,
        noticed,
      } = await readAllotment(chain, {
        payer: router,
        payee: signer.address,
      })
      return voucherSigner === nobody
        ? undefined
        : { signer: voucherSigner.toLowerCase() as Hex, credits, redeemed, isNoticed: noticed }
    },
    clock: machineClock,
    timers: machineTimers,
    random: machineRandom,
    onTrouble: (err) => log.warn({ err }, 'carrying was troubled; it goes on'),
  })
  const beacons = openBeaconStore({ path: path.join(config.dataDir, 'beacons.sqlite') })
  const desk = beaconDesk({
    owner: signer.address,
    // As the offer says it, for from that it is drawn.
    antennaGainDbi: Math.round(config.wirelessAntennaDbi * 10) / 10,
    store: beacons,
    radio,
    clock: machineClock,
    timers: machineTimers,
    random: machineRandom,
    onTrouble: (err) => log.warn({ err }, 'a beacon or a report could not be kept; it is lost'),
  })
  const timing = timingOf(chain.deployment)
  const epochNow = (): bigint => {
    const tip = index.tip()?.number ?? 0n
    return tip < timing.startBlock ? 0n : epochAt(timing, tip)
  }
  const listener: RadioListener = {
    heard: (uplink) => {
      // What is a beacon is nobody's to buy.
      if (!config.wirelessBeacons || !desk.hear(uplink, epochNow())) carry.heard(uplink)
    },
    outcome: (outcome) => {
      if (!desk.outcome(outcome)) carry.outcome(outcome)
    },
    status: (status) => carry.status(status),
  }
  const forwarders = await openForwarders(config, listener)
  opened.forwarders = forwarders
  const region = regionOf(config.wirelessRegion)
  const frequenciesHz = listeningChannels(region, channelsOf(config, region))
    .filter(({ bandwidthHz }) => bandwidthHz === 125_000)
    .map(({ hz }) => hz)
  const plans = (): Omit<BeaconPlan, 'endedMs'>[] =>
    forwarders.senders().map((gatewayEui) => ({
      gatewayEui,
      secret: machineRandom.bytes(32),
      region: config.wirelessRegion,
      frequenciesHz,
    }))

  const onError = (err: unknown): void => log.warn({ err }, 'a pass of the radio role failed; the next one follows')
  const parts: readonly Part[] = [
    async (until) =>
      again({
        work: async () => {
          await context.advance(until)
          carry.setRoutes(routesIn(index))
        },
        everyMs: routesMs,
        onError,
        ...until,
      }),
    async (until) =>
      again({
        work: async () => {
          const { vouchers } = carry
          const credits = await redeemVouchers(
            { context, owner: signer.address, submit, vouchers, creditsMin: redeemCreditsMin },
            until,
          )
          if (credits > 0n) log.info({ credits }, 'vouchers redeemed')
        },
        everyMs: redeemMs,
        onError,
        ...until,
      }),
    async (until) =>
      again({
        work: async () => {
          for (const proven of await proveCarriage({ context, ledger, evidence, signer, submit }, until))
            log.info(proven, 'carriage proven')
          if (!config.wirelessBeacons || !canOrderNotes(timing)) return
          // One pass for both: the batches of a signer are one chain.
          const noted = await proveCoverage({ context, store: beacons, evidence, signer, submit, plans }, until)
          if (noted !== undefined) log.info({ epoch: noted, ...desk.counts() }, 'beacons noted')
        },
        everyMs: proveMs,
        onError,
        ...until,
      }),
    async (until) =>
      again({
        work: async () => {
          const epoch = epochNow()
          if (!config.wirelessBeacons || !canOrderNotes(timing) || desk.isScheduled(epoch)) return
          const window = await readBeaconWindow(chain, timing, { epoch, tip: index.tip()?.number ?? 0n })
          if (window !== undefined) desk.schedule(window)
        },
        everyMs: beaconMs,
        onError,
        ...until,
      }),
  ]
  return {
    offer: offer({
      operator: signer.address,
      antennaGainDbi: config.wirelessAntennaDbi,
      unitPriceNano: config.wirelessPriceNano,
    }),
    udpPort: forwarders.udpPort,
    stationPort: forwarders.stationPort,
    parts,
    async [Symbol.asyncDispose]() {
      desk[Symbol.dispose]()
      await forwarders[Symbol.asyncDispose]()
      beacons[Symbol.dispose]()
      await carry[Symbol.asyncDispose]()
      ledger[Symbol.dispose]()
    },
  }
}
