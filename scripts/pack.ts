/**
 * `npm run pack:program [-- FOLDER]`: the program as one npm tarball of plain JavaScript, for machines that have Node and nothing
 * of ours. It is written to the folder, or to the root of this repository.
 *
 * Everything is bundled but the native hasher, which is optional: without it the WASM one works. It prints the
 * tarball's path as its last line. Not for development: workspaces run from source.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.join(import.meta.dirname, '..')
const destination = path.resolve(process.argv[2] ?? root)
const source = path.join(root, 'packages', 'groundwork')
const target = path.join(source, 'dist')
const manifest = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8')) as {
  version: string
  description: string
  license: string
}
const hashtreeVersion = (
  JSON.parse(readFileSync(path.join(root, 'packages', 'storage', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
).dependencies['@chainsafe/hashtree']

rmSync(target, { recursive: true, force: true })
mkdirSync(target, { recursive: true })
await build({
  entryPoints: [path.join(source, 'src', 'bin.ts')],
  outdir: path.join(target, 'lib'),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  external: ['@chainsafe/hashtree'],
  // CommonJS inside the bundle asks for require, which ESM does not have.
  banner: {
    js: "import { createRequire as gwCreateRequire } from 'node:module'; const require = gwCreateRequire(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'error',
})
chmodSync(path.join(target, 'lib', 'bin.js'), 0o755)
for (const file of ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT'])
  copyFileSync(path.join(root, file), path.join(target, file))
copyFileSync(path.join(source, 'README.md'), path.join(target, 'README.md'))
writeFileSync(
  path.join(target, 'package.json'),
  `${JSON.stringify(
    {
      name: 'groundwork',
      version: manifest.version,
      description: manifest.description,
      license: manifest.license,
      type: 'module',
      engines: { node: '>=24' },
      bin: { groundwork: 'lib/bin.js' },
      files: ['lib', 'LICENSE-APACHE', 'LICENSE-MIT'],
      optionalDependencies: { '@chainsafe/hashtree': hashtreeVersion },
    },
    null,
    2,
  )}\n`,
)
const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', destination], {
  cwd: target,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
})
const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
process.stdout.write(`${path.join(destination, filename)}\n`)
