/**
 * The watcher: one pass looks at the chain, decides (`decide.ts`) and does the steps; passes follow blocks.
 *
 * It keeps opinions in memory only, as a saving: a new watcher with nothing but the chain and the evidence comes to the same
 * steps. docs/protocol/epochs.md#watching
 *
 * @module
 */

import type { EpochPost } from '@groundwork/core/epoch/post.ts'
import { evidenceDeadlineOf } from '@groundwork/core/epoch/timing.ts'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Logger } from 'pino'
import {
  decide,
  patienceBlocks,
  postKey,
  type EpochView,
  type Knowledge,
  type PendingView,
  type Step,
} from './decide.ts'
import type { ChainDesk, EvidenceDesk, Inspection, Waiting } from './desks.ts'
import { misbehave, type Misbehaviour } from './misbehave.ts'

/** Opinions and empty epochs that are remembered. */
const rememberedMax = 256

export interface WatcherOptions {
  readonly networks: readonly number[]
  readonly isPoster: boolean
  readonly misbehaviour?: Misbehaviour | undefined
  readonly chain: ChainDesk
  readonly evidence: EvidenceDesk
  readonly log: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>
}

/** What a pass did, for those who show it. */
export interface StepDone {
  readonly network: number
  readonly step: Step
  readonly result: string
}

export interface Watcher {
  /** One look at every network. Errors of a step end that network's pass, not the watcher. */
  pass(waiting: Waiting): Promise<readonly StepDone[]>
}

