/**
 * The hotspot's end of the market: hears its forwarders, keeps what has a buyer, and carries it to the routers.
 *
 * A listener for any number of forwarders and a dialler for any number of routers. A router is dialled once something waits
 * for it, again with growing pauses while it is away, and kept for its downlinks. What nobody buys never leaves.
 *
 * @see docs/protocol/wireless.md
 * @module
 */

import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { verifyNode, type NodeSigner, type VerifyNode } from '@groundwork/core/identity/node-signer.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { WebSocket } from 'ws'
import type { AllotmentView } from '../carry/credit.ts'
import { downlinkDesk } from '../carry/downlink-desk.ts'
import { hotspotLink, type HotspotLink } from '../carry/hotspot-link.ts'
import { nodeCredentials } from '../carry/node-credentials.ts'
import type { QueueBounds } from '../carry/packet-queue.ts'
import { routeIndex, type RouteIndex } from '../carry/route-index.ts'
import type { GatewayStatus, RadioUplink, TransmitOutcome } from '../model/radio.ts'
import type { Route } from '../model/route.ts'
import { matchRoutes } from '../offer.ts'
import type { Clock, Radio, RadioListener, Random, Timers } from '../ports.ts'
import type { CarryLedger } from '../ports/carry.ts'
import { carryKeys, ephemeralOf, openWelcome, signHello, type Welcome } from '../wire/carry-hello.ts'
import { decodeMessage, encodeMessage, routerKinds, type CarryMessage } from '../wire/carry-messages.ts'
import { carryMessageBytesMax, carryOpener, carrySealer, type Opener, type Sealer } from '../wire/carry-stream.ts'
import type { CarryNode } from '../wire/voucher.ts'
import { nativeHmac } from './native-hmac.ts'

/** Routers that are kept in mind at once. */
export const carryLinksMax = 256
/** Routers that are remembered as not to be carried for. */
const excludedMax = 4096
const dialMsMin = 250
const dialMsMax = 60_000
const helloMsMax = 10_000
/** Frames that come together leave together. */
const batchMs = 2
/** What a hotspot lost it is told again. */
const commitMs = 5000
const tallyMs = 5_000
const allotmentMs = 15_000
/** While a router is not carried for, the chain is asked more often: it may just have opened an allotment. */
const allotmentMsStopped = 3000
const statusMs = 30_000
const silenceMsMax = 45_000
const socketBytesMax = 1024 * 1024

export interface CarryClientOptions {
  readonly chainId: bigint
  readonly railsDomain: Domain
  readonly owner: Hex
  /** The owner's signature, asked for at a dial when the last one nears its end. */
  readonly signNode: (node: CarryNode) => Promise<Hex>
  readonly nodeSigner: NodeSigner
  readonly ledger: CarryLedger
  /** our forwarders, as one radio */
  readonly radio: Radio
  /** least nano-credits that we carry a unit for */
  readonly unitPriceNanoMin: bigint
  readonly allotmentOf: (router: Hex) => Promise<AllotmentView | undefined>
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly verify?: VerifyNode
  readonly queueBounds?: QueueBounds
  readonly onTrouble?: (error: unknown) => void
}

/** How it stands with one router. */
export interface LinkView {
  readonly router: Hex
  readonly isConnected: boolean
  readonly queued: number
  readonly refusal: string | undefined
  readonly earnedNano: bigint
  readonly total: bigint
  readonly counts: Readonly<Record<string, number>>
}

export interface CarryClient extends RadioListener, AsyncDisposable {
  /** The routes that stand now; those that are served follow. */
  setRoutes(routes: readonly Route[]): void
  /** Vouchers that are held, for whoever redeems them. */
  vouchers(): readonly { readonly router: Hex; readonly total: bigint; readonly signature: Hex }[]
  links(): readonly LinkView[]
  counts(): Readonly<Record<string, number>>
}

interface Dial {
  readonly link: HotspotLink
  socket: WebSocket | undefined
  sealer: Sealer | undefined
  isConnected: boolean
  pauseMs: number
  allotmentAskedMs: number
  /** cancels whatever is planned */
  stopDial: () => void
  stopPump: (() => void) | undefined
}

