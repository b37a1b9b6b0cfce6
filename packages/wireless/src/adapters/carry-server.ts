/**
 * The router's carry endpoint: strangers' hotspots over WebSocket, to be mounted by a program that has an HTTP server.
 *
 * It is a Radio for the network server (downlinks go to whichever hotspot holds the gateway) and feeds its listener. What the
 * network server says of a frame comes back through `judged`; from that the buyer decides. Decisions, receipts and vouchers
 * leave only after the ledger has them on disk. Bytes of strangers never throw: a bad message ends its stream, with its reason
 * counted.
 *
 * @see docs/protocol/wireless.md
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { verifyNode, type NodeSigner, type VerifyNode } from '@groundwork/core/identity/node-signer.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { WebSocket, WebSocketServer } from 'ws'
import { buyer, defaultBuyPolicy, type BuyDecision, type BuyPolicy } from '../carry/buy.ts'
import { drawCommitment } from '../carry/draw.ts'
import { ownerBooks, type Booked, type Raised } from '../carry/owner-books.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import type { DeviceBudget, PacketVerdict } from '../model/packet-verdict.ts'
import type { Eui, RadioDownlink, RadioUplink, TransmitOutcome } from '../model/radio.ts'
import type { Route } from '../model/route.ts'
import { defaultRaisePolicy, type RaisePolicy } from '../pay.ts'
import type { Clock, Radio, RadioListener, Random, Timers } from '../ports.ts'
import type { AccountSigner, CarryLedger, HotspotDirectory, PacketJudge } from '../ports/carry.ts'
import { carryKeys, ephemeralOf, helloBytes, openHello, signWelcome, type Hello } from '../wire/carry-hello.ts'
import {
  decisionsPerMessageMax,
  decodeMessage,
  encodeMessage,
  hotspotKinds,
  receiptsPerMessageMax,
  type CarriedUplink,
  type CarryDecision,
  type CarryMessage,
  type DeclineReason,
  type NoticeReason,
} from '../wire/carry-messages.ts'
import { carryMessageBytesMax, carryOpener, carrySealer, type Opener, type Sealer } from '../wire/carry-stream.ts'
import { isCarryNode, tallyDigest, voucherDigest, voucherSignerOf } from '../wire/voucher.ts'
import { nativeHmac } from './native-hmac.ts'

/** Hotspots that are connected at once. */
export const carrySessionsMax = 4096
/** Connections that have not proven anything yet, at once. */
export const carryStrangersMax = 256
/** Owners that joins were drawn for before anything was bought of them, inclusive; the oldest is forgotten. */
export const joinOwnersMax = 4096
/** Gateways of one hotspot. */
export const sessionGatewaysMax = 64
/** Frames of one hotspot in a second; a concentrator hears fewer. */
export const sessionUplinksPerSecondMax = 500
/** Downlinks of one hotspot that wait for their outcome. */
export const sessionDownlinksMax = 256
/** Bytes that may wait in one socket; a hotspot that does not read is let go. */
export const socketBytesMax: number = 4 * 1024 * 1024
const helloMsMax = 5000
const flushMs = 50
const pingMs = 15_000

export interface CarryServerOptions {
  /** our own, as we published it */
  readonly route: Route
  readonly chainId: bigint
  /** verifyingContract is Rails */
  readonly railsDomain: Domain
  /** verifyingContract is Registry */
  readonly registryDomain: Domain
  readonly nodeSigner: NodeSigner
  readonly voucherSigner: AccountSigner
  readonly ledger: CarryLedger
  readonly directory: HotspotDirectory
  readonly listener: RadioListener
  /** the wireless network's epoch, as of the chain's head */
  readonly epoch: () => bigint
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly verify?: VerifyNode
  readonly buyPolicy?: Partial<BuyPolicy>
  readonly raisePolicy?: RaisePolicy
  /** told of what cannot be thrown to anyone: a ledger that cannot be written, a signer that fails */
  readonly onTrouble?: (error: unknown) => void
}

