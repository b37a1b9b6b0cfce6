/**
 * Denylists in the compact format (IPIP-383): which content this node neither keeps, serves nor routes to, and why.
 *
 * Rules by CID, path, prefix, IPNS name and double hash, modern and legacy; the last rule that matches wins, so a later '!'
 * rule makes an exception. Lists are anyone's text: a line that is no rule is counted and skipped, memory is bounded, and
 * nothing throws. Of the header's YAML it reads plain `key: value` lines and the map `hints`; other YAML is skipped. It
 * fetches nothing and decides nothing about money.
 *
 * @module
 * @see https://specs.ipfs.tech/compact-denylist-format/
 */

import { blake3 } from '@noble/hashes/blake3.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base58btc } from 'multiformats/bases/base58'
import type { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { bytesOfText } from '../units/bytes.ts'
import { toHex } from '../units/hex.ts'
import { nameOfCid, parseContentPath, percentDecoded, type ContentName } from './content-name.ts'

/** Longest line that is read, in characters; longer ones are skipped. */
export const lineCharactersMax: number = 2 ** 21

/** Longest header, in characters. A longer one is no header. */
export const headerCharactersMax: number = 2 ** 20

/** Most rules of one list; further ones are skipped. */
export const rulesMax: number = 2 ** 22

/** Most lines that are named as skipped. */
export const skippedLinesMax = 100

/** Optional key-value pairs: of a list, or of one rule. */
export type Hints = Readonly<Record<string, string>>

/** Why something is denied: the rule as it stands in the list. */
export interface DenyReason {
  readonly list: string
  readonly author: string
  /** line in the list, from 1 */
  readonly line: number
  /** of the list, overridden by those of the rule */
  readonly hints: Hints
}

export interface Denylist {
  readonly name: string
  readonly description: string
  readonly author: string
  readonly hints: Hints
  readonly ruleCount: number
  /** how many lines were no rule, and the first of them */
  readonly skipped: { readonly count: number; readonly lines: readonly number[] }
  /** Whether a block may not be kept or served: by its multihash, whatever the codec. */
  denyCid(cid: CID): DenyReason | undefined
  /** Whether a content path ('/ipfs/...', '/ipns/...', percent-encoded) may not be resolved. Other text is not denied. */
  denyPath(path: string): DenyReason | undefined
}

export type ParsedDenylist =
  | { readonly tag: 'denylist'; readonly list: Denylist }
  | { readonly tag: 'refused'; readonly reason: 'version-unsupported' }

interface Rule {
  readonly line: number
  readonly isAllowed: boolean
  readonly hints: Hints
}

interface PrefixRule extends Rule {
  readonly prefix: string
}

/** Rules by what a lookup can compute. Later rules replace earlier ones of the same key. */
interface RuleBook {
  readonly exact: Map<string, Rule>
  readonly prefixes: Map<string, PrefixRule[]>
  readonly hashed: Map<string, Rule>
  readonly hashCodes: Set<number>
  hasLegacy: boolean
}

/** Content that is empty and the same for everyone: never denied. */
const alwaysAllowed: ReadonlySet<string> = new Set(
  [
    '/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn',
    '/ipfs/bafyaabakaieac',
    '/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
    '/ipfs/bafkqaaa',
    '/ipfs/QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH',
    '/ipfs/bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua',
    '/ipfs/baguqeeraiqjw7i2vwntyuekgvulpp2det2kpwt6cd7tx5ayqybqpmhfk76fa',
  ].map((path) => parseContentPath(path)?.root ?? ''),
)

const hashers: ReadonlyMap<number, (bytes: Uint8Array) => Uint8Array> = new Map([
  [0x12, (bytes: Uint8Array) => sha256(bytes)],
  [0x1e, (bytes: Uint8Array) => blake3(bytes)],
])

/** Reads a list. */
export function parseDenylist(marked: string): ParsedDenylist {
  // Some editors begin a file with a mark of its byte order.
  const text = marked.startsWith('\uFEFF') ? marked.slice(1) : marked
  const { header, bodyStart, bodyLine } = splitHeader(text)
  if (header.fields['version'] !== undefined && header.fields['version'] !== '1') {
    return { tag: 'refused', reason: 'version-unsupported' }
  }
  const { name = '', description = '', author = '' } = header.fields
  const book: RuleBook = {
    exact: new Map(),
    prefixes: new Map(),
    hashed: new Map(),
    hashCodes: new Set(),
    hasLegacy: false,
  }
  const skippedLines: number[] = []
  let skippedCount = 0
  let ruleCount = 0
  let line = bodyLine
  for (const content of linesOf(text, bodyStart)) {
    line += 1
    const trimmed = content.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    if (ruleCount < rulesMax && trimmed.length <= lineCharactersMax && addRule(book, trimmed, line)) {
      ruleCount += 1
      continue
    }
    skippedCount += 1
    if (skippedLines.length < skippedLinesMax) skippedLines.push(line)
  }

  const reasonOf = (rule: Rule | undefined): DenyReason | undefined =>
    rule === undefined || rule.isAllowed
      ? undefined
      : { list: name, author, line: rule.line, hints: { ...header.hints, ...rule.hints } }
  const deny = (content: ContentName | undefined): DenyReason | undefined =>
    content === undefined || (content.path === '' && alwaysAllowed.has(content.root))
      ? undefined
      : reasonOf(lastRule(book, content))

  return {
    tag: 'denylist',
    list: {
      name,
      description,
      author,
      hints: header.hints,
      ruleCount,
      skipped: { count: skippedCount, lines: skippedLines },
      denyCid: (cid) => deny(nameOfCid(cid)),
      denyPath: (path) => deny(parseContentPath(path)),
    },
  }
}

/** The first reason that any of the lists has, later lists first: they override earlier ones only by denying more. */
export function denyPathBy(lists: readonly Denylist[], path: string): DenyReason | undefined {
  for (const list of lists.toReversed()) {
    const reason = list.denyPath(path)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** As `denyPathBy`, for a block. */
export function denyCidBy(lists: readonly Denylist[], cid: CID): DenyReason | undefined {
  for (const list of lists.toReversed()) {
    const reason = list.denyCid(cid)
    if (reason !== undefined) return reason
  }
  return undefined
}

// ---- looking up ----

function lastRule(book: RuleBook, content: ContentName): Rule | undefined {
  const { namespace, root, path } = content
  const key = `${namespace} ${root}`
  const found = [
    book.exact.get(`${key} ${path}`),
    ...(book.prefixes.get(key) ?? []).filter(({ prefix }) => path.startsWith(prefix)),
    ...hashesOf(book, content).map((hash) => book.hashed.get(hash)),
  ].filter((rule) => rule !== undefined)
  return found.reduce<Rule | undefined>(
    (last, rule) => (last === undefined || rule.line > last.line ? rule : last),
    undefined,
  )
}

/** The double hashes under which a content may be listed. */
function hashesOf(book: RuleBook, { namespace, root, cid, path }: ContentName): string[] {
  const below = path === '' ? '' : `/${path}`
  const modern = bytesOfText(cid === undefined ? `/${namespace}/${root}${below}` : `${root}${below}`)
  const hashes = [...book.hashCodes].flatMap((code) => {
    const hash = hashers.get(code)
    return hash === undefined ? [] : [`${code} ${toHex(hash(modern))}`]
  })
  if (book.hasLegacy) hashes.push(`legacy ${toHex(sha256(bytesOfText(`${cid ?? root}/${path}`)))}`)
  return hashes
}

// ---- reading ----

/** Adds the rule of one line; false when the line is none. */
function addRule(book: RuleBook, content: string, line: number): boolean {
  const [item = '', ...hintTexts] = content.split(/\s+/)
  const isAllowed = item.startsWith('!')
  const target = isAllowed ? item.slice(1) : item
  const rule: Rule = { line, isAllowed, hints: readHints(hintTexts) }
  return target.startsWith('//') ? addHashRule(book, target.slice(2), rule) : addPathRule(book, target, rule)
}

function addPathRule(book: RuleBook, target: string, rule: Rule): boolean {
  const isPrefix = target.endsWith('*')
  const content = parseContentPath(isPrefix ? target.slice(0, -1) : target)
  if (content === undefined) return false
  const { namespace, root, path } = content
  const key = `${namespace} ${root}`
  if (!isPrefix) {
    book.exact.set(`${key} ${path}`, rule)
    return true
  }
  // A prefix without a slash before the star, such as /ipfs/CID*, names no path: it is not a rule of the format.
  if (!/^\/ip[fn]s\/[^/]+\//.test(target)) return false
  const prefixes = book.prefixes.get(key) ?? []
  prefixes.push({ ...rule, prefix: path })
  book.prefixes.set(key, prefixes)
  return true
}

/** A text that may be a modern or a legacy hash makes a rule of both. */
function addHashRule(book: RuleBook, text: string, rule: Rule): boolean {
  const isLegacy = /^[0-9a-fA-F]{64}$/.test(text)
  if (isLegacy) {
    book.hasLegacy = true
    book.hashed.set(`legacy 0x${text.toLowerCase()}`, rule)
  }
  const multihash = readMultihash(text)
  if (multihash === undefined) return isLegacy
  book.hashCodes.add(multihash.code)
  book.hashed.set(`${multihash.code} ${multihash.digest}`, rule)
  return true
}

function readMultihash(text: string): { code: number; digest: string } | undefined {
  if (text.length > 128) return undefined
  try {
    const { code, digest } = decodeDigest(base58btc.baseDecode(text))
    return hashers.has(code) ? { code, digest: toHex(digest) } : undefined
  } catch {
    return undefined
  }
}

function readHints(texts: readonly string[]): Hints {
  const hints: Record<string, string> = {}
  for (const text of texts) {
    const colon = text.indexOf(':')
    if (colon > 0) hints[text.slice(0, colon)] = percentDecoded(text.slice(colon + 1))
  }
  return hints
}

interface Header {
  readonly fields: Readonly<Record<string, string>>
  readonly hints: Hints
}

/** The header ends at a line '---'; without one, or when it is too long, everything is rules. */
function splitHeader(text: string): { header: Header; bodyStart: number; bodyLine: number } {
  const match = /^---[ \t]*\r?$/m.exec(text.slice(0, headerCharactersMax))
  if (match === null) return { header: { fields: {}, hints: {} }, bodyStart: 0, bodyLine: 0 }
  const lines = text.slice(0, match.index).split('\n')
  const end = text.indexOf('\n', match.index)
  return { header: readHeader(lines), bodyStart: end === -1 ? text.length : end + 1, bodyLine: lines.length }
}

function readHeader(lines: readonly string[]): Header {
  const fields: Record<string, string> = {}
  const hints: Record<string, string> = {}
  let isInHints = false
  for (const line of lines) {
    const match = /^(\s*)([\w.-]+)\s*:\s*(.*?)\s*$/.exec(line.slice(0, 4096))
    if (match === null) continue
    const [, indent = '', key = '', value = ''] = match
    if (indent === '') {
      isInHints = key === 'hints'
      if (!isInHints) fields[key] = unquoted(value)
    } else if (isInHints) hints[key] = unquoted(value)
  }
  return { fields, hints }
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value
}

function* linesOf(text: string, start: number): Generator<string> {
  for (let from = start; from < text.length;) {
    const next = text.indexOf('\n', from)
    const end = next === -1 ? text.length : next
    yield text.slice(from, end)
    from = end + 1
  }
}
