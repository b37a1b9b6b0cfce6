/**
 * The layers of docs/architecture.md as a test: who may import whom, which doors exist, and that verbs stay pure.
 *
 * It reads imports with a regular expression, for the compiler we use has no classic API; comments are cut first.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.join(import.meta.dirname, '..')
const layerOf: Readonly<Record<string, number>> = {
  core: 1,
  chain: 2,
  storage: 3,
  wireless: 3,
  render: 3,
  sensing: 3,
  sdk: 4,
  console: 5,
  groundwork: 6,
}
const networks = ['storage', 'wireless', 'render', 'sensing'].filter((name) =>
  existsSync(path.join(root, 'packages', name)),
)

interface Import {
  readonly from: string
  readonly to: string
}

const sources = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts') && !file.includes('node_modules'),
)

export function importsIn(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const found = code.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)['"]([^'"]+)['"]/gm)
  // A specifier begins with a name, a scope or a dot; whatever else stands in quotes after 'from' is text.
  return [...found].map((match) => match[1] ?? '').filter((specifier) => /^[@.\w]/.test(specifier))
}

const imports: Import[] = sources.flatMap((from) =>
  importsIn(readFileSync(path.join(root, from), 'utf8')).map((to) => ({ from, to })),
)
const packageOf = (file: string): string => file.split('/')[1] ?? ''
const ownPackage = (specifier: string): string | undefined =>
  /^@groundwork\/([a-z]+)/.exec(specifier)?.[1] ?? (specifier === 'groundwork' ? 'groundwork' : undefined)
const resolveRelative = ({ from, to }: Import): string =>
  path.posix.normalize(path.posix.join(path.posix.dirname(from), to))

function assertNone(found: readonly Import[], why: string): void {
  assert.deepEqual(
    found.map(({ from, to }) => `${from} imports ${to}`),
    [],
    why,
  )
}

test('the reader of imports sees static, dynamic and bare imports, and no comments', () => {
  const text =
    "import { a } from 'x'\nimport 'y'\nconst b = await import('z')\n// import 'no'\n/* from 'no' */\nexport { c } from './w.ts'"
  assert.deepEqual(importsIn(text).toSorted(), ['./w.ts', 'x', 'y', 'z'])
})

test('packages import downwards only, and no network imports another', () => {
  assertNone(
    imports.filter(({ from, to }) => {
      const target = ownPackage(to)
      return target !== undefined && (layerOf[target] ?? 0) >= (layerOf[packageOf(from)] ?? 0)
    }),
    'an import points up or sideways',
  )
})

test('a relative import never leaves its package', () => {
  assertNone(
    imports.filter((one) => one.to.startsWith('.') && packageOf(resolveRelative(one)) !== packageOf(one.from)),
    'a relative import crosses a package border',
  )
})

test('core imports nothing of Node', () => {
  assertNone(
    imports.filter(({ from, to }) => packageOf(from) === 'core' && to.startsWith('node:')),
    'core runs in a browser as it is',
  )
})

test('only the devnet, the indexer and the keeper of chain touch Node', () => {
  assertNone(
    imports.filter(
      ({ from, to }) =>
        from.startsWith('packages/chain/') && to.startsWith('node:') && !/src\/(devnet|indexer|keeper)\//.test(from),
    ),
    'an action of chain runs in a browser',
  )
})

test('a package declares what it imports', () => {
  const declared = (name: string): ReadonlySet<string> => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'packages', name, 'package.json'), 'utf8')) as {
      dependencies?: object
    }
    return new Set(Object.keys(manifest.dependencies ?? {}))
  }
  const own = new Map([...new Set(sources.map(packageOf))].map((name) => [name, declared(name)]))
  assertNone(
    imports.filter(({ from, to }) => {
      if (to.startsWith('.') || to.startsWith('node:')) return false
      const name = to
        .split('/')
        .slice(0, to.startsWith('@') ? 2 : 1)
        .join('/')
      return own.get(packageOf(from))?.has(name) !== true
    }),
    'an import resolves only because another package brought it',
  )
})

const machine = /^(node:|ws$|fastify|undici|mqtt|aedes|kysely)/

test('only adapters of a network touch the machine', () => {
  assertNone(
    imports.filter(
      ({ from, to }) => networks.includes(packageOf(from)) && !from.includes('/adapters/') && machine.test(to),
    ),
    'a verb, model, port or codec is not pure',
  )
})

test('inside a network nothing but adapters imports adapters', () => {
  assertNone(
    imports.filter(
      (one) =>
        networks.includes(packageOf(one.from)) &&
        !one.from.includes('/adapters/') &&
        one.to.startsWith('.') &&
        resolveRelative(one).includes('/adapters/'),
    ),
    'a verb reaches for an adapter',
  )
})

test('a network has the four verbs and exactly two doors', () => {
  for (const network of networks) {
    for (const file of ['index', 'offer', 'work', 'prove', 'pay', 'model', 'ports']) {
      assert.ok(existsSync(path.join(root, 'packages', network, 'src', `${file}.ts`)), `${network}/src/${file}.ts`)
    }
    const manifest = JSON.parse(readFileSync(path.join(root, 'packages', network, 'package.json'), 'utf8')) as {
      exports: Record<string, string>
    }
    assert.deepEqual(Object.keys(manifest.exports).toSorted(), ['.', './adapters'])
  }
})

test('there is no barrel but a door, and no file named for nothing', () => {
  const nameless = sources.filter((file) => /\/(utils|helpers|common|types|misc)\.ts$/.test(file))
  assert.deepEqual(nameless, [])
  const doors = new Set(
    networks.flatMap((network) => [`packages/${network}/src/index.ts`, `packages/${network}/src/adapters/index.ts`]),
  )
  const barrels = sources.filter((file) => path.basename(file) === 'index.ts' && !doors.has(file))
  assert.deepEqual(barrels, [])
})

test('the environment is read in one file', () => {
  const readers = sources.filter(
    (file) =>
      /process\.env\b/.test(readFileSync(path.join(root, file), 'utf8')) &&
      file !== 'packages/groundwork/src/config.ts',
  )
  assert.deepEqual(readers, [])
})

test('every source file opens with what it is', () => {
  const silent = sources.filter(
    (file) => !file.includes('/abi/') && !/^(#!.*\n)?\/\*\*/.test(readFileSync(path.join(root, file), 'utf8')),
  )
  assert.deepEqual(silent, [])
})

test('no half-finished word stands in the sources', () => {
  const words = /\b(TODO|FIXME|XXX|HACK|not implemented)\b/
  assert.deepEqual(
    sources.filter((file) => words.test(readFileSync(path.join(root, file), 'utf8'))),
    [],
  )
})