export interface CarryServer extends PacketJudge, AsyncDisposable {
  readonly radio: Radio
  /** Handles an HTTP upgrade to our path; whose path it is, the caller knows. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /**
   * Owners and what they are owed, for whoever keeps their allotments filled: also those that only joins were drawn for, or a customer
   * that switches on more devices than there is credit for would never be heard.
   */
  owed(): readonly { readonly owner: Hex; readonly total: bigint }[]
  /** How often what happened, by a named reason. */
  counts(): Readonly<Record<string, number>>
  readonly sessionCount: number
}

type Outgoing =
  | { readonly kind: 'decisions'; readonly decisions: CarryDecision[] }
  | { readonly kind: 'receipts'; readonly epoch: bigint; readonly firstIndex: number; readonly receipts: Uint8Array[] }

interface Session {
  readonly socket: WebSocket
  readonly owner: Hex
  readonly nodeKey: Hex
  readonly sealer: Sealer
  readonly opener: Opener
  readonly gateways: Set<Eui>
  readonly downlinks: Map<number, RadioDownlink>
  isReady: boolean
  second: number
  uplinksInSecond: number
  /** what leaves with the next flush, in order */
  readonly outbox: Outgoing[]
  /** signatures are awaited one after the other, so that totals leave in order */
  signing: Promise<void>
}

interface Copy {
  readonly owner: Hex
  readonly hotspot: HotspotRecord | undefined
  readonly uplink: RadioUplink
  readonly session: Session
  readonly sequence: number
}

