/**
 * Devices, their root keys and their sessions as a table: many come in at once or none, and go out to be read back the same.
 *
 * A file has a header that names its columns, in any order; ',' or ';' or a tab between them, as the header shows. Every row is
 * checked, and all that is wrong is listed by line: a file with one error changes nothing. Keys leave only when they are
 * asked for. Cells that a spreadsheet would take for a formula are written with a "'" before them, which reading takes off.
 *
 * Not here: what is done with the rows. A session's radio state follows from the device's profile, not from the file.
 *
 * @module
 */

import { parse, type Options } from 'csv-parse/browser/esm/sync'
import { stringify } from 'csv-stringify/browser/esm/sync'
import { parseHex, toHex } from '@groundwork/core/units/hex.ts'
import { isTopicId } from '../applications/topic.ts'
import type { Device, MacVersion, RootKeys } from '../model/device.ts'
import type { SessionKeys } from '../model/session.ts'

/** Rows of one file. */
export const csvRowsMax = 100_000

/** Longest file, in UTF-16 units. */
export const csvCharactersMax: number = 64 * 1024 * 1024

/** Longest row, in UTF-16 units: a device whose texts are as long as they may be, each character escaped, and doubled, fits. */
export const csvRowCharactersMax: number = 4 * 1024 * 1024

/** Errors that are listed; a file with more has as many again at the same places. */
export const csvErrorsMax = 200

const textCharactersMax = 256
const descriptionCharactersMax = 2048
const mapEntriesMax = 64

/** What a device and the network agreed on, as a table can hold it. */
export interface SessionRow {
  readonly devAddr: number
  readonly keys: SessionKeys
  readonly fCntUp: number
  readonly nFCntDown: number
  readonly aFCntDown: number
}

export interface DeviceRow {
  readonly device: Device
  readonly rootKeys?: RootKeys
  readonly session?: SessionRow
}

export type CsvErrorCode =
  | 'file-too-long'
  | 'too-many-rows'
  | 'file-malformed'
  | 'column-missing'
  | 'column-unknown'
  | 'column-twice'
  | 'cell-count-wrong'
  | 'cell-empty'
  | 'eui-malformed'
  | 'key-malformed'
  | 'key-missing'
  | 'address-malformed'
  | 'number-malformed'
  | 'flag-malformed'
  | 'text-too-long'
  | 'map-malformed'
  | 'application-unknown'
  | 'profile-unknown'
  | 'device-twice'
  | 'session-incomplete'

export interface CsvError {
  /** 1 is the header; of a row over several lines, its last */
  readonly line: number
  readonly column: string
  readonly code: CsvErrorCode
}

export type CsvRead = { readonly rows: readonly DeviceRow[] } | { readonly errors: readonly CsvError[] }

/** What rows refer to. */
export interface CsvReferences {
  readonly hasApplication: (id: string) => boolean
  /** @returns undefined for a profile that does not exist */
  readonly macVersionOf: (profileId: string) => MacVersion | undefined
}

const deviceColumns = [
  'dev_eui',
  'join_eui',
  'name',
  'description',
  'application_id',
  'profile_id',
  'is_disabled',
  'skips_frame_counter',
  'units_per_day_max',
  'tags',
  'variables',
] as const
const keyColumns = ['app_key', 'nwk_key'] as const
const sessionKeyColumns = ['f_nwk_s_int_key', 's_nwk_s_int_key', 'nwk_s_enc_key', 'app_s_key'] as const
const sessionColumns = ['dev_addr', ...sessionKeyColumns, 'f_cnt_up', 'n_f_cnt_down', 'a_f_cnt_down'] as const
const columns: ReadonlySet<string> = new Set([...deviceColumns, ...keyColumns, ...sessionColumns])
const requiredColumns = ['dev_eui', 'name', 'application_id', 'profile_id'] as const

/** Checks a whole file. @returns the rows, or every error up to `csvErrorsMax` */
export function readDeviceCsv(text: string, references: CsvReferences): CsvRead {
  if (text.length > csvCharactersMax) return { errors: [{ line: 1, column: '', code: 'file-too-long' }] }
  const table = readTable(text)
  if ('errors' in table) return table
  const errors: CsvError[] = []
  const rows: DeviceRow[] = []
  const seen = new Set<string>()
  for (const { line, cells } of table.records) {
    if (errors.length >= csvErrorsMax) break
    const fail = (column: string, code: CsvErrorCode): undefined => void errors.push({ line, column, code })
    if (cells.length !== table.header.length) {
      fail('', 'cell-count-wrong')
      continue
    }
    const row = readRow(new Map(table.header.map((name, index) => [name, cells[index] ?? ''])), references, fail)
    if (row === undefined) continue
    if (seen.has(row.device.devEui)) fail('dev_eui', 'device-twice')
    seen.add(row.device.devEui)
    rows.push(row)
  }
  return errors.length > 0 ? { errors: errors.slice(0, csvErrorsMax) } : { rows }
}

