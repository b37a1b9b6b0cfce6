/** The generated pages of docs/ are those of the sources as they stand, and the readers of sources read what they should. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  contractLimitsIn,
  errorClassesIn,
  generatedPages,
  limitsIn,
  readableMessage,
  textOfComment,
} from './generate-docs.ts'

const root = path.join(import.meta.dirname, '..')

for (const [file, text] of generatedPages()) {
  test(`docs/${file} is what the sources say; node tools/generate-docs.ts makes it anew`, () => {
    assert.equal(readFileSync(path.join(root, 'docs', file), 'utf8'), text)
  })
}

test('an error class is read with its codes, blame, comment and message', () => {
  const text = [
    '/** Two things',
    ' * at once. @see nothing */',
    'export class Twofold extends GroundworkError {',
    "  readonly code: 'GW_ONE' | 'GW_TWO'",
    "  readonly blame: Blame = 'peer'",
    '  constructor(facts: { what: string; list: readonly string[] }) {',
    "    super(`There is ${facts.what.slice(0, 8)} and ${facts.list.join(', ')}.`, facts)",
    '  }',
    '}',
  ].join('\n')
  assert.deepEqual(errorClassesIn(text, 'a.ts'), [
    {
      codes: ['GW_ONE', 'GW_TWO'],
      blame: 'peer',
      meaning: 'Two things at once.',
      message: 'There is <what> and <list>.',
      file: 'a.ts',
    },
  ])
})

test('an error class without a blame stops the generator', () => {
  assert.throws(
    () => errorClassesIn("export class A extends GroundworkError {\n  readonly code = 'GW_A'\n}", 'a.ts'),
    /without code or blame/,
  )
})

test('a bound is read with its value and comment, and only when it is exported', () => {
  const text =
    '/** Most things. */\nexport const thingsMax: number = 2 ** 4\n\nconst innerMax = 3\nexport const other = 1'
  assert.deepEqual(limitsIn(text, 'a.ts'), [
    { name: 'thingsMax', value: '2 ** 4', meaning: 'Most things.', file: 'a.ts' },
  ])
})

test('a bound of a contract takes its comment from the same line or from above', () => {
  const text =
    '    /// @notice Gas of one.\n    uint256 public constant GAS_MAX = 5;\n    uint8 internal constant ITEMS_MAX = 16; // of one kind\n'
  assert.deepEqual(
    contractLimitsIn(text, 'A.sol').map(({ name, value, meaning }) => [name, value, meaning]),
    [
      ['GAS_MAX', '5', 'Gas of one.'],
      ['ITEMS_MAX', '16', 'of one kind'],
    ],
  )
})

test('comments lose their stars and tags, messages their expressions', () => {
  assert.equal(
    textOfComment('/**\n * One line,\n * and another. #anchor\n *\n * @returns it\n */'),
    'One line, and another.',
  )
  assert.equal(readableMessage('super(\n  `${why.charAt(0).toUpperCase()}: ${tip}.`, { why })'), '<why>: <tip>.')
})
