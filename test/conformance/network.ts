/**
 * The shape that every network has: four verb files, in each a doer and a pure checker, behind a door that touches no machine.
 *
 * A fifth network passes this by filling four files. What the verbs mean is each network's own tests' matter.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

/** Doer and checker of each verb; LAYOUT's table. */
export const verbs: readonly { readonly verb: string; readonly doer: string; readonly checker: string }[] = [
  { verb: 'offer', doer: 'offer', checker: 'match' },
  { verb: 'work', doer: 'work', checker: 'accept' },
  { verb: 'prove', doer: 'prove', checker: 'verify' },
  { verb: 'pay', doer: 'pay', checker: 'audit' },
]

const machine = /^(node:|ws$|fastify|undici|kysely|viem)/

/**
 * @param door what `import('@groundwork/<network>')` gives
 * @param root the repository's root
 */
export function networkConformance({
  network,
  door,
  root,
}: {
  readonly network: string
  readonly door: Readonly<Record<string, unknown>>
  readonly root: string
}): void {
  const folder = path.join(root, 'packages', network, 'src')
  const textOf = (file: string): string => readFileSync(path.join(folder, file), 'utf8')
  const importsOf = (file: string): string[] =>
    [...textOf(file).matchAll(/from '([^']+)'/g)].map((found) => found[1] ?? '')

  test(`${network}: the door hands out each verb’s doer and checker`, () => {
    for (const { doer, checker } of verbs) {
      assert.equal(typeof door[doer], 'function', doer)
      assert.equal(typeof door[checker], 'function', checker)
    }
  })

  test(`${network}: doer and checker stand side by side, in the file of their verb`, () => {
    for (const { verb, doer, checker } of verbs) {
      const text = textOf(`${verb}.ts`)
      for (const name of [doer, checker])
        assert.match(text, new RegExp(`^export (async )?function\\*? ?${name}\\b`, 'm'), `${verb}.ts ${name}`)
    }
  })

  test(`${network}: a checker waits for nothing, so that it can only judge what it is given`, () => {
    for (const { verb, checker } of verbs)
      assert.doesNotMatch(textOf(`${verb}.ts`), new RegExp(`^export async function\\*? ?${checker}\\b`, 'm'))
  })

  test(`${network}: it has model, ports, README and two doors`, () => {
    for (const file of ['model.ts', 'ports.ts', 'index.ts', 'adapters/index.ts', '../README.md'])
      assert.ok(existsSync(path.join(folder, file)), file)
    const { exports } = JSON.parse(textOf('../package.json')) as { exports: Record<string, string> }
    assert.deepEqual(Object.keys(exports).toSorted(), ['.', './adapters'])
  })

  test(`${network}: nothing behind the pure door touches the machine`, () => {
    const pure = globSync('**/*.ts', { cwd: folder }).filter(
      (file) => !file.startsWith('adapters') && !file.endsWith('.test.ts'),
    )
    const touching = pure.flatMap((file) =>
      importsOf(file)
        .filter((name) => machine.test(name) || name.includes('/adapters/'))
        .map((name) => `${file} imports ${name}`),
    )
    assert.deepEqual(touching, [])
  })
}
