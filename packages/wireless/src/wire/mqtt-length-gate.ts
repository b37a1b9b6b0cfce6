/**
 * Follows the fixed headers of an MQTT stream and says whether a packet is longer than it may be, before it has come in.
 *
 * The library's parser gathers a whole packet, up to 256 MB, before anyone can judge it.
 *
 * @module
 * @see https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html section 2.2.3
 */

/** @returns takes each chunk in order; false once a packet is longer than `packetBytesMax`, or no MQTT at all */
export function mqttLengthGate(packetBytesMax: number): (chunk: Uint8Array) => boolean {
  /** bytes of the packet's body that are still to come; negative: its header is being read */
  let restBytes = -1
  let lengthBytes = -1
  let length = 0

  return (chunk) => {
    let offset = 0
    while (offset < chunk.length) {
      if (restBytes > 0) {
        const taken = Math.min(restBytes, chunk.length - offset)
        restBytes -= taken
        offset += taken
        if (restBytes === 0) restBytes = -1
        continue
      }
      const byte = chunk[offset] ?? 0
      offset += 1
      if (lengthBytes < 0) {
        lengthBytes = 0
        length = 0
        continue
      }
      length += (byte & 0x7f) * 128 ** lengthBytes
      lengthBytes += 1
      if (length > packetBytesMax || (lengthBytes === 4 && byte > 0x7f)) return false
      if (byte > 0x7f) continue
      restBytes = length === 0 ? -1 : length
      lengthBytes = -1
    }
    return true
  }
}
