/**
 * The one way a command speaks: values for people as aligned text, for programs as JSON. Nothing else prints.
 *
 * @module
 */

export interface Show {
  /**
   * Shows one value or a table of rows. With --json nothing is printed until `finish`.
   *
   * @param columns heads of a table that may be empty, so that a spreadsheet of nothing still has them
   */
  (value: ShowValue, columns?: readonly string[]): void
  /** A line for people only; with --json it is dropped. */
  say(line: string): void
  /** The one JSON object of the command: with --json it is the last line of stdout. */
  finish(value: Readonly<Record<string, unknown>>): void
  /** Prints what was shown without `finish`, as one JSON value. The runner of commands calls it at the end. */
  flush(): void
  readonly isJson: boolean
}

export type Cell = string | number | bigint | boolean | null | undefined
export type ShowRow = Readonly<Record<string, Cell>>
export type ShowValue = ShowRow | readonly ShowRow[]

export interface ShowOptions {
  readonly json: boolean
  readonly csv?: boolean
  readonly write: (text: string) => void
}

/** JSON has no bigint: they travel as decimal strings, exactly. */
export const toJson = (value: unknown, space?: number): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), space)

const textOf = (cell: Cell): string => (cell === null || cell === undefined ? '' : String(cell))

export function makeShow({ json, csv = false, write }: ShowOptions): Show {
  const shown: ShowValue[] = []
  let isFinished = false
  const show = (value: ShowValue, columns?: readonly string[]): void => {
    if (json) shown.push(value)
    else if (csv) write(toCsv(Array.isArray(value) ? (value as readonly ShowRow[]) : [value as ShowRow], columns))
    else write(Array.isArray(value) ? tableOf(value as readonly ShowRow[]) : listOf(value as ShowRow))
  }
  return Object.assign(show, {
    isJson: json,
    say: (line: string): void => {
      if (!json && !csv) write(`${line}\n`)
    },
    finish: (value: Readonly<Record<string, unknown>>): void => {
      if (json && !isFinished) write(`${toJson(value)}\n`)
      isFinished = true
    },
    flush: (): void => {
      if (json && !isFinished && shown.length > 0) write(`${toJson(shown.length === 1 ? shown[0] : shown)}\n`)
      isFinished = true
    },
  })
}

function columnsOf(rows: readonly ShowRow[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))]
}

export function tableOf(rows: readonly ShowRow[]): string {
  if (rows.length === 0) return '(none)\n'
  const columns = columnsOf(rows)
  const cells = [columns, ...rows.map((row) => columns.map((column) => textOf(row[column])))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] ?? '').length)))
  return cells
    .map(
      (line) =>
        `${line
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

export function listOf(row: ShowRow): string {
  const width = Math.max(0, ...Object.keys(row).map((key) => key.length))
  return Object.entries(row)
    .map(([key, cell]) => `${key.padEnd(width)}  ${textOf(cell)}\n`)
    .join('')
}

/** RFC 4180; a leading =, +, - or @ is kept from being a formula by an apostrophe unless it is a number. */
export function toCsv(rows: readonly ShowRow[], columns: readonly string[] = columnsOf(rows)): string {
  const quote = (cell: Cell): string => {
    const text = textOf(cell)
    const safe = /^[=+@-]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return [columns.map(quote), ...rows.map((row) => columns.map((column) => quote(row[column])))]
    .map((line) => `${line.join(',')}\r\n`)
    .join('')
}
