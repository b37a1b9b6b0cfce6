/**
 * What the pages of docs/ point at exists: every relative link, every anchor, every page that a comment in the sources names, and
 * every test that threats.md and walks.md call as a witness.
 *
 * It reads text. Whether a sentence is true, it cannot see.
 */

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const filesOf = (...patterns: readonly string[]): readonly string[] =>
  patterns
    .flatMap((pattern) =>
      globSync(pattern, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**', '**/out/**', '**/cache/**'] }),
    )
    .map((file) => file.split(path.sep).join('/'))
    .toSorted()

const pages = filesOf('*.md', 'docs/**/*.md', 'packages/*/README.md')
const sources = filesOf(
  'packages/*/src/**/*.ts',
  'contracts/{src,test}/**/*.sol',
  'test/**/*.ts',
  'tools/*.ts',
  'scripts/*',
  'bench/*.ts',
  'packages/*/README.md',
).filter((file) => file !== 'tools/docs.test.ts')

/** Links of a page without those inside code. */
function linksIn(text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
}

/** The name that a heading gets where pages are rendered: lower case, punctuation away, spaces as hyphens. */
function slugOf(heading: string): string {
  const plain = heading.replaceAll(/<[^>]*>/g, '').replaceAll(/[`*]/g, '')
  return plain
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

function anchorsIn(text: string): ReadonlySet<string> {
  const named = [...text.matchAll(/<a id="([^"]+)">/g)].map((match) => match[1] ?? '')
  const headings = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/^#{1,6} (.+)$/gm)].map((match) =>
    slugOf(match[1] ?? ''),
  )
  return new Set([...named, ...headings])
}

const anchorsByPage = new Map<string, ReadonlySet<string>>()
const anchorsOf = (page: string): ReadonlySet<string> => {
  const known = anchorsByPage.get(page) ?? anchorsIn(read(page))
  anchorsByPage.set(page, known)
  return known
}

/** What is wrong with a link from a page, or undefined. */
function faultOf(page: string, link: string): string | undefined {
  if (/^(https?:|mailto:)/.test(link)) return undefined
  const [target = '', anchor] = link.split('#')
  const file = target === '' ? page : path.posix.normalize(path.posix.join(path.posix.dirname(page), target))
  if (!existsSync(path.join(root, file))) return `${page}: ${link} leads nowhere`
  if (anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor))
    return `${page}: ${file} has no #${anchor}`
  return undefined
}

/** Paths that a page names in code, of the kinds that can be looked up. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/`((?:test|tools|contracts|packages|bench|scripts)\/[\w./-]+\.(?:ts|sol|json|cjs))`/g)].map(
    (match) => match[1] ?? '',
  )
}

test('the reader of links passes over code and sees anchors of both kinds', () => {
  assert.deepEqual(linksIn('[a](b.md#c) `[d](e)`\n```\n[f](g)\n```\n'), ['b.md#c'])
  assert.deepEqual([...anchorsIn('## Sum tree\n<a id="leaf"></a>\n')].toSorted(), ['leaf', 'sum-tree'])
})

test('every relative link and anchor of a page leads somewhere', () => {
  assert.deepEqual(
    pages.flatMap((page) => linksIn(read(page)).flatMap((link) => faultOf(page, link) ?? [])),
    [],
  )
})

test('every page and anchor of docs/ that a source names is there', () => {
  const named = sources.flatMap((file) =>
    [...read(file).matchAll(/\bdocs\/[\w/-]+\.md(?:#[\w-]+)?/g)].map((match) => ({ file, link: match[0] })),
  )
  assert.ok(named.length > 50, 'the sources cite their specification')
  assert.deepEqual(
    [
      ...new Set(
        named.flatMap(({ file, link }) => (faultOf('README.md', link) === undefined ? [] : [`${file} names ${link}`])),
      ),
    ],
    [],
  )
})

test('every file that a page names in code exists', () => {
  const missing = pages.flatMap((page) =>
    pathsIn(read(page)).flatMap((file) => (existsSync(path.join(root, file)) ? [] : [`${page} names ${file}`])),
  )
  assert.deepEqual(missing, [])
})

test('every attack in threats.md has a test that plays it', () => {
  const [, table = ''] = read('docs/threats.md').split('<a id="attacks"></a>')
  const rows = (table.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (attack|---)/.test(line))
  assert.ok(rows.length >= 20, `${rows.length} attacks are listed`)
  assert.deepEqual(
    rows.filter((line) => pathsIn(line).length === 0),
    [],
  )
})

test('every walk has a page and a test of the same name', () => {
  const walks = [...read('docs/walks.md').matchAll(/<a id="([^"]+)">/g)].map((match) => match[1] ?? '')
  assert.deepEqual(
    walks.filter(
      (walk) =>
        !['test.ts', 'long.test.ts'].some((ending) =>
          existsSync(path.join(root, 'test', 'walks', `${walk}.${ending}`)),
        ),
    ),
    [],
  )
})
