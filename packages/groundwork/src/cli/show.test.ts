/**
 * Goal: people get aligned text, programs get exactly one JSON value, spreadsheets get CSV that runs nothing.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeShow, tableOf, toCsv } from './show.ts'

function collect(json: boolean): { text: () => string; show: ReturnType<typeof makeShow> } {
  const parts: string[] = []
  return { text: () => parts.join(''), show: makeShow({ json, write: (text) => parts.push(text) }) }
}

test('a table is aligned and names its columns once', () => {
  assert.equal(
    tableOf([
      { a: 1, b: 'x' },
      { a: 200n, b: 'y' },
    ]),
    'a    b\n1    x\n200  y\n',
  )
})

test('with json only the final object is printed, bigints as strings', () => {
  const { text, show } = collect(true)
  show({ a: 1 })
  show.say('hello')
  show.finish({ amount: 12345678901234567890n })
  show.flush()
  assert.equal(text(), '{"amount":"12345678901234567890"}\n')
})

test('with json and no final object, what was shown is the value', () => {
  const { text, show } = collect(true)
  show([{ a: 1 }])
  show.flush()
  assert.equal(text(), '[{"a":1}]\n')
})

test('csv quotes what needs it and defuses formulas but not negative numbers', () => {
  assert.equal(toCsv([{ a: '=1+1', b: 'x"y,z', c: -5n }]), `a,b,c\r\n'=1+1,"x""y,z",-5\r\n`)
})

test('a spreadsheet of nothing still has its heads', () => {
  let written = ''
  const show = makeShow({ json: false, csv: true, write: (text) => (written += text) })
  show([], ['time', 'credits'])
  assert.equal(written, 'time,credits\r\n')
})
