/**
 * One PUBLISH packet of MQTT 3.1.1, written once for all who get it.
 *
 * @module
 * @see https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html section 3.3
 */

const encoder = new TextEncoder()

/** Longest packet that its length field can say. */
const remainingBytesMax = 268_435_455

export interface MqttPublish {
  readonly bytes: Uint8Array
  /** where the packet identifier stands, two bytes, zero until they are set; QoS 1 only */
  readonly idOffset: number
}

/** @param qos 1 leaves room for a packet identifier */
export function writeMqttPublish(topic: string, payload: string, qos: 0 | 1): MqttPublish {
  // No text is longer than three bytes for each of its UTF-16 units; what is not needed is cut off.
  const roomBytes = 7 + (topic.length + payload.length) * 3 + qos * 2
  const scratch = new Uint8Array(roomBytes)
  const bodyStart = 5
  const topicBytes = encoder.encodeInto(topic, scratch.subarray(bodyStart + 2)).written
  scratch[bodyStart] = topicBytes >> 8
  scratch[bodyStart + 1] = topicBytes & 0xff
  const idOffset = bodyStart + 2 + topicBytes
  const payloadStart = idOffset + qos * 2
  const end = payloadStart + encoder.encodeInto(payload, scratch.subarray(payloadStart)).written
  const start = writeHeadBefore(scratch, bodyStart, end - bodyStart, qos)
  return { bytes: scratch.subarray(start, end), idOffset: idOffset - start }
}

/** Writes type, flags and remaining length so that they end where the body starts. @returns where they begin */
function writeHeadBefore(scratch: Uint8Array, bodyStart: number, remainingBytes: number, qos: 0 | 1): number {
  const length: number[] = []
  let rest = Math.min(remainingBytes, remainingBytesMax)
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  const start = bodyStart - length.length - 1
  scratch[start] = 0x30 | (qos << 1)
  scratch.set(length, start + 1)
  return start
}
