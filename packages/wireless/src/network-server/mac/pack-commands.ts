/**
 * Which commands go into one frame: answers first, then requests as wholes, while they fit.
 *
 * @module
 */

import type { MacRequest } from '../../model/session.ts'
import { commandBytes, type DownlinkCommand } from '../../wire/mac-commands.ts'

export interface Packed {
  readonly commands: readonly DownlinkCommand[]
  /** of the session, with what goes out counted; the same list when nothing does */
  readonly requests: readonly MacRequest[]
  readonly sizeBytes: number
  /** whether something did not fit */
  readonly isMore: boolean
}

/**
 * @param held requests of the session, as they were sent last
 * @param wanted in order of weight; one that does not fit leaves what was sent before it as it is
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
  let [sizeBytes, isMore] = [0, false]
  const take = (group: readonly DownlinkCommand[]): boolean => {
    const groupBytes = group.reduce((total, command) => total + commandBytes(command, { isUp: false }), 0)
    if (sizeBytes + groupBytes > sizeBytesMax) {
      isMore = true
      return false
    }
    sizeBytes += groupBytes
    commands.push(...group)
    return true
  }
  for (const reply of replies) take([reply])
  let requests = held
  for (const request of wanted) {
    if (!take(request.commands)) continue
    const sent = { ...request, sentCount: request.sentCount + 1 }
    requests = [...requests.filter(({ name }) => name !== request.name), sent]
  }
  return { commands, requests, sizeBytes, isMore }
}