export function carryServer(options: CarryServerOptions): CarryServer {
  const { route, ledger, directory, listener, clock, timers, random, nodeSigner, voucherSigner } = options
  const { verify = verifyNode, onTrouble = () => undefined } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: carryMessageBytesMax, perMessageDeflate: false })
  const sessions = new Set<Session>()
  const byOwner = new Map<Hex, Set<Session>>()
  /** Who gets a device in is about to be paid for it. */
  const joinOwners = new Set<Hex>()
  const byGateway = new Map<Eui, Session>()
  const counted = new Map<string, number>()
  // Unix time that never goes back: windows must not stall, and a device's day is UTC's.
  const bootMs = clock.nowMs() - clock.elapsedMs()
  const steadyMs = (): number => bootMs + clock.elapsedMs()
  const bump = (reason: string): void => void counted.set(reason, (counted.get(reason) ?? 0) + 1)
  const books = ownerBooks({
    router: route.router,
    ledger,
    epoch: options.epoch(),
    policy: options.raisePolicy ?? defaultRaisePolicy,
    unitPriceNano: route.unitPriceNano,
  })
  let secret = ledger.drawSecret(books.epoch, () => random.bytes(32))
  const buying = buyer<Copy>({
    policy: {
      ...defaultBuyPolicy,
      ...options.buyPolicy,
      unitPriceNano: route.unitPriceNano,
      copiesWanted: route.copies,
    },
    secret: () => secret,
    ledger,
  })

  // ---- sessions ----

  const drop = (session: Session, reason: string): void => {
    bump(reason)
    session.socket.close(4000, reason.slice(0, 100))
  }
  const say = (session: Session, message: CarryMessage): void => {
    const { socket, sealer } = session
    if (socket.readyState !== WebSocket.OPEN) return
    if (socket.bufferedAmount > socketBytesMax) return socket.terminate()
    const { kind, body } = encodeMessage(message)
    socket.send(sealer.seal(kind, body))
  }
  const notice = (session: Session, reason: NoticeReason): void => say(session, { kind: 'notice', reason })

  const leave = (session: Session): void => {
    sessions.delete(session)
    const others = byOwner.get(session.owner)
    others?.delete(session)
    if (others?.size === 0) byOwner.delete(session.owner)
    for (const gateway of session.gateways) if (byGateway.get(gateway) === session) byGateway.delete(gateway)
    for (const { id, gatewayEui, windows } of session.downlinks.values())
      listener.outcome(refusedOutcome({ id, gatewayEui, windowIndex: windows.length - 1, refusal: 'gateway-away' }))
    session.downlinks.clear()
  }
  const refusedOutcome = (
    outcome: Pick<TransmitOutcome, 'id' | 'gatewayEui' | 'windowIndex' | 'refusal'>,
  ): TransmitOutcome => ({ ...outcome, atMs: clock.nowMs() })

  /** A stream is real once its first sealed message came: only then does it replace an older one of the same node. */
  const join = (session: Session): void => {
    for (const other of byOwner.get(session.owner) ?? []) {
      if (other.nodeKey !== session.nodeKey) continue
      notice(other, 'replaced')
      leave(other)
      other.socket.close(4009, 'replaced')
    }
    session.isReady = true
    sessions.add(session)
    const own = byOwner.get(session.owner) ?? new Set()
    byOwner.set(session.owner, own.add(session))
  }

  // ---- from hotspots ----

  const received = (session: Session, bytes: Uint8Array): void => {
    const opened = session.opener.open(bytes)
    if (opened.tag === 'refused') return drop(session, opened.reason)
    const message = decodeMessage(opened)
    if (message === undefined || !hotspotKinds.has(message.kind)) return drop(session, 'malformed')
    if (!session.isReady && message.kind !== 'ready') return drop(session, 'not-ready')
    if (message.kind === 'ready') return session.isReady ? drop(session, 'ready-twice') : welcomeBack(session, message)
    if (message.kind === 'uplinks') for (const carried of message.uplinks) heard(session, carried)
    else if (message.kind === 'outcomes') for (const outcome of message.outcomes) outcomeCame(session, outcome)
    else if (message.kind === 'status') {
      if (isOwn(session, message.status.gatewayEui)) listener.status(message.status)
    } else if (message.kind === 'notice') {
      bump(`notice-${message.reason}`)
      if (message.reason === 'unpaid') books.hurry(session.owner, steadyMs())
    }
    return undefined
  }

  const welcomeBack = (session: Session, ready: CarryMessage & { kind: 'ready' }): void => {
    if (sessions.size >= carrySessionsMax) return drop(session, 'too-many-sessions')
    const { owner } = session
    const { total, voucherSignature } = ready
    if (voucherSignature !== undefined) {
      const voucher = { payer: route.router, payee: owner, total }
      const signer = voucherSignerOf({ voucher, signature: voucherSignature }, options.railsDomain)
      if (signer === route.voucherSigner && books.adopt(owner, total)) bump('ledger-behind')
    }
    // What is booked by now is in the receipts that are said again; the session hears of later ones as they come.
    flush()
    join(session)
    for (const epoch of new Set([...ledger.epochsOf(owner), books.epoch])) {
      if (epoch < ready.epoch) continue
      resend(session, { epoch, fromIndex: epoch === ready.epoch ? ready.receiptCount : 0 })
    }
    if (directory.hotspotOf(owner) === undefined) notice(session, 'not-bonded')
    return undefined
  }

  const resend = (
    session: Session,
    { epoch, fromIndex }: { readonly epoch: bigint; readonly fromIndex: number },
  ): void => {
    const { owner } = session
    let firstIndex = fromIndex
    for (;;) {
      const receipts = ledger.receipts({ peer: owner, epoch, fromIndex: firstIndex, countMax: receiptsPerMessageMax })
      if (receipts.length > 0) say(session, { kind: 'receipts', epoch, firstIndex, receipts })
      firstIndex += receipts.length
      if (receipts.length < receiptsPerMessageMax) break
    }
    const raised = books.standing(owner, epoch)
    if (raised !== undefined && raised.tally.packets > 0) signAndSay([session], raised)
  }

  const isOwn = (session: Session, gatewayEui: Eui): boolean => {
    if (byGateway.get(gatewayEui) === session) return true
    const holder = byGateway.get(gatewayEui)
    if (holder !== undefined && holder.owner !== session.owner) {
      bump('gateway-taken')
      return false
    }
    if (session.gateways.size >= sessionGatewaysMax) {
      bump('too-many-gateways')
      return false
    }
    session.gateways.add(gatewayEui)
    byGateway.set(gatewayEui, session)
    return true
  }

  const heard = (session: Session, { sequence, uplink, holdMs }: CarriedUplink): void => {
    const nowMs = clock.nowMs()
    const second = Math.floor(clock.elapsedMs() / 1000)
    if (second !== session.second) {
      session.second = second
      session.uplinksInSecond = 0
    }
    session.uplinksInSecond += 1
    const decline = (reason: DeclineReason): void => {
      bump(`declined-${reason}`)
      pushDecision(session, { sequence, kind: 'declined', reason })
    }
    if (session.uplinksInSecond > sessionUplinksPerSecondMax) return decline('busy')
    if (!isOwn(session, uplink.gatewayEui)) return decline('gateway-unknown')
    const hotspot = directory.hotspotOf(session.owner)
    const copy = { owner: session.owner, hotspot, uplink, session, sequence }
    const reason = buying.heard(copy, steadyMs())
    if (reason !== undefined) decline(reason)
    // A second copy of one owner is not bought, but its gateway may be the better one to answer from. And what comes late may be the
    // device's own repetition, byte for byte, which waits for its acknowledgement: the network server tells it from a late copy.
    if (reason === undefined || reason === 'same-owner' || reason === 'late') {
      bump(holdMs > 0 ? 'heard-held' : 'heard')
      listener.heard({
        ...uplink,
        heardAtMs: Math.min(uplink.heardAtMs, nowMs),
        ...(holdMs > 0 ? { heldMs: holdMs } : {}),
      })
    }
    return undefined
  }

  const outcomeCame = (session: Session, outcome: TransmitOutcome): void => {
    const downlink = session.downlinks.get(outcome.id)
    if (downlink === undefined || downlink.gatewayEui !== outcome.gatewayEui) return bump('outcome-unasked')
    const isLast = outcome.windowIndex >= downlink.windows.length - 1
    if (outcome.refusal === undefined || isLast) session.downlinks.delete(outcome.id)
    listener.outcome(outcome)
    return undefined
  }

  // ---- to hotspots ----

  const pushDecision = (session: Session, decision: CarryDecision): void => {
    const last = session.outbox.at(-1)
    if (last?.kind === 'decisions' && last.decisions.length < decisionsPerMessageMax) last.decisions.push(decision)
    else session.outbox.push({ kind: 'decisions', decisions: [decision] })
  }
  const pushReceipt = (session: Session, { epoch, index, encoded }: Booked): void => {
    const last = session.outbox.at(-1)
    const follows =
      last?.kind === 'receipts' &&
      last.epoch === epoch &&
      last.firstIndex + last.receipts.length === index &&
      last.receipts.length < receiptsPerMessageMax
    if (follows) last.receipts.push(encoded)
    else session.outbox.push({ kind: 'receipts', epoch, firstIndex: index, receipts: [encoded] })
  }
  const sessionsOf = (owner: Hex): Session[] => [...(byOwner.get(owner) ?? [])]

  const noteJoin = (owner: Hex): void => {
    joinOwners.delete(owner)
    joinOwners.add(owner)
    if (joinOwners.size > joinOwnersMax) joinOwners.delete(joinOwners.values().next().value!)
  }

  const decided = (decision: BuyDecision<Copy>, nowMs: number): void => {
    const { session, sequence, owner } = decision.copy
    if (decision.kind === 'declined') {
      bump(`declined-${decision.reason}`)
      const { reason, winner } = decision
      if (reason === 'join-free') noteJoin(owner)
      pushDecision(session, { sequence, kind: 'declined', reason, ...(winner === undefined ? {} : { winner }) })
      return
    }
    bump('bought')
    const booked = books.book(owner, decision.receipt, nowMs)
    const { copies, priceNano } = decision.receipt
    for (const other of new Set([session, ...sessionsOf(owner)])) {
      if (other === session)
        pushDecision(session, { sequence, kind: 'bought', epoch: booked.epoch, index: booked.index, copies, priceNano })
      else pushReceipt(other, booked)
    }
  }

  const signAndSay = (to: readonly Session[], { owner, total, tally }: Raised): void => {
    const { railsDomain } = options
    const signed = Promise.all([
      voucherSigner.sign(voucherDigest({ payer: route.router, payee: owner, total }, railsDomain)),
      voucherSigner.sign(tallyDigest(tally, railsDomain)),
    ])
    const { epoch, packets, units, nanoCredits, root } = tally
    for (const session of to) {
      session.signing = session.signing
        .then(async () => {
          const [voucherSignature, tallySignature] = await signed
          say(session, {
            kind: 'voucher',
            total,
            voucherSignature,
            epoch,
            packets,
            units,
            nanoCredits,
            root,
            tallySignature,
          })
        })
        .catch(onTrouble)
    }
  }

  /** Decides, writes down, and only then says. */
  const flush = (): void => {
    const nowMs = steadyMs()
    for (const decision of buying.due(nowMs)) decided(decision, nowMs)
    const raised = books.raise(nowMs)
    const turned = turnEpoch(nowMs)
    ledger.commit()
    for (const session of sessions) empty(session)
    for (const one of [...raised, ...turned.raised]) signAndSay(sessionsOf(one.owner), one)
    if (turned.reveal !== undefined) for (const session of sessions) say(session, turned.reveal)
  }
  const empty = (session: Session): void => {
    const messages = session.outbox.splice(0)
    for (const message of messages) say(session, message)
  }

  const turnEpoch = (nowMs: number): { readonly raised: readonly Raised[]; readonly reveal?: CarryMessage } => {
    const next = options.epoch()
    const { epoch } = books
    if (next <= epoch) return { raised: [] }
    const raised = books.turn(next, nowMs)
    const revealed = secret
    secret = ledger.drawSecret(next, () => random.bytes(32))
    if (next > keptEpochs) ledger.forgetBefore(next - keptEpochs)
    return {
      raised,
      reveal: { kind: 'reveal', epoch, secret: toHex(revealed), nextCommitment: drawCommitment(secret) },
    }
  }

  let stopFlushing = (): void => undefined
  const flushOn = (): void => {
    try {
      flush()
    } catch (error) {
      // Nothing has left, for the ledger comes first; what waits is tried again.
      onTrouble(error)
    }
    stopFlushing = timers.after(flushMs, flushOn)
  }
  stopFlushing = timers.after(flushMs, flushOn)

  // ---- the hello ----

  const refuse = (socket: WebSocket, reason: string): void => {
    bump(reason)
    socket.close(4003, reason)
  }
  const greet = async (socket: WebSocket, said: Uint8Array): Promise<void> => {
    const hello = said.length === helloBytes ? openHello(said, verify) : undefined
    if (hello === undefined) return refuse(socket, 'bad-hello')
    const fault = helloFault(hello)
    if (fault !== undefined) return refuse(socket, fault)
    const ephemeral = ephemeralOf(random.bytes(32))
    const { router, voucherSigner: signer, unitPriceNano, copies } = route
    const welcome = await signWelcome(
      {
        nonce: toHex(random.bytes(32)),
        ephemeral: ephemeral.publicKey,
        router,
        voucherSigner: signer,
        unitPriceNano,
        copies,
        drawCommitment: drawCommitment(secret),
        epoch: books.epoch,
        nowMs: clock.nowMs(),
      },
      said,
      nodeSigner,
    )
    const keys = carryKeys({ secret: ephemeral.secret, theirs: hello.ephemeral, hello: said, welcome })
    if (keys === undefined) return refuse(socket, 'bad-hello')
    const session: Session = {
      socket,
      owner: hello.node.owner,
      nodeKey: hello.node.nodeKey,
      sealer: carrySealer({ key: keys.toHotspot, hmac: nativeHmac }),
      opener: carryOpener({ key: keys.toRouter, hmac: nativeHmac }),
      gateways: new Set(),
      downlinks: new Map(),
      isReady: false,
      second: 0,
      uplinksInSecond: 0,
      outbox: [],
      signing: Promise.resolve(),
    }
    socket.on('message', (data: Buffer, isBinary) => {
      try {
        if (isBinary) received(session, new Uint8Array(data))
        else drop(session, 'malformed')
      } catch (error) {
        // Of our own making, such as a ledger that cannot be written; a stranger's bytes do not get here.
        onTrouble(error)
        socket.terminate()
      }
    })
    socket.on('close', () => leave(session))
    socket.send(welcome)
    return undefined
  }
  const helloFault = ({ chainId, routerKey, node, ownerSignature }: Hello): string | undefined => {
    if (chainId !== options.chainId) return 'other-chain'
    if (routerKey !== nodeSigner.nodeKey) return 'other-router'
    const isVouched = isCarryNode({
      node,
      signature: ownerSignature,
      domain: options.registryDomain,
      nowMs: clock.nowMs(),
    })
    return isVouched ? undefined : 'owner-signature-differs'
  }

  sockets.on('connection', (socket: WebSocket) => {
    const stop = timers.after(helloMsMax, () => refuse(socket, 'no-hello'))
    const stopPing = keepAlive({ socket, timers })
    socket.on('error', () => socket.terminate())
    socket.once('close', () => {
      stop()
      stopPing()
    })
    socket.once('message', (data: Buffer, isBinary) => {
      stop()
      if (!isBinary) return refuse(socket, 'bad-hello')
      greet(socket, new Uint8Array(data)).catch((error: unknown) => {
        onTrouble(error)
        socket.terminate()
      })
      return undefined
    })
  })

  return {
    upgrade(request, socket, head) {
      if (sockets.clients.size >= sessions.size + carryStrangersMax) {
        bump('too-many-strangers')
        socket.destroy()
        return
      }
      sockets.handleUpgrade(request, socket, head, (upgraded) => sockets.emit('connection', upgraded, request))
    },
    radio: {
      isReachable: (gatewayEui) => byGateway.get(gatewayEui)?.socket.readyState === WebSocket.OPEN,
      send(downlink) {
        const session = byGateway.get(downlink.gatewayEui)
        const { id, gatewayEui, windows } = downlink
        const refused = { id, gatewayEui, windowIndex: windows.length - 1 }
        if (session === undefined || session.downlinks.size >= sessionDownlinksMax) {
          bump(session === undefined ? 'downlink-gateway-away' : 'downlinks-waiting')
          listener.outcome(
            refusedOutcome({ ...refused, refusal: session === undefined ? 'gateway-away' : 'no-answer' }),
          )
          return
        }
        session.downlinks.set(id, downlink)
        say(session, { kind: 'downlinks', downlinks: [downlink] })
      },
    },
    admit: (phyPayload: Uint8Array, budget: DeviceBudget) => buying.admit(phyPayload, budget, steadyMs()),
    judged: (phyPayload: Uint8Array, verdict: PacketVerdict) => buying.judged(phyPayload, verdict, steadyMs()),
    owed: () =>
      [...new Set([...ledger.peers(), ...joinOwners])].map((owner) => ({
        owner,
        total: ledger.account(owner)?.total ?? 0n,
      })),
    counts: () => Object.fromEntries(counted),
    get sessionCount() {
      return sessions.size
    },
    async [Symbol.asyncDispose]() {
      stopFlushing()
      for (const socket of sockets.clients) socket.terminate()
      await Promise.all([...sessions].map(async ({ signing }) => signing))
      await new Promise<void>((resolve) => sockets.close(() => resolve()))
      ledger.commit()
    },
  }
}

/** Epochs of which receipts are kept: as long as an entry may stand on them, and a week for disputes. */
const keptEpochs = 72n

/** Lets go of a socket that does not answer. */
function keepAlive({ socket, timers }: { readonly socket: WebSocket; readonly timers: Timers }): () => void {
  let isAlive = true
  let stop = (): void => undefined
  const ping = (): void => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    if (socket.readyState === WebSocket.OPEN) socket.ping()
    stop = timers.after(pingMs, ping)
    return undefined
  }
  socket.on('pong', () => {
    isAlive = true
  })
  stop = timers.after(pingMs, ping)
  return () => stop()
}
