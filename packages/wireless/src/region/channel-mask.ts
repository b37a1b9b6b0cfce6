/**
 * Switching a device's channels: from a set of enabled channels to the shortest block of LinkADRReq that makes it, and back.
 *
 * @module
 */

import type { ChMaskRule, Region } from './region.ts'

/** The part of a LinkADRReq that is about channels. */
export interface ChannelMask {
  readonly chMask: number
  readonly chMaskCntl: number
}

const blockSize = 16
/** Channels of 125 kHz in the plans of 72 channels; the eight of 500 kHz follow. */
const narrowCount = 64
const bankSize = 8

const maskOf = (enabled: ReadonlySet<number>, firstChannel: number, count: number): number => {
  let mask = 0
  for (let index = 0; index < count; index += 1) if (enabled.has(firstChannel + index)) mask |= 1 << index
  return mask
}

/** @param known channels that the device has; @returns the set after one mask, or undefined when the band has no such control */
function applyOne(
  region: Region,
  enabled: ReadonlySet<number>,
  { chMask, chMaskCntl }: ChannelMask,
  known: readonly number[],
): Set<number> | undefined {
  const rule: ChMaskRule | undefined = region.chMaskRules[chMaskCntl]
  if (rule === undefined) return undefined
  const result = new Set(enabled)
  const setAll = (channels: readonly number[], isOn: boolean): void =>
    channels.forEach((channel) => (isOn ? result.add(channel) : result.delete(channel)))
  const setBits = (firstChannel: number, count: number): void => {
    for (let index = 0; index < count; index += 1)
      setAll([firstChannel + index], ((chMask >>> index) & 1) === 1 && firstChannel + index < region.channelCountMax)
  }
  if (typeof rule === 'object') {
    setBits(rule.firstChannel, Math.min(blockSize, region.channelCountMax - rule.firstChannel))
    return result
  }
  switch (rule) {
    case 'all-on':
      setAll(known, true)
      break
    case 'all-off':
      setAll(known, false)
      break
    case 'all-125-on':
    case 'all-125-off':
      setAll(
        known.filter((channel) => channel < narrowCount),
        rule === 'all-125-on',
      )
      setBits(narrowCount, bankSize)
      break
    case 'banks':
      for (let bank = 0; bank < bankSize; bank += 1) {
        const isOn = ((chMask >>> bank) & 1) === 1
        setAll(
          Array.from({ length: bankSize }, (_, index) => bank * bankSize + index),
          isOn,
        )
        setAll([narrowCount + bank], isOn)
      }
  }
  return result
}

/**
 * What a block of masks leaves enabled.
 *
 * @param known indices of the channels that the device has
 * @returns in rising order; undefined when a control is none of the band's, a channel is not known, or none is left
 */
export function applyChannelMasks(
  region: Region,
  { enabled, known }: { readonly enabled: readonly number[]; readonly known: readonly number[] },
  masks: readonly ChannelMask[],
): number[] | undefined {
  let set: Set<number> | undefined = new Set(enabled)
  for (const mask of masks) {
    set = applyOne(region, set, mask, known)
    if (set === undefined) return undefined
  }
  const knownSet = new Set(known)
  const result = [...set].toSorted((a, b) => a - b)
  return result.length === 0 || result.some((channel) => !knownSet.has(channel)) ? undefined : result
}

/**
 * The shortest block of masks from one set of channels to another.
 *
 * @returns none when nothing is to change
 */
export function channelMasksFor(
  region: Region,
  {
    from,
    to,
    known,
  }: { readonly from: readonly number[]; readonly to: readonly number[]; readonly known: readonly number[] },
): ChannelMask[] {
  const target = new Set(to)
  const fromSet = new Set(from)
  if (isSameSet(fromSet, target)) return []
  const starts: { readonly first: readonly ChannelMask[]; readonly set: ReadonlySet<number> }[] = [
    { first: [], set: fromSet },
  ]
  for (const [chMaskCntl, rule] of region.chMaskRules.entries()) {
    if (rule !== 'all-on' && rule !== 'all-off' && rule !== 'all-125-on' && rule !== 'all-125-off') continue
    const chMask = rule.startsWith('all-125') ? maskOf(target, narrowCount, bankSize) : 0
    const set = applyOne(region, fromSet, { chMask, chMaskCntl }, known)
    if (set !== undefined) starts.push({ first: [{ chMask, chMaskCntl }], set })
  }
  return starts
    .map(({ first, set }) => [...first, ...blocksFor(region, set, target)])
    .reduce((best, one) => (one.length < best.length ? one : best))
}

/**
 * The shortest block of masks that leaves these channels enabled whatever was before: for a device that may have gone back to all
 * channels of its band.
 *
 * @returns none when the band has no such block, which is never so for a set of its own channels
 */
export function channelMasksFromAny(region: Region, to: readonly number[], known: readonly number[]): ChannelMask[] {
  const target = new Set(to)
  const allBlocks = region.chMaskRules.flatMap((rule, chMaskCntl) =>
    typeof rule === 'object' ? [{ chMask: maskOf(target, rule.firstChannel, blockSize), chMaskCntl }] : [],
  )
  const starts = region.chMaskRules.flatMap((rule, chMaskCntl): ChannelMask[][] => {
    if (typeof rule !== 'string' || rule === 'banks') return []
    const chMask = rule.startsWith('all-125') ? maskOf(target, narrowCount, bankSize) : 0
    const set = applyOne(region, new Set(), { chMask, chMaskCntl }, known)
    // A plan without 500 kHz channels has none that such a command would leave as they were.
    return set === undefined ? [] : [[{ chMask, chMaskCntl }, ...blocksFor(region, set, target)]]
  })
  return [allBlocks, ...starts].reduce((best, one) => (one.length < best.length ? one : best))
}

/** One mask for each block of sixteen that differs. */
function blocksFor(region: Region, set: ReadonlySet<number>, target: ReadonlySet<number>): ChannelMask[] {
  return region.chMaskRules.flatMap((rule, chMaskCntl) => {
    if (typeof rule !== 'object') return []
    const [now, wanted] = [maskOf(set, rule.firstChannel, blockSize), maskOf(target, rule.firstChannel, blockSize)]
    return now === wanted ? [] : [{ chMask: wanted, chMaskCntl }]
  })
}

function isSameSet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one))
}