/** Writes rows as `readDeviceCsv` reads them. Without keys, sessions too stay out: they are keys and little else. */
export function writeDeviceCsv(rows: Iterable<DeviceRow>, { withKeys }: { readonly withKeys: boolean }): string {
  const header = withKeys ? [...deviceColumns, ...keyColumns, ...sessionColumns] : [...deviceColumns]
  const records = [...rows].map((row) => [
    ...deviceCells(row.device),
    ...(withKeys ? [hexOf(row.rootKeys?.appKey), hexOf(row.rootKeys?.nwkKey), ...sessionCells(row.session)] : []),
  ])
  return stringify([header, ...records.map((record) => record.map(escapeFormula))], { record_delimiter: '\n' })
}

interface Table {
  readonly header: readonly string[]
  readonly records: readonly { readonly line: number; readonly cells: readonly string[] }[]
}

function readTable(text: string): Table | { readonly errors: readonly CsvError[] } {
  const parsed = parseCsv(text)
  if ('line' in parsed) return { errors: [{ line: parsed.line, column: '', code: 'file-malformed' }] }
  const [first, ...records] = parsed.records
  const header = (first?.cells ?? []).map((name) => name.trim().toLowerCase())
  const errors: CsvError[] = [
    ...header.filter((name) => !columns.has(name)).map((name) => headerError(name, 'column-unknown')),
    ...repeated(header).map((name) => headerError(name, 'column-twice')),
    ...requiredColumns.filter((name) => !header.includes(name)).map((name) => headerError(name, 'column-missing')),
  ]
  if (records.length > csvRowsMax) errors.push({ line: csvRowsMax + 2, column: '', code: 'too-many-rows' })
  return errors.length > 0 ? { errors: errors.slice(0, csvErrorsMax) } : { header, records }
}

/** Each name that stood before, where it stands again. */
function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>()
  return names.filter((name) => seen.size === seen.add(name).size)
}

function headerError(name: string, code: CsvErrorCode): CsvError {
  return { line: 1, column: name.slice(0, 64), code }
}

interface ParsedRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/** @returns where the text stops being a table, or its records */
function parseCsv(text: string): { readonly records: Table['records'] } | { readonly line: number } {
  const head = text.slice(0, text.indexOf('\n') + 1 || text.length)
  const delimiter = [',', ';', '\t'].toSorted((a, b) => head.split(b).length - head.split(a).length)[0] ?? ','
  try {
    // Its declarations do not say that `info` changes what a record is.
    const records = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      delimiter,
      max_record_size: csvRowCharactersMax,
      to: csvRowsMax + 2,
      // One cell more than there are columns is as wrong as any number of them.
      on_record: ({ record, info }: ParsedRecord) => ({ line: info.lines, cells: record.slice(0, columns.size + 1) }),
    } as unknown as Options) as unknown as Table['records']
    return { records }
  } catch (error) {
    const { lines } = error as { readonly lines?: unknown }
    return { line: typeof lines === 'number' ? lines : 1 }
  }
}

type Fail = (column: string, code: CsvErrorCode) => undefined

/** Reads all cells of a row, so that all that is wrong with it is known at once. */
function readRow(cells: ReadonlyMap<string, string>, references: CsvReferences, fail: Fail): DeviceRow | undefined {
  let isSound = true
  const failed: Fail = (column, code) => {
    isSound = false
    return fail(column, code)
  }
  const device = readDevice(cells, references, failed)
  const rootKeys = readRootKeys(cells, references.macVersionOf(device.profileId), failed)
  const session = readSession(cells, failed)
  if (!isSound) return undefined
  return { device, ...(rootKeys === undefined ? {} : { rootKeys }), ...(session === undefined ? {} : { session }) }
}

function readDevice(cells: ReadonlyMap<string, string>, references: CsvReferences, fail: Fail): Device {
  const text = (column: string, charactersMax: number): string => {
    const value = unescapeFormula(cells.get(column) ?? '')
    if (value.length > charactersMax) fail(column, 'text-too-long')
    return value
  }
  const eui = (column: string, absent: string | undefined): string => {
    const value = (cells.get(column) ?? '').trim().toLowerCase().replaceAll(/[-: ]/g, '')
    if (value === '' && absent !== undefined) return absent
    if (!/^[0-9a-f]{16}$/.test(value)) fail(column, 'eui-malformed')
    return value
  }
  const flag = (column: string): boolean => {
    const value = (cells.get(column) ?? '').trim().toLowerCase()
    if (!['', 'true', 'false', '1', '0', 'yes', 'no'].includes(value)) fail(column, 'flag-malformed')
    return ['true', '1', 'yes'].includes(value)
  }
  const name = text('name', textCharactersMax)
  if (name === '') fail('name', 'cell-empty')
  const applicationId = text('application_id', textCharactersMax)
  if (!isTopicId(applicationId) || !references.hasApplication(applicationId))
    fail('application_id', 'application-unknown')
  const profileId = text('profile_id', textCharactersMax)
  if (references.macVersionOf(profileId) === undefined) fail('profile_id', 'profile-unknown')
  const unitsPerDayMax = readNumber(cells, 'units_per_day_max', fail)
  return {
    devEui: eui('dev_eui', undefined),
    joinEui: eui('join_eui', '0000000000000000'),
    name,
    description: text('description', descriptionCharactersMax),
    applicationId,
    profileId,
    isDisabled: flag('is_disabled'),
    skipsFrameCounter: flag('skips_frame_counter'),
    tags: readMap(cells, 'tags', fail),
    variables: readMap(cells, 'variables', fail),
    ...(unitsPerDayMax === undefined ? {} : { unitsPerDayMax }),
  }
}

