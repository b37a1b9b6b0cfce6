/**
 * The LoRaWAN network server: from what gateways hear to what applications read, and back.
 *
 * One frame's way: its copies are gathered, a session is found and its counter checked, the device's words and the network's answer
 * are worked out, the session is kept on disk, and only then the message is published and the answer sent. So a counter never goes
 * back and nothing is published twice, whenever the program is killed.
 *
 * @module
 */

import type { PacketVerdict } from '../model/packet-verdict.ts'
import { dropCounter } from '../drop-counter.ts'
import { gpsMsOf } from '../gps-time.ts'
import type { Device, DeviceProfile } from '../model/device.ts'
import type { CopyView, DeviceMessage, LogMessage } from '../model/message.ts'
import type { RadioUplink } from '../model/radio.ts'
import { groupOfQueueName } from '../model/multicast-group.ts'
import type { DeviceSession } from '../model/session.ts'
import type {
  Broker,
  Clock,
  Devices,
  DownlinkQueue,
  MulticastGroups,
  Radio,
  RadioListener,
  Random,
  Sessions,
  Timers,
} from '../ports.ts'
import type { PacketJudge } from '../ports/carry.ts'
import { snrFloorDb } from '../region/airtime.ts'
import { uplinkDataRateOf } from '../region/data-rate.ts'
import { channelIndexOf } from '../region/receive-windows.ts'
import type { Region } from '../region/region.ts'
import { regionOf } from '../region/region-of.ts'
import { uniqueIds } from '../unique-id.ts'
import { work } from '../work.ts'
import {
  parsePhyPayload,
  type DataFrame,
  type FrameFault,
  type JoinRequest,
  type RejoinRequest,
} from '../wire/phy-payload.ts'
import { activatedRadio } from './activate.ts'
import { addressBudget } from './address-budget.ts'
import { adapt, adrMarginDb, remember, type AdrState, type AdrUplink } from './adr.ts'
import { copyWindow, type Gathered } from './copy-window.ts'
import { downlinkDesk, type Answerable, type Plan } from './downlink/downlink-desk.ts'
import { frameSender } from './downlink/frame-sender.ts'
import { marginOf } from './downlink/gateway-book.ts'
import { lastHeard } from './downlink/last-heard.ts'
import { multicastDesk } from './downlink/multicast-desk.ts'
import { joinServer, type JoinRefusal, type NetworkPolicy } from './join-server.ts'
import { makeSchedules } from './key-schedules.ts'
import { lastFrames } from './last-frames.ts'
import { logGate } from './log-gate.ts'
import { applyAnswers, type MacEvent } from './mac/apply-answers.ts'
import { forceRejoin } from './mac/force-rejoin.ts'
import { replyCommands } from './mac/reply-commands.ts'
import { stickyRequests } from './mac/sticky-answers.ts'
import { wantedRequests } from './mac/wanted-requests.ts'
import { heardWaysMax, micTriesMax, type ReadUplink, type SentWith, type UplinkRefusal } from './read-uplink.ts'
import { rejoinServer, type RejoinRefusal, type RejoinVerdict } from './rejoin-server.ts'

/** Devices whose last uplinks are remembered for ADR, inclusive. */
export const adrDevicesMax = 262_144
/** A device is asked for its status this seldom. */
const statusEveryMs = 86_400_000
const tidyEveryMs = 1_000
/** From the start until devices that always listen are sent what waits for them: gateways dial in meanwhile. */
const reachAfterStartMs = 15_000
/** A copy of a join that comes as late as this is still one. */
const joinRememberedMs = 60_000
/** A join that was held longer than this on its way, inclusive, cannot be answered: its second window is over. */
export const joinHeldMsMax = 5_500
/** What a join is refused for before anyone has seen whether the device signed it. */
const unsignedRefusals: ReadonlySet<string> = new Set([
  'unknown-device',
  'wrong-mic',
  'rejoin-not-known',
  'rejoin-without-session',
])
/** Joins that are worked on at once, inclusive. */
export const joinsAtOnceMax = 1_024

