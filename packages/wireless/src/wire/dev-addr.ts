/**
 * NetIDs and the addresses of their devices. Backend Interfaces 1.0 (TS002) section 13, LoRaWAN 1.0.4 section 6.1.1.
 *
 * The type of a NetID is its top three bits; its devices' addresses begin with as many ones as the type says, a zero, and the
 * last bits of the NetID. Addresses are not unique: only a MIC tells whose a frame is.
 *
 * @module
 */

/** Of NetID types 0 to 7: bits of the NwkID in an address. */
const nwkIdBits = [6, 6, 9, 11, 12, 13, 15, 17] as const
/** Of NetID types 0 to 7: bits of the ID in the NetID. */
const idBits = [6, 6, 9, 21, 21, 21, 21, 21] as const

/** Addresses that share their first bits. */
export interface AddrPrefix {
  /** 32 bits, the rest zero */
  readonly value: number
  readonly bits: number
}

/** @param netId 24 bits */
export function netIdType(netId: number): number {
  return (netId >>> 21) & 7
}

/** The ID of a NetID: what is left of its type and reserved bits. @param netId 24 bits */
export function idOfNetId(netId: number): number {
  return netId % 2 ** (idBits[netIdType(netId)] ?? 21)
}

/** @param netId 24 bits @returns what the addresses of its devices begin with */
export function addrPrefixOf(netId: number): AddrPrefix {
  const type = netIdType(netId)
  const idSize = nwkIdBits[type] ?? 17
  const bits = type + 1 + idSize
  const ones = 2 ** type - 1
  const head = ones * 2 * 2 ** idSize + (netId % 2 ** idSize)
  return { value: head * 2 ** (32 - bits), bits }
}

/** The same address with its first bits those of a NetID. */
export function withAddrPrefix(devAddr: number, netId: number): number {
  const { value, bits } = addrPrefixOf(netId)
  return value + (devAddr % 2 ** (32 - bits))
}

/** @returns type and NwkID of an address, or undefined when its first eight bits are ones, which no type has */
export function networkOfAddr(devAddr: number): { readonly type: number; readonly nwkId: number } | undefined {
  const type = Math.clz32(~devAddr)
  const idSize = nwkIdBits[type]
  if (idSize === undefined) return undefined
  return { type, nwkId: Math.floor(devAddr / 2 ** (31 - type - idSize)) % 2 ** idSize }
}

/** @returns 8 lower-case digits */
export function formatDevAddr(devAddr: number): string {
  return devAddr.toString(16).padStart(8, '0')
}

/** @returns the address, or undefined when the text is not 8 hexadecimal digits */
export function parseDevAddr(text: string): number | undefined {
  return /^[0-9a-fA-F]{8}$/.test(text) ? Number.parseInt(text, 16) : undefined
}