const nothing = (): void => undefined

export function carryClient(options: CarryClientOptions): CarryClient {
  const { owner, nodeSigner, ledger, radio, clock, timers, random, railsDomain } = options
  const { verify = verifyNode, onTrouble = nothing } = options
  const credentials = nodeCredentials({ owner, nodeKey: nodeSigner.nodeKey, signNode: options.signNode, clock })
  const dials = new Map<Hex, Dial>()
  const desk = downlinkDesk<Hex>()
  const counted = new Map<string, number>()
  const bump = (reason: string): void => void counted.set(reason, (counted.get(reason) ?? 0) + 1)
  const statuses = new Map<string, GatewayStatus>()
  const excluded = new Set<Hex>()
  let published: readonly Route[] = []
  let index: RouteIndex = routeIndex([])
  let isDisposed = false

  const dialOf = (route: Route): Dial | undefined => {
    const known = dials.get(route.router)
    if (known !== undefined) return known
    if (dials.size >= carryLinksMax) {
      bump('too-many-routers')
      return undefined
    }
    const dial: Dial = {
      link: hotspotLink({
        route,
        owner,
        ledger,
        railsDomain,
        say: (message) => say(dial, message),
        downlink: (downlink) => radio.send(desk.take(downlink, route.router)),
        ...(options.queueBounds === undefined ? {} : { queueBounds: options.queueBounds }),
      }),
      socket: undefined,
      sealer: undefined,
      isConnected: false,
      pauseMs: dialMsMin,
      allotmentAskedMs: Number.NEGATIVE_INFINITY,
      stopDial: nothing,
      stopPump: undefined,
    }
    dials.set(route.router, dial)
    return dial
  }

  const say = ({ socket, sealer }: Dial, message: CarryMessage): void => {
    if (socket === undefined || sealer === undefined || socket.readyState !== WebSocket.OPEN) return
    const { kind, body } = encodeMessage(message)
    socket.send(sealer.seal(kind, body))
  }

  const pumpSoon = (dial: Dial): void => {
    dial.stopPump ??= timers.after(batchMs, () => {
      dial.stopPump = undefined
      if (!dial.isConnected) return
      // A router that does not read has a full socket; what waits for it stays in the bounded queue.
      if ((dial.socket?.bufferedAmount ?? 0) > socketBytesMax) return pumpSoon(dial)
      dial.link.pump(clock.elapsedMs())
      return undefined
    })
  }

  const askAllotment = (dial: Dial): void => {
    const nowMs = clock.elapsedMs()
    const everyMs = dial.link.refusal === undefined ? allotmentMs : allotmentMsStopped
    if (nowMs - dial.allotmentAskedMs < everyMs) return
    dial.allotmentAskedMs = nowMs
    options
      .allotmentOf(dial.link.route.router)
      .then((view) => {
        dial.link.seen(view)
        pumpSoon(dial)
      })
      .catch((error: unknown) => {
        // What was last seen stands: a chain that is away opens and closes nothing.
        bump('allotment-unknown')
        onTrouble(error)
      })
  }

  // ---- dialling ----

  const dialLater = (dial: Dial): void => {
    if (isDisposed) return
    const jitter = ((random.bytes(1)[0] ?? 0) / 255) * dial.pauseMs
    dial.stopDial = timers.after(Math.floor(dial.pauseMs / 2 + jitter / 2), () => connect(dial))
    dial.pauseMs = Math.min(dial.pauseMs * 2, dialMsMax)
  }

  const connect = (dial: Dial): void => {
    if (isDisposed || dial.socket !== undefined) return
    const { route } = dial.link
    let socket: WebSocket
    try {
      socket = new WebSocket(route.endpoint, { maxPayload: carryMessageBytesMax, perMessageDeflate: false })
    } catch {
      // The endpoint is no URL: its router published it so, and may change it.
      bump('endpoint-malformed')
      return dialLater(dial)
    }
    dial.socket = socket
    const stopHello = timers.after(helloMsMax, () => socket.terminate())
    let stopSilence: () => void = nothing
    const heardFrom = (): void => {
      stopSilence()
      stopSilence = timers.after(silenceMsMax, () => socket.terminate())
    }
    socket.on('ping', heardFrom)
    socket.on('error', () => bump('stream-error'))
    socket.once('close', () => {
      stopHello()
      stopSilence()
      if (dial.isConnected) dial.link.closed()
      dial.socket = undefined
      dial.sealer = undefined
      dial.isConnected = false
      if (dials.get(route.router) === dial) dialLater(dial)
    })
    socket.once('open', () => {
      heardFrom()
      shakeHands(dial, socket, stopHello).catch((error: unknown) => {
        onTrouble(error)
        socket.terminate()
      })
    })
    return undefined
  }

  const shakeHands = async (dial: Dial, socket: WebSocket, done: () => void): Promise<void> => {
    const { route } = dial.link
    const ephemeral = ephemeralOf(random.bytes(32))
    const { node, ownerSignature } = await credentials()
    const hello = await signHello(
      {
        chainId: options.chainId,
        nonce: toHex(random.bytes(32)),
        ephemeral: ephemeral.publicKey,
        routerKey: route.nodeKey,
        node,
        ownerSignature,
      },
      nodeSigner,
    )
    socket.once('message', (data: Buffer) => {
      const bytes = new Uint8Array(data)
      const welcome = openWelcome(bytes, { hello, routerKey: route.nodeKey, verify })
      const keys =
        welcome === undefined
          ? undefined
          : carryKeys({ secret: ephemeral.secret, theirs: welcome.ephemeral, hello, welcome: bytes })
      if (welcome === undefined || keys === undefined) return end(socket, 'bad-welcome')
      if (!isAsPublished(welcome, route)) return end(socket, 'route-differs')
      done()
      dial.sealer = carrySealer({ key: keys.toRouter, hmac: nativeHmac })
      const opener = carryOpener({ key: keys.toHotspot, hmac: nativeHmac })
      dial.isConnected = true
      dial.pauseMs = dialMsMin
      socket.on('message', (message: Buffer) => take({ dial, socket, opener, bytes: new Uint8Array(message) }))
      dial.link.opened(welcome)
      for (const status of statuses.values()) say(dial, { kind: 'status', status })
      askAllotment(dial)
      pumpSoon(dial)
      return undefined
    })
    socket.send(hello)
  }

  const end = (socket: WebSocket, reason: string): void => {
    bump(reason)
    socket.close(4000, reason.slice(0, 100))
  }

  const take = ({
    dial,
    socket,
    opener,
    bytes,
  }: {
    readonly dial: Dial
    readonly socket: WebSocket
    readonly opener: Opener
    readonly bytes: Uint8Array
  }): void => {
    if (dial.socket !== socket) return undefined
    const opened = opener.open(bytes)
    if (opened.tag === 'refused') return end(socket, opened.reason)
    const message = decodeMessage(opened)
    if (message === undefined || !routerKinds.has(message.kind)) return end(socket, 'malformed')
    try {
      const fault = dial.link.received(message)
      if (fault === 'draws-unfair') leaveForGood(dial.link.route.router)
      if (fault !== undefined) return end(socket, fault)
    } catch (error) {
      // Of our own making, such as a ledger that cannot be written; a stranger's bytes do not get here.
      onTrouble(error)
      socket.terminate()
      return undefined
    }
    pumpSoon(dial)
    return undefined
  }

  /** A router that drew unfairly is not carried for again while this program runs. */
  const leaveForGood = (router: Hex): void => {
    if (excluded.size >= excludedMax) excluded.delete(excluded.values().next().value ?? router)
    excluded.add(router)
    serve()
  }

  /** Makes links and index those of the routes that are served now. */
  const serve = (): void => {
    const { chosen } = matchRoutes({
      routes: published,
      owner,
      unitPriceNanoMin: options.unitPriceNanoMin,
      exclude: [...excluded],
      // One that is unpaid for now is kept: its link itself stops, and resumes when it is paid.
      recordOf: (router) => {
        const record = dials.get(router)?.link.record
        return record === undefined ? undefined : { ...record, isUnpaid: false }
      },
    })
    index = routeIndex(chosen)
    const served = new Map(chosen.map((route) => [route.router, route]))
    for (const [router, dial] of dials) {
      const route = served.get(router)
      if (route !== undefined && isSameRoute(route, dial.link.route)) continue
      dial.stopDial()
      dial.stopPump?.()
      dials.delete(router)
      dial.socket?.terminate()
    }
  }

  // ---- what goes on by itself ----

  const stops = new Set<() => void>()
  const every = (everyMs: number, run: () => void): void => {
    let stop = nothing
    const tick = (): void => {
      stops.delete(stop)
      try {
        run()
      } catch (error) {
        onTrouble(error)
      }
      stop = timers.after(everyMs, tick)
      stops.add(stop)
    }
    stop = timers.after(everyMs, tick)
    stops.add(stop)
  }
  every(commitMs, () => ledger.commit())
  every(tallyMs, () => {
    for (const { link } of dials.values()) link.keepTally()
  })
  every(allotmentMsStopped, () => {
    for (const dial of dials.values()) if (dial.isConnected) askAllotment(dial)
  })
  every(statusMs, () => {
    for (const status of statuses.values())
      for (const dial of dials.values()) if (dial.isConnected) say(dial, { kind: 'status', status })
    statuses.clear()
  })

  return {
    heard(uplink: RadioUplink) {
      const routes = index.routesFor(uplink.phyPayload)
      if (routes.length === 0) return bump('no-buyer')
      for (const route of routes) {
        const dial = dialOf(route)
        if (dial === undefined) continue
        dial.link.offer(uplink, clock.elapsedMs())
        if (dial.isConnected) pumpSoon(dial)
        else if (dial.socket === undefined && dial.pauseMs === dialMsMin) connect(dial)
      }
      return undefined
    },
    outcome(outcome: TransmitOutcome) {
      const given = desk.give(outcome)
      const dial = given === undefined ? undefined : dials.get(given.asker)
      if (given === undefined || dial === undefined) return bump('outcome-unasked')
      say(dial, { kind: 'outcomes', outcomes: [given.outcome] })
      return undefined
    },
    status(status) {
      // The latest of each gateway; a hotspot has few.
      if (statuses.size < 64 || statuses.has(status.gatewayEui)) statuses.set(status.gatewayEui, status)
    },
    setRoutes(routes) {
      published = routes
      serve()
    },
    vouchers: () =>
      ledger.peers().flatMap((router) => {
        const { total = 0n, voucherSignature } = ledger.account(router) ?? {}
        return voucherSignature === undefined ? [] : [{ router, total, signature: voucherSignature }]
      }),
    links: () =>
      [...dials].map(([router, { link, isConnected }]) => ({
        router,
        isConnected,
        queued: link.queue.count,
        refusal: link.refusal,
        earnedNano: link.credit.state.earnedNano,
        total: link.credit.state.total,
        counts: link.counts,
      })),
    counts: () => Object.fromEntries(counted),
    async [Symbol.asyncDispose]() {
      isDisposed = true
      for (const stop of stops) stop()
      for (const { link } of dials.values()) link.keepTally()
      const closing = [...dials.values()].map(async ({ socket, stopDial, stopPump }) => {
        stopDial()
        stopPump?.()
        if (socket === undefined) return
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
        socket.terminate()
        await closed
      })
      await Promise.all(closing)
      ledger.commit()
    },
  }
}

/** A router says what it published, or it is not carried for: prices and signers do not change in between. */
function isAsPublished(welcome: Welcome, route: Route): boolean {
  return (
    welcome.router === route.router &&
    welcome.voucherSigner === route.voucherSigner &&
    welcome.unitPriceNano === route.unitPriceNano &&
    welcome.copies === route.copies
  )
}

/** Whether a link made for one serves the other: ranges are the index's business. */
function isSameRoute(a: Route, b: Route): boolean {
  return (
    a.nodeKey === b.nodeKey &&
    a.endpoint === b.endpoint &&
    a.voucherSigner === b.voucherSigner &&
    a.unitPriceNano === b.unitPriceNano &&
    a.copies === b.copies
  )
}
