/**
 * Which commands go into one frame: answers first, then requests as wholes, while they fit.
 *
 * @module
 */

import type { MacRequest } from '../../model/session.ts'
import { commandBytes, type DownlinkCommand } from '../../wire/mac-commands.ts'

/** Times a request is sent without an answer before it is left for this session. */
export const requestSendsMax = 8

export interface Packed {
  readonly commands: readonly DownlinkCommand[]
  /** of the session, with what went out counted */
  readonly requests: readonly MacRequest[]
  /** whether something did not fit */
  readonly isMore: boolean
}

/**
 * @param held requests of the session
 * @param wanted in order of weight
 * @param sizeBytesMax of FOpts, or of port 0
 */
export function packCommands({
  replies,
  held,
  wanted,
  sizeBytesMax,
}: {
  readonly replies: readonly DownlinkCommand[]
  readonly held: readonly MacRequest[]
  readonly wanted: readonly MacRequest[]
  readonly sizeBytesMax: number
}): Packed {
  const commands: DownlinkCommand[] = []
  let [left, isMore] = [sizeBytesMax, false]
  const take = (group: readonly DownlinkCommand[]): boolean => {
    const size = group.reduce((total, command) => total + commandBytes(command, { isUp: false }), 0)
    if (size > left) {
      isMore = true
      return false
    }
    left -= size
    commands.push(...group)
    return true
  }
  for (const reply of replies) take([reply])
  const requests = new Map(held.filter(({ commands: none }) => none.length === 0).map((one) => [one.name, one]))
  for (const request of wanted) {
    const mayBeSent = request.sentCount < requestSendsMax
    const isSent = mayBeSent && take(request.commands)
    requests.set(request.name, isSent ? { ...request, sentCount: request.sentCount + 1 } : request)
  }
  return { commands, requests: [...requests.values()], isMore }
}
