/**
 * Names of content as denylists compare them: the multihash in a CID or IPNS name, or a domain, and a path below it.
 *
 * Takes text of strangers; what is no name is undefined, never a throw.
 *
 * @module
 * @see https://specs.ipfs.tech/compact-denylist-format/
 */

import { base16 } from 'multiformats/bases/base16'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'

/** Longest name or path that is looked at, in characters. */
export const contentNameCharactersMax: number = 2 ** 16

const dagPbCode = 0x70
const libp2pKeyCode = 0x72

export type Namespace = 'ipfs' | 'ipns'

/** One content path, taken apart. */
export interface ContentName {
  readonly namespace: Namespace
  /** base58btc of the multihash, or a domain in lower case */
  readonly root: string
  /** CIDv1 in base32, undefined for a domain */
  readonly cid: string | undefined
  /** decoded, without slashes at either end; '' for the root itself */
  readonly path: string
}

/** @returns the content name of a path such as '/ipfs/bafy.../a%20b', or undefined when it is none */
export function parseContentPath(text: string): ContentName | undefined {
  if (text.length > contentNameCharactersMax) return undefined
  const match = /^\/(ipfs|ipns)\/([^/]+)(\/.*)?$/s.exec(text)
  if (match === null) return undefined
  const namespace: Namespace = match[1] === 'ipns' ? 'ipns' : 'ipfs'
  const path = trimSlashes(percentDecoded(match[3] ?? ''))
  const name = match[2] ?? ''
  const cid = parseName(name, namespace)
  if (cid !== undefined) return { ...nameOfCid(cid), namespace, path }
  return namespace === 'ipns' ? { namespace, root: domainOf(name), cid: undefined, path } : undefined
}

/** @returns the content name of a CID by itself */
export function nameOfCid(cid: CID): ContentName {
  const root = base58btc.baseEncode(cid.multihash.bytes)
  const v1 = cid.version === 1 ? cid : CID.createV1(cid.code, cid.multihash)
  return { namespace: 'ipfs', root, cid: v1.toString(), path: '' }
}

/** @returns the text with slashes cut at both ends */
export function trimSlashes(path: string): string {
  let start = 0
  let end = path.length
  while (start < end && path.charAt(start) === '/') start += 1
  while (end > start && path.charAt(end - 1) === '/') end -= 1
  return path.slice(start, end)
}

/** @returns the decoded text, or the text itself when its escapes are malformed */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A CID in base 16, 32, 36 or 58, or a bare multihash in base58btc. */
function parseName(text: string, namespace: Namespace): CID | undefined {
  try {
    if (text.startsWith('f')) return CID.parse(text, base16)
    if (/^(Qm|[bkz])/.test(text)) return CID.parse(text)
    const digest = decodeDigest(base58btc.baseDecode(text))
    return CID.createV1(namespace === 'ipns' ? libp2pKeyCode : dagPbCode, digest)
  } catch {
    return undefined
  }
}

/** A domain as one DNS label, as subdomain gateways write it: '-' for '.', '--' for '-'. */
function domainOf(name: string): string {
  const lower = name.toLowerCase()
  if (lower.includes('.')) return lower
  return lower.replace(/--|-/g, (dashes) => (dashes === '--' ? '-' : '.'))
}