export function makeWatcher(options: WatcherOptions): Watcher {
  const { networks, isPoster, chain, evidence, log } = options
  const inspections = new Map<string, Inspection>()
  const empty = new Set<string>()
  const told = new Set<string>()

  const knowledgeOf = async (network: number, waiting: Waiting): Promise<Knowledge> => ({
    self: chain.self,
    isPoster,
    isBonded: isPoster && (await chain.isBonded(network, waiting)),
    opinionOf: (key) => inspections.get(key)?.tag,
    isEmpty: (epoch, sealedHash) => empty.has(emptyKey(network, epoch, sealedHash)),
  })

  /** Says a thing once, however many passes find it so. */
  const tellOnce = (key: string, tell: () => void): void => {
    if (told.has(key)) return
    remember(told, key)
    tell()
  }

  const passNetwork = async (network: number, waiting: Waiting): Promise<StepDone[]> => {
    const view = await chain.view(network, waiting)
    const steps = decide(view, chain.timing, await knowledgeOf(network, waiting))
    const done: StepDone[] = []
    for (const step of steps) done.push({ network, step, result: await perform(step, view, waiting) })
    return done
  }

  const perform = async (step: Step, view: EpochView, waiting: Waiting): Promise<string> => {
    const { network } = view
    if (step.do === 'seal') return said(view, step, await chain.seal({ network, epoch: step.epoch }, waiting))
    if (step.do === 'lapse') return said(view, step, await chain.lapse({ network }, waiting))
    if (step.do === 'post') return postEpoch(view, step.epoch, waiting)
    const { pending } = view
    const post = pending && (await chain.pendingPost(network, pending.digest, waiting))
    if (pending === undefined || post === undefined) return 'late'
    const found = { pending, post, key: postKey(view, pending) }
    if (step.do === 'inspect') return inspect(network, found, waiting)
    if (step.do === 'attest') return attest(network, found, waiting)
    if (step.do === 'challenge') return challenge(network, found, waiting)
    return said(view, step, await chain.finalise({ network, post }, waiting))
  }

  const said = (view: EpochView, step: Step, result: string): string => {
    const { network } = view
    const epoch = 'epoch' in step ? step.epoch : view.pending?.epoch
    log[result === 'done' ? 'info' : 'debug']({ network, epoch, step: step.do, result }, 'epoch step')
    return result
  }

  const postEpoch = async (view: EpochView, epoch: bigint, waiting: Waiting): Promise<string> => {
    const { network, block } = view
    const outcome = await evidence.close({ network, epoch }, waiting)
    if (outcome.tag === 'unavailable') {
      tellOnce(`missing ${network} ${epoch} ${outcome.missing.join()}`, () => {
        log.warn(
          { network, epoch, missing: outcome.missing },
          'the epoch cannot be recomputed yet: evidence is missing',
        )
      })
      return 'unavailable'
    }
    if (outcome.tag === 'empty') {
      // Whoever publishes in the last block before the deadline is waited for.
      const isFinal = block >= evidenceDeadlineOf(chain.timing, epoch) + patienceBlocks
      if (isFinal) remember(empty, emptyKey(network, epoch, view.sealed.get(epoch) ?? '0x'))
      return 'empty'
    }
    const bundle = misbehave(outcome.bundle, options.misbehaviour)
    await evidence.publish({ network, bundle }, waiting)
    const result = await chain.post({ network, post: bundle.post }, waiting)
    const { root, lineCount, totals } = bundle.post
    log[result === 'done' ? 'info' : 'debug'](
      { network, epoch, root, lineCount, totals, evidence: bundle.post.evidence, result },
      'epoch posted',
    )
    return result
  }

  const inspect = async (network: number, { pending, post, key }: Found, waiting: Waiting): Promise<string> => {
    const inspection = await evidence.inspect({ network, post }, waiting)
    remember(inspections, key, inspection)
    const { epoch, poster } = pending
    if (inspection.tag === 'agrees') log.info({ network, epoch, poster }, 'the posted epoch agrees with its evidence')
    else if (inspection.tag === 'unavailable') {
      const { missing } = inspection
      tellOnce(`unavailable ${key}`, () =>
        log.warn(
          { network, epoch, poster, missing },
          'the posted epoch cannot be checked: its evidence is not to be had',
        ),
      )
    } else {
      const { difference, fault } = inspection
      const text =
        fault === undefined
          ? 'the posted epoch is wrong; no judge can be shown it, so it has to lapse'
          : 'the posted epoch is wrong and will be challenged'
      log.warn({ network, epoch, poster, difference, fault: fault?.functionName }, text)
    }
    return inspection.tag
  }

  const attest = async (network: number, { pending, post }: Found, waiting: Waiting): Promise<string> => {
    const committee = await chain.committee(network, waiting)
    if (committee.length === 0) return 'early'
    const signatures = await evidence.askKeepers({ network, post, committee }, waiting)
    if (signatures.length === 0) return 'unsigned'
    const result = await chain.attest({ network, post, signatures }, waiting)
    if (result === 'done')
      log.info({ network, epoch: pending.epoch, signatures: signatures.length }, 'the epoch’s evidence is attested')
    return result
  }

  const challenge = async (network: number, { pending, post, key }: Found, waiting: Waiting): Promise<string> => {
    const inspection = inspections.get(key)
    if (inspection?.tag !== 'differs' || inspection.fault === undefined) return 'no judge'
    const { fault } = inspection
    const { epoch, postedBlock } = pending
    const isReported = await chain.isReported({ network, epoch, postedBlock }, waiting)
    if (!isReported) return chain.commitReport({ network, epoch, postedBlock }, waiting)
    const result = await chain.challenge({ network, post, postedBlock, fault }, waiting)
    if (result === 'refused') {
      remember(inspections, key, { ...inspection, fault: undefined })
      log.error(
        { network, epoch, poster: pending.poster, fault: fault.functionName },
        'the judge does not see the fault; the post has to lapse',
      )
    }
    if (result === 'done')
      log.warn({ network, epoch, poster: pending.poster, fault: fault.functionName }, 'the wrong epoch was rejected')
    return result
  }

  return {
    async pass(waiting) {
      const done: StepDone[] = []
      for (const network of networks) {
        waiting.signal.throwIfAborted()
        try {
          done.push(...(await passNetwork(network, waiting)))
        } catch (error) {
          waiting.signal.throwIfAborted()
          // A mistake of our own stops the work; what the world does wrong is looked at again in the next pass.
          if (error instanceof InvariantBroken) throw error
          log.error({ err: error, network }, 'a pass over the epochs failed and is made again')
        }
      }
      return done
    },
  }
}

interface Found {
  readonly pending: PendingView
  readonly post: EpochPost
  readonly key: string
}

function emptyKey(network: number, epoch: bigint, sealedHash: Hex): string {
  return `${network} ${epoch} ${sealedHash}`
}

/** Adds to a bounded set or map; the oldest goes. */
function remember(kept: Set<string>, key: string): void
function remember<T>(kept: Map<string, T>, key: string, value: T): void
function remember(kept: Set<string> | Map<string, unknown>, key: string, value?: unknown): void {
  if (kept instanceof Map) kept.set(key, value)
  else kept.add(key)
  const oldest = kept.size > rememberedMax ? kept.keys().next().value : undefined
  if (oldest !== undefined) kept.delete(oldest)
}