function readRootKeys(
  cells: ReadonlyMap<string, string>,
  macVersion: MacVersion | undefined,
  fail: Fail,
): RootKeys | undefined {
  const appKey = readKey(cells, 'app_key', fail)
  const nwkKey = readKey(cells, 'nwk_key', fail)
  if (appKey === undefined && nwkKey === undefined) return undefined
  if (appKey === undefined) return fail('app_key', 'key-missing')
  if (nwkKey === undefined) return macVersion === '1.1.0' ? fail('nwk_key', 'key-missing') : { appKey }
  return { appKey, nwkKey }
}

/** All that a session needs, or nothing of it. In 1.0.x one network key may stand for three. */
function readSession(cells: ReadonlyMap<string, string>, fail: Fail): SessionRow | undefined {
  if (sessionColumns.every((column) => (cells.get(column) ?? '').trim() === '')) return undefined
  const address = (cells.get('dev_addr') ?? '').trim()
  if (!/^[0-9a-fA-F]{8}$/.test(address)) fail('dev_addr', 'address-malformed')
  const fNwkSIntKey = readKey(cells, 'f_nwk_s_int_key', fail)
  const appSKey = readKey(cells, 'app_s_key', fail)
  if (fNwkSIntKey === undefined) return fail('f_nwk_s_int_key', 'session-incomplete')
  if (appSKey === undefined) return fail('app_s_key', 'session-incomplete')
  return {
    devAddr: Number.parseInt(address, 16),
    keys: {
      fNwkSIntKey,
      sNwkSIntKey: readKey(cells, 's_nwk_s_int_key', fail) ?? fNwkSIntKey,
      nwkSEncKey: readKey(cells, 'nwk_s_enc_key', fail) ?? fNwkSIntKey,
      appSKey,
    },
    fCntUp: readNumber(cells, 'f_cnt_up', fail) ?? 0,
    nFCntDown: readNumber(cells, 'n_f_cnt_down', fail) ?? 0,
    aFCntDown: readNumber(cells, 'a_f_cnt_down', fail) ?? 0,
  }
}

function readKey(cells: ReadonlyMap<string, string>, column: string, fail: Fail): Uint8Array | undefined {
  const value = (cells.get(column) ?? '').trim()
  if (value === '') return undefined
  return parseHex(`0x${value}`, 16) ?? fail(column, 'key-malformed')
}

/** A whole number of 32 bits. */
function readNumber(cells: ReadonlyMap<string, string>, column: string, fail: Fail): number | undefined {
  const value = (cells.get(column) ?? '').trim()
  if (value === '') return undefined
  return /^\d{1,10}$/.test(value) && Number(value) <= 0xffff_ffff ? Number(value) : fail(column, 'number-malformed')
}

/** A JSON object of texts. */
function readMap(cells: ReadonlyMap<string, string>, column: string, fail: Fail): Readonly<Record<string, string>> {
  const value = unescapeFormula(cells.get(column) ?? '').trim()
  if (value === '') return {}
  const parsed = parseJson(value)
  const entries =
    typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? Object.entries(parsed) : undefined
  const isSound =
    entries !== undefined &&
    entries.length <= mapEntriesMax &&
    entries.every(
      ([key, content]) =>
        key.length <= textCharactersMax && typeof content === 'string' && content.length <= descriptionCharactersMax,
    )
  if (isSound) return Object.fromEntries(entries)
  fail(column, 'map-malformed')
  return {}
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function deviceCells(device: Device): string[] {
  return [
    device.devEui,
    device.joinEui,
    device.name,
    device.description,
    device.applicationId,
    device.profileId,
    String(device.isDisabled),
    String(device.skipsFrameCounter),
    String(device.unitsPerDayMax ?? ''),
    mapCell(device.tags),
    mapCell(device.variables),
  ]
}

function sessionCells(session: SessionRow | undefined): string[] {
  if (session === undefined) return sessionColumns.map(() => '')
  const { fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey } = session.keys
  return [
    session.devAddr.toString(16).padStart(8, '0'),
    ...[fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey].map(hexOf),
    ...[session.fCntUp, session.nFCntDown, session.aFCntDown].map(String),
  ]
}

function mapCell(map: Readonly<Record<string, string>>): string {
  return Object.keys(map).length === 0 ? '' : JSON.stringify(map)
}

function hexOf(key: Uint8Array | undefined): string {
  return key === undefined ? '' : toHex(key).slice(2)
}

/** A cell that begins like a formula, or like one that was escaped before, gets one more "'". */
function escapeFormula(cell: string): string {
  return /^'*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
}

function unescapeFormula(cell: string): string {
  return /^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell
}