export type NetworkDrop =
  | FrameFault
  | UplinkRefusal
  | JoinRefusal
  | 'not-for-a-network'
  | 'late-copy'
  | 'overtaken'
  | 'repeated-by-gateway'
  | 'too-many-copies'
  | 'address-flooded'
  | 'not-told-again'
  | 'joins-busy'
  | 'join-too-late'
  | RejoinRefusal
  | 'not-kept'
  | 'over-budget'
  | 'our-fault'

export interface NetworkServerOptions {
  readonly radio: Radio
  readonly broker: Broker
  readonly devices: Devices
  readonly sessions: Sessions
  readonly queue: DownlinkQueue
  /** none when left out */
  readonly groups?: MulticastGroups | undefined
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly policyOf: (region: Region) => NetworkPolicy
  /** who pays gateways for what they carried; none where all gateways are one's own */
  readonly judge?: PacketJudge | undefined
  /** frames of the proprietary kind, such as beacons of proof of coverage */
  readonly onProprietary?: ((uplink: RadioUplink) => void) | undefined
  /** a mistake of ours about one frame, or a write that failed: that frame is lost, and all others go on */
  readonly onTrouble?: ((error: unknown) => void) | undefined
}

export interface NetworkServer extends RadioListener {
  /** A payload was queued: a device that always listens gets it now. */
  queueChanged(devEui: string): void
  /** A payload was queued for a multicast group, under `groupQueueName`. */
  groupChanged(id: string): void
  /** A device of 1.1 is told to rejoin, with its next answers; type 2 changes keys and address alone. */
  askRejoin(devEui: string, rejoinType: 0 | 2): void
  drops(): ReadonlyMap<NetworkDrop, number>
  counts(): { readonly heard: number; readonly published: number; readonly joined: number; readonly awaited: number }
  /** Resolves when all that was taken in is kept, published and answered. */
  settled(): Promise<void>
  [Symbol.dispose](): void
}

