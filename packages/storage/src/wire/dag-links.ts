/**
 * The links in a block, for walking a DAG: dag-pb and dag-cbor; every other codec is a leaf.
 *
 * Pure. Bytes may be a stranger's: what does not decode has no links.
 *
 * @module
 */

import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'

/** Links in the order in which they stand in the block. */
export function dagLinks({ cid, bytes }: { readonly cid: CID; readonly bytes: Uint8Array }): readonly CID[] {
  try {
    if (cid.code === dagPb.code) return dagPb.decode(bytes).Links.map(({ Hash }) => Hash)
    if (cid.code === dagCbor.code) return linksIn(dagCbor.decode(bytes))
    return []
  } catch {
    return []
  }
}

/** Whether a block is a plain UnixFS directory, whose entity is itself alone. */
export function isPlainDirectory({ cid, bytes }: { readonly cid: CID; readonly bytes: Uint8Array }): boolean {
  if (cid.code !== dagPb.code) return false
  try {
    const { Data } = dagPb.decode(bytes)
    return Data !== undefined && UnixFS.unmarshal(Data).type === 'directory'
  } catch {
    return false
  }
}

function linksIn(value: unknown): readonly CID[] {
  const cid = CID.asCID(value)
  if (cid !== null) return [cid]
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(linksIn)
}
