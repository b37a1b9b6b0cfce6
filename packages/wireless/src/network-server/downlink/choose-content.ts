/**
 * What goes into the next frame to a device: answers to what it asked, what the network asks of it, and a queued payload.
 *
 * Answers always go first. Requests and payload share what is left; where both do not fit, they take turns, so that neither a full
 * queue nor a wish that is never granted holds up the other for ever.
 *
 * @module
 */

import type { QueueItem } from '../../model/message.ts'
import type { MacRequest } from '../../model/session.ts'
import type { DownlinkCommand } from '../../wire/mac-commands.ts'
import { fOptsBytesMax } from '../../wire/phy-payload.ts'
import { packCommands } from '../mac/pack-commands.ts'

export interface ContentFacts {
  readonly replies: readonly DownlinkCommand[]
  /** requests of the session */
  readonly held: readonly MacRequest[]
  readonly wanted: readonly MacRequest[]
  /** the next payload; shorter than the room */
  readonly item?: QueueItem | undefined
  /** bytes of options and payload together */
  readonly roomBytes: number
  /** whether requests go before the payload this time, where both do not fit */
  readonly isRequestsTurn: boolean
}

export interface Content {
  readonly commands: readonly DownlinkCommand[]
  readonly requests: readonly MacRequest[]
  /** the payload, if it goes with this frame */
  readonly item?: QueueItem
  /** whether something has to wait for another frame */
  readonly isMore: boolean
  /** bytes of options, port and payload in the frame */
  readonly bodyBytes: number
}

export function chooseContent(facts: ContentFacts): Content {
  const { replies, held, wanted, item, roomBytes, isRequestsTurn } = facts
  const room = Math.max(roomBytes, 0)
  if (item === undefined) return withoutItem(packCommands({ replies, held, wanted, sizeBytesMax: room }))
  const itemBytes = item.payload.length
  const beside = Math.min(fOptsBytesMax, room - itemBytes)
  const withItem = packCommands({ replies, held, wanted, sizeBytesMax: beside })
  const alone = packCommands({ replies, held, wanted, sizeBytesMax: room })
  // An answer that does not go now is never asked for again, a payload waits.
  const answers = packCommands({ replies, held, wanted: [], sizeBytesMax: Math.min(fOptsBytesMax, room) })
  const isMoreAlone = alone.commands.length > withItem.commands.length
  if (isMoreAlone && (answers.sizeBytes > beside || isRequestsTurn)) return { ...withoutItem(alone), isMore: true }
  const { commands, requests, sizeBytes, isMore } = withItem
  return { commands, requests, item, isMore, bodyBytes: sizeBytes + 1 + itemBytes }
}

function withoutItem({ commands, requests, sizeBytes, isMore }: ReturnType<typeof packCommands>): Content {
  const isPort0 = sizeBytes > fOptsBytesMax
  return { commands, requests, isMore, bodyBytes: sizeBytes + (isPort0 ? 1 : 0) }
}
