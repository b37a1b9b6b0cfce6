/**
 * Equal radio states as one value: most devices of a network hold the same, and a million of them must fit in memory.
 *
 * @module
 */

import type { RadioState } from '../model/session.ts'

/** Different states that are known, inclusive; further ones stand for themselves. */
export const pooledStatesMax = 65_536
/** Different channel lists that are known, inclusive; there are few, for they come from plans of a band. */
export const pooledListsMax = 65_536

export interface RadioPool {
  /** @returns an equal state, which others may hold too */
  same(radio: RadioState): RadioState
  /** @param text as JSON.stringify wrote it @returns the state that it is of */
  ofText(text: string): RadioState
}

export function radioPool(): RadioPool {
  const states = new Map<string, RadioState>()
  const lists = new Map<string, readonly unknown[]>()
  const sameList = <Item>(list: readonly Item[]): readonly Item[] => {
    const text = JSON.stringify(list)
    const known = lists.get(text)
    // Equal texts of one kind of list are equal lists.
    if (known !== undefined) return known as readonly Item[]
    if (lists.size < pooledListsMax) lists.set(text, list)
    return list
  }
  const keep = (text: string, radio: RadioState): RadioState => {
    const state = {
      ...radio,
      channels: sameList(radio.channels),
      enabledChannels: sameList(radio.enabledChannels),
    }
    if (states.size < pooledStatesMax) states.set(text, state)
    return state
  }
  return {
    same(radio) {
      const text = JSON.stringify(radio)
      return states.get(text) ?? keep(text, radio)
    },
    ofText: (text) => states.get(text) ?? keep(text, parsed(text)),
  }
}

/** JSON writes a hole among the channels as null. */
function parsed(text: string): RadioState {
  const radio = JSON.parse(text) as RadioState
  return { ...radio, channels: radio.channels.map((channel) => channel ?? undefined) }
}