export function networkServer(options: NetworkServerOptions): NetworkServer {
  const { radio, broker, devices, sessions, queue, clock, timers, random, policyOf, judge, onProprietary, onTrouble } =
    options
  const drops = dropCounter<NetworkDrop>()
  const schedulesOf = makeSchedules()
  const joins = joinServer({ devices, sessions, random, policyOf })
  const rejoins = rejoinServer({ devices, sessions, random, policyOf })
  const forced = forceRejoin()
  const histories = new Map<string, readonly AdrUplink[]>()
  const statusAskedMs = new Map<string, number>()
  const budget = addressBudget()
  const last = lastFrames()
  const gate = logGate()
  const working = new Set<Promise<unknown>>()
  let [heardCount, publishedCount, joinedCount, joinsAtOnce] = [0, 0, 0, 0]
  let isOver = false

  const publish = (message: DeviceMessage): void => {
    publishedCount += 1
    broker.publish(message)
  }
  const sender = frameSender({ radio, clock })
  const heardLast = lastHeard({ keptOf: (devEui) => sessions.sessionOf(devEui)?.heardBy })
  const after = (delayMs: number, run: () => void): void =>
    void timers.after(delayMs, () => {
      if (!isOver) run()
    })
  const desk = downlinkDesk({
    sender,
    queue,
    clock,
    lastHeard: heardLast,
    schedulesOf,
    publish,
    reachLater: (devEui, delayMs) => after(delayMs, () => queueChanged(devEui)),
  })
  const verdict = (copies: readonly RadioUplink[], found: PacketVerdict): void => {
    const [first] = copies
    if (first !== undefined) judge?.judged(first.phyPayload, found)
  }
  const track = (work: Promise<unknown>): void => {
    const failed = (error: unknown): void => {
      drops.count('not-kept')
      onTrouble?.(error)
    }
    const done = work.catch(failed).finally(() => working.delete(done))
    working.add(done)
  }
  const multicast =
    options.groups === undefined
      ? undefined
      : multicastDesk({
          sender,
          groups: options.groups,
          queue,
          clock,
          lastHeard: heardLast,
          isReachable: (gatewayEui) => radio.isReachable(gatewayEui),
          publish,
          after,
          track,
        })
  /** First the session is kept, then what follows from it happens; or what undoes it, when it could not be kept. */
  const keepAndCarryOut = (plan: Plan, then: { kept(): void; lost(): void }): void =>
    track(
      sessions.put(plan.session).then(
        () => {
          then.kept()
          plan.carryOut()
        },
        (error: unknown) => {
          then.lost()
          plan.abandon()
          throw error
        },
      ),
    )
  const nextId = uniqueIds(random)

  /** Whoever brings frames must not fall over one of them. */
  const guarded = (copies: readonly RadioUplink[], take: () => boolean): boolean => {
    try {
      return take()
    } catch (error) {
      drops.count('our-fault')
      verdict(copies, { kind: 'refused' })
      onTrouble?.(error)
      return false
    }
  }

  const frames = copyWindow({
    release: ({ copies }) => guarded(copies, () => dataReleased(copies)),
    secret: random.bytes(16),
    elapsedMs: clock.elapsedMs,
    after: timers.after,
  })
  const joinFrames = copyWindow({
    // Joins are few and far between, so nobody learns from them: each is waited for as long as it takes.
    release: ({ copies }) =>
      guarded(copies, () => {
        joinReleased({ copies })
        return false
      }),
    secret: random.bytes(16),
    elapsedMs: clock.elapsedMs,
    after: timers.after,
    // No device sends a join-request twice: each has a nonce of its own.
    rememberMs: joinRememberedMs,
  })

  const tidy = (): void => {
    if (isOver) return
    sender.tidy()
    timers.after(tidyEveryMs, tidy)
  }
  timers.after(tidyEveryMs, tidy)
  // What waited when the program ended goes on waiting for devices that send; the others are reached once gateways are back.
  after(reachAfterStartMs, () => {
    for (const name of queue.names()) {
      const group = groupOfQueueName(name)
      if (group === undefined) queueChanged(name)
      else multicast?.groupChanged(group)
    }
  })

  const countTaken = (taken: ReturnType<typeof frames.add>): void => {
    if (taken === 'late') drops.count('late-copy')
    if (taken === 'same-gateway') drops.count('repeated-by-gateway')
    if (taken === 'too-many-copies') drops.count('too-many-copies')
  }

  const heard = (uplink: RadioUplink): void => {
    heardCount += 1
    const frame = parsePhyPayload(uplink.phyPayload)
    switch (frame.kind) {
      case 'data':
        return countTaken(frames.add(uplink, frame.devAddr))
      case 'join-request':
        return countTaken(joinFrames.add(uplink, frame.devEui))
      case 'proprietary':
        return onProprietary?.(uplink)
      case 'rejoin-request':
        return countTaken(joinFrames.add(uplink, frame.devEui))
      case 'join-accept':
        return refuseFrame(uplink, 'not-for-a-network')
      case 'malformed':
        return refuseFrame(uplink, frame.reason)
    }
  }

  /** What nobody can use: who carried it need not wait for a word about it. */
  const refuseFrame = (uplink: RadioUplink, reason: NetworkDrop): void => {
    drops.count(reason)
    verdict([uplink], { kind: 'refused' })
  }

  const regionOfSession = (session: DeviceSession): Region => {
    const profile = profileOf(session)
    return regionOf(profile?.region ?? 'EU868', profile?.parameterRevision)
  }
  const profileOf = ({ devEui }: DeviceSession): DeviceProfile | undefined => {
    const device = devices.device(devEui)
    return device === undefined ? undefined : devices.profile(device.profileId)
  }

  /** @returns whether it is of a device of ours */
  const dataReleased = (copies: readonly RadioUplink[]): boolean => {
    const [first] = copies
    const frame = first === undefined ? undefined : parsePhyPayload(first.phyPayload)
    if (frame?.kind !== 'data') return false
    const { devAddr, mic } = frame
    const triesMax = budget.triesFor(devAddr, clock.elapsedMs())
    const read = work({
      frame,
      candidates: sessions.sessionsFor(devAddr),
      schedulesOf,
      sentWith: (session) => heardWays(session, copies),
      skipsFrameCounter: ({ devEui }) => devices.device(devEui)?.skipsFrameCounter === true,
      // A device of 1.1 signs the channel too, so its repetitions differ.
      isLastFrame: ({ devEui, macVersion }) => macVersion === '1.1.0' || last.isLast(devEui, mic) !== false,
      isDisabled: ({ devEui }) => devices.device(devEui)?.isDisabled !== false,
      triesMax,
    })
    budget.spent(devAddr, read.tries)
    if (read.tag === 'accepted') {
      accepted(copies, frame, read)
      return true
    }
    const isFlooded = read.reason === 'too-many-tries' && triesMax < micTriesMax
    refuseData(copies, frame, isFlooded ? { ...read, reason: 'address-flooded' } : read)
    return false
  }

  /** With which data rate and on which channel a device sent, for all that its copies say: a gateway may be wrong, or lie. */
  const heardWays = (session: DeviceSession, copies: readonly RadioUplink[]): SentWith[] => {
    const region = regionOfSession(session)
    const ways: SentWith[] = []
    for (const { modulation, frequencyHz } of copies) {
      const dataRate = uplinkDataRateOf(region, modulation)
      const known = session.radio.channels.findIndex((one) => one?.uplinkHz === frequencyHz)
      const txChannel = known === -1 ? (channelIndexOf(region, frequencyHz, dataRate) ?? 0) : known
      const txDataRate = dataRate ?? 0
      if (ways.some((way) => way.txDataRate === txDataRate && way.txChannel === txChannel)) continue
      ways.push({ txDataRate, txChannel })
      if (ways.length >= heardWaysMax) break
    }
    return ways
  }

  const refuseData = (
    copies: readonly RadioUplink[],
    { devAddr, fCnt16 }: DataFrame,
    { reason, session }: { readonly reason: UplinkRefusal | 'address-flooded'; readonly session?: DeviceSession },
  ): void => {
    if (reason === 'counter-reset' && session !== undefined && last.wasOvertaken(session.devEui, copies)) {
      verdict(copies, { kind: 'refused' })
      return drops.count('overtaken')
    }
    drops.count(reason)
    verdict(copies, { kind: verdictOf[reason] ?? 'refused' })
    if (session === undefined) return
    const facts = { devAddr: hexAddr(devAddr), fCnt: String(fCnt16), expected: String(session.fCntUp) }
    if (reason === 'counter-reset') return warnOfReset(session.devEui, facts)
    warn(session.devEui, { code: reason, description: `A frame was refused: ${reason}.`, facts })
  }

  const warnOfReset = (devEui: string, facts: Readonly<Record<string, string>>): void =>
    warn(devEui, {
      code: 'frame-counter-reset',
      description: 'The device began to count its frames again; join it anew, or reset its session.',
      facts,
    })

  /** Once in a while for each device and reason: whoever plays old frames again must not fill anyone's log. */
  const warn = (
    devEui: string,
    said: Pick<LogMessage, 'code' | 'description' | 'facts'> & { level?: 'error' },
  ): void => {
    if (!gate.mayTell(devEui, said.code, clock.elapsedMs())) return drops.count('not-told-again')
    publish({ kind: 'log', atMs: clock.nowMs(), devEui, level: 'warning', ...said })
  }

  const accepted = (copies: readonly RadioUplink[], frame: DataFrame, heard: ReadUplink): void => {
    const [first] = copies
    const device = devices.device(heard.session.devEui)
    const profile = device === undefined ? undefined : devices.profile(device.profileId)
    if (first === undefined || device === undefined || profile === undefined) {
      verdict(copies, { kind: 'refused' })
      return drops.count('no-profile')
    }
    const { devEui } = device
    // What could not be kept was told to nobody: sent again, it is new.
    const isRepeated = heard.isRepeated && !last.wasLost(devEui, heard.fCnt)
    const read = isRepeated === heard.isRepeated ? heard : { ...heard, isRepeated }
    if (read.isRepeated && last.isLateCopy(devEui, frame.mic, copies)) {
      verdict(copies, { kind: 'replayed' })
      return drops.count('late-copy')
    }
    if (read.isRepeated && read.session.macVersion !== '1.1.0' && last.isLast(devEui, frame.mic) === false)
      warnOfReset(devEui, {
        devAddr: hexAddr(frame.devAddr),
        fCnt: String(read.fCnt),
        expected: String(read.session.fCntUp),
      })
    const { unitsPerDayMax } = device
    if (!isRepeated && unitsPerDayMax !== undefined && judge !== undefined) {
      // Who carried it is not paid for it, so nobody is to have it.
      if (!judge.admit(first.phyPayload, { devEui, unitsPerDayMax })) {
        warn(devEui, {
          code: 'over-budget',
          description: 'The device has spent its units of this day; what it sends is not bought, and not delivered.',
          facts: { unitsPerDayMax: String(unitsPerDayMax), fCnt: String(read.fCnt) },
        })
        return drops.count('over-budget')
      }
    }
    if (!isRepeated) {
      last.note(devEui, { mic: frame.mic, fCnt: read.fCnt, copies })
      joins.spoke(devEui)
    }
    const region = regionOf(profile.region, profile.parameterRevision)
    const { plan, events } = planAnswer({ copies, read, device, profile, region })
    const messages = isRepeated ? [] : messagesOf({ copies, frame, read, region, atMs: clock.nowMs(), events })
    keepAndCarryOut(plan, {
      kept() {
        verdict(copies, isRepeated ? { kind: 'replayed' } : { kind: 'accepted', devEui })
        for (const message of messages) publish(message)
      },
      lost() {
        verdict(copies, { kind: 'refused' })
        last.lost(devEui, read.fCnt)
      },
    })
  }

  const planAnswer = ({
    copies,
    read,
    device,
    profile,
    region,
  }: {
    readonly copies: readonly RadioUplink[]
    readonly read: ReadUplink
    readonly device: Device
    readonly profile: DeviceProfile
    readonly region: Region
  }): { readonly plan: Plan; readonly events: readonly MacEvent[] } => {
    const [first] = copies
    const best = copies.reduce((most, copy) => (marginOf(copy) > marginOf(most) ? copy : most), first!)
    const dataRate = uplinkDataRateOf(region, best.modulation) ?? read.session.radio.dataRate
    const { session: answered, events } = applyAnswers(
      radioAsHeard(read, profile, dataRate),
      region,
      read.commands.commands,
    )
    const gpsTimeMs = copies.find((copy) => copy.gpsTimeMs !== undefined)?.gpsTimeMs ?? gpsMsOf(best.heardAtMs)
    const { commands: replies, radio: replied } = replyCommands(answered, read.commands.commands, {
      marginDb: marginOf(best),
      gatewayCount: copies.length,
      gpsTimeMs,
      bootRadio: () => activatedRadio(profile, policyOf(region)),
    })
    const session = replied === answered.radio ? answered : { ...answered, radio: replied }
    const adr = adrFor({ session, read, profile, region, best, gatewayCount: copies.length })
    const asksStatus = isStatusDue(device.devEui)
    const repeated = stickyRequests(read.commands.commands)
    const wish = { region, policy: policyOf(region), profile, adr, asksStatus }
    const wanted = wantedRequests(session, wish, repeated)
    const answerable: Answerable = {
      session: wanted.held === session.requests ? session : { ...session, requests: wanted.held },
      device,
      profile,
      region,
      copies,
      replies: read.isRepeated ? replies : [...replies, ...forced.commandsFor(session)],
      wanted: wanted.requests,
      fCnt: read.fCnt,
      isRepeated: read.isRepeated,
      isConfirmed: read.isConfirmed,
      isAck: read.isAck,
      isHearingWanted: read.isAdrAckReq || repeated.size > 0,
      isAdr: profile.adr === 'on',
    }
    return { plan: desk.answer(answerable), events: [...events, ...wanted.events] }
  }

  /** What the frame itself tells of the radio: its data rate, and whether it follows the beacon. */
  const radioAsHeard = ({ session, isClassB }: ReadUplink, profile: DeviceProfile, dataRate: number): DeviceSession => {
    const { radio: state } = session
    const followsBeacon = isClassB && profile.supportsClassB
    const deviceClass = followsBeacon ? 'B' : state.deviceClass === 'B' ? 'A' : state.deviceClass
    const isSame =
      state.dataRate === dataRate && state.isBeaconLocked === followsBeacon && state.deviceClass === deviceClass
    return isSame
      ? session
      : { ...session, radio: { ...state, dataRate, isBeaconLocked: followsBeacon, deviceClass } as const }
  }

  const adrFor = ({
    session,
    read,
    profile,
    region,
    best,
    gatewayCount,
  }: {
    readonly session: DeviceSession
    readonly read: ReadUplink
    readonly profile: DeviceProfile
    readonly region: Region
    readonly best: RadioUplink
    readonly gatewayCount: number
  }): AdrState | undefined => {
    if (profile.adr !== 'on' || !read.isAdr || best.modulation.kind !== 'lora') return undefined
    const { devEui, radio: state } = session
    const known = histories.get(devEui)
    if (known === undefined && histories.size >= adrDevicesMax) histories.delete(histories.keys().next().value!)
    const history = remember(known ?? [], {
      fCnt: read.fCnt,
      maxSnrDb: best.snrDb ?? 0,
      txPowerIndex: state.txPowerIndex,
      gatewayCount,
    })
    histories.set(devEui, history)
    const enabled = state.enabledChannels.flatMap((index) => state.channels[index] ?? [])
    const dataRateMax = enabled.reduce((most, channel) => Math.max(most, channel.dataRateMax), 0)
    return adapt({
      isAdr: true,
      dataRate: state.dataRate,
      txPowerIndex: state.txPowerIndex,
      nbTrans: state.nbTrans,
      dataRateMax: Math.min(highestLoraRate(region, dataRateMax), state.refusedAbove?.dataRate ?? 15),
      txPowerIndexMax: Math.min(region.txPowerIndexMax, state.refusedAbove?.txPowerIndex ?? 15),
      requiredSnrDb: snrFloorDb[best.modulation.spreadingFactor] ?? -20,
      marginDb: adrMarginDb,
      history,
    })
  }

  const isStatusDue = (devEui: string): boolean => {
    const nowMs = clock.nowMs()
    const asked = statusAskedMs.get(devEui)
    if (asked !== undefined && nowMs - asked < statusEveryMs) return false
    if (asked === undefined && statusAskedMs.size >= adrDevicesMax)
      statusAskedMs.delete(statusAskedMs.keys().next().value!)
    statusAskedMs.set(devEui, nowMs)
    // The first frame after a start is not asked: it has more to be told.
    return asked !== undefined
  }

  const copyViews = (copies: readonly RadioUplink[]): CopyView[] =>
    copies.map(({ gatewayEui, rssiDbm, snrDb, channel, heardAtMs, gpsTimeMs, context }) => ({
      gatewayEui,
      rssiDbm,
      ...(snrDb === undefined ? {} : { snrDb }),
      channel,
      heardAtMs,
      ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
      context,
    }))

  const messagesOf = ({
    copies,
    frame,
    read,
    region,
    atMs,
    events,
  }: {
    readonly copies: readonly RadioUplink[]
    readonly frame: DataFrame
    readonly read: ReadUplink
    readonly region: Region
    readonly atMs: number
    readonly events: readonly MacEvent[]
  }): DeviceMessage[] => {
    const [first] = copies
    const { devEui } = read.session
    const up: DeviceMessage = {
      kind: 'up',
      deduplicationId: nextId(),
      atMs,
      devEui,
      devAddr: frame.devAddr,
      fCnt: read.fCnt,
      ...(read.fPort === undefined ? {} : { fPort: read.fPort }),
      payload: read.payload,
      isConfirmed: read.isConfirmed,
      isAdr: read.isAdr,
      isAck: read.isAck,
      dataRate: uplinkDataRateOf(region, first!.modulation) ?? 0,
      frequencyHz: first!.frequencyHz,
      modulation: first!.modulation,
      copies: copyViews(copies),
    }
    return [up, ...events.flatMap((event) => macMessage(event, devEui, atMs))]
  }

  const macMessage = (event: MacEvent, devEui: string, atMs: number): DeviceMessage[] => {
    if (event.kind === 'unexpected') return []
    if (event.kind === 'refused') {
      const { name: command, why } = event
      const description = `The device refused ${command}: ${why}.${event.isOver ? ' It is not asked again.' : ''}`
      const code = event.isOver ? 'mac-command-given-up' : 'mac-command-refused'
      return [{ kind: 'log', atMs, devEui, level: 'warning', code, description, facts: { command, why } }]
    }
    if (event.kind === 'unanswered') {
      const { name: command } = event
      const description = `The device never answered ${command}. It is not asked again before it joins anew.`
      const code = 'mac-command-unanswered'
      return [{ kind: 'log', atMs, devEui, level: 'warning', code, description, facts: { command } }]
    }
    const { battery, margin: marginDb } = event
    const level = battery > 0 && battery < 255 ? { batteryLevel: battery } : {}
    return [{ kind: 'status', atMs, devEui, ...level, isExternalPower: battery === 0, marginDb }]
  }

  const joinReleased = ({ copies }: Gathered): void => {
    const [first] = copies
    const request = first === undefined ? undefined : parsePhyPayload(first.phyPayload)
    if (request?.kind !== 'join-request' && request?.kind !== 'rejoin-request') return
    if (copies.every(({ heldMs = 0 }) => heldMs > joinHeldMsMax)) {
      // Its nonce is not spent: the device that sent it has long begun another.
      verdict(copies, { kind: 'refused' })
      return drops.count('join-too-late')
    }
    if (joinsAtOnce >= joinsAtOnceMax) {
      verdict(copies, { kind: 'refused' })
      return drops.count('joins-busy')
    }
    joinsAtOnce += 1
    const work = request.kind === 'join-request' ? join(request, copies) : rejoin(request, copies)
    track(work.finally(() => (joinsAtOnce -= 1)))
  }

  const join = async (request: JoinRequest, copies: readonly RadioUplink[]): Promise<void> => {
    const atMs = clock.nowMs()
    const joined = await joins.join(request, {
      atMs,
      elapsedMs: clock.elapsedMs(),
      uplinkHz: copies[0]?.frequencyHz ?? 0,
    })
    const { devNonce, devEui } = request
    const facts = { devNonce: String(devNonce) }
    if (joined.tag === 'refused') return joinRefused(devEui, copies, joined.reason, facts)
    if (joined.isRepaired)
      warn(devEui, {
        code: 'dev-nonce-repaired',
        description:
          'The device lost count of its DevNonces and was let in all the same, for it was silent but for its joins.',
        facts,
      })
    return answerJoined(joined, copies, atMs)
  }

  const rejoin = async (request: RejoinRequest, copies: readonly RadioUplink[]): Promise<void> => {
    const { devEui, rejoinType, rjCount } = request
    const atMs = clock.nowMs()
    const rejoined = await rejoins.rejoin(request, { atMs, uplinkHz: copies[0]?.frequencyHz ?? 0 })
    if (rejoined.tag === 'rejoined') return answerJoined(rejoined, copies, atMs)
    const facts = { rejoinType: String(rejoinType), rjCount: String(rjCount) }
    return joinRefused(devEui, copies, rejoined.reason, facts)
  }

  const joinRefused = (
    devEui: string,
    copies: readonly RadioUplink[],
    reason: JoinRefusal | RejoinRefusal,
    facts: LogMessage['facts'],
  ): void => {
    drops.count(reason)
    verdict(copies, {
      kind: reason === 'wrong-mic' ? 'mic-failed' : reason === 'unknown-device' ? 'unknown-device' : 'refused',
    })
    // Whoever has no key of the device says nothing in its name.
    if (unsignedRefusals.has(reason)) return
    const description =
      reason === 'dev-nonce-used'
        ? 'The device used a DevNonce again; it may have lost its counter. Forget its nonces to let it join.'
        : `The join was refused: ${reason}.`
    warn(devEui, { code: reason, description, facts, level: 'error' })
  }

  const answerJoined = (
    { session, profile, answer }: Pick<Extract<RejoinVerdict, { tag: 'rejoined' }>, 'session' | 'profile' | 'answer'>,
    copies: readonly RadioUplink[],
    atMs: number,
  ): void => {
    const { devEui, joinEui, devAddr } = session
    joinedCount += 1
    verdict(copies, { kind: 'join-accepted', devEui })
    histories.delete(devEui)
    forced.done(devEui)
    publish({ kind: 'join', deduplicationId: nextId(), atMs, devEui, joinEui, devAddr, copies: copyViews(copies) })
    desk.answerJoin({ devEui, region: regionOf(profile.region, profile.parameterRevision), copies, answer })
  }

  const queueChanged = (devEui: string): void => {
    const session = sessions.sessionOf(devEui)
    desk.sweep(devEui, session)
    const device = devices.device(devEui)
    const profile = device === undefined ? undefined : devices.profile(device.profileId)
    if (session === undefined || device === undefined || profile === undefined || device.isDisabled) return
    const plan = desk.reach({ session, device, profile, region: regionOf(profile.region, profile.parameterRevision) })
    if (plan !== undefined) keepAndCarryOut(plan, { kept: () => undefined, lost: () => undefined })
  }

  return {
    heard,
    outcome: (outcome) => sender.outcome(outcome),
    status: () => undefined,
    queueChanged,
    groupChanged: (id) => multicast?.groupChanged(id),
    askRejoin: forced.ask,
    drops: drops.totals,
    counts: () => ({ heard: heardCount, published: publishedCount, joined: joinedCount, awaited: sender.awaitedCount }),
    async settled() {
      frames.flush()
      joinFrames.flush()
      while (working.size > 0) await Promise.all(working)
    },
    [Symbol.dispose]() {
      isOver = true
    },
  }
}

/** What is held against who carried a frame, and what is not. */
const verdictOf: Partial<Record<UplinkRefusal | 'address-flooded', 'unknown-device' | 'mic-failed' | 'replayed'>> = {
  'unknown-address': 'unknown-device',
  'wrong-mic': 'mic-failed',
  'counter-reset': 'replayed',
}

const hexAddr = (devAddr: number): string => devAddr.toString(16).padStart(8, '0')

/** ADR keeps to LoRa in 125 kHz: wider and other rates are the operator's to give. */
function highestLoraRate(region: Region, dataRateMax: number): number {
  for (let dataRate = dataRateMax; dataRate > 0; dataRate -= 1) {
    const modulation = region.uplinkDataRates[dataRate]?.modulation
    if (modulation?.kind === 'lora' && modulation.bandwidthHz === 125_000) return dataRate
  }
  return 0
}
