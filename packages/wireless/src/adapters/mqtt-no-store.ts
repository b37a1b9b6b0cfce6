/**
 * What the MQTT library keeps on the broker's behalf: nothing. No retained message, no session, no offline queue, no will store.
 *
 * So nothing grows with clients that come and go. The one thing that is used of this port is the word that a client has
 * acknowledged a message of QoS 1.
 *
 * @module
 */

import { Readable } from 'node:stream'
import type { Client } from 'aedes'

/** @param acknowledged called with the library's client and the packet identifier */
export function mqttNoStore(acknowledged: (client: Client, packetId: number) => void): object {
  const nothing = async (): Promise<void> => {}
  const none = async (): Promise<never[]> => []
  const same = async <Value>(value: Value): Promise<Value> => value
  const noStream = (): Readable => Readable.from([])
  return {
    setup: nothing,
    destroy: nothing,
    storeRetained: nothing,
    createRetainedStream: noStream,
    createRetainedStreamCombi: noStream,
    addSubscriptions: nothing,
    removeSubscriptions: nothing,
    cleanSubscriptions: nothing,
    subscriptionsByClient: none,
    subscriptionsByTopic: none,
    countOffline: async () => ({ subsCount: 0, clientsCount: 0 }),
    outgoingEnqueue: nothing,
    outgoingEnqueueCombi: nothing,
    outgoingUpdate: nothing,
    outgoingStream: noStream,
    async outgoingClearMessageId(client: Client, packet: { readonly messageId?: number }) {
      if (packet.messageId !== undefined) acknowledged(client, packet.messageId)
    },
    incomingStorePacket: nothing,
    incomingGetPacket: () => Promise.reject(new Error('no packet of QoS 2 is kept')),
    incomingDelPacket: nothing,
    cleanIncoming: nothing,
    putWill: same,
    getWill: nothing,
    delWill: nothing,
    streamWill: noStream,
    getClientList: noStream,
  }
}
