// Makes sure that node_modules matches package-lock.json, and that the system programs a script names are there.
// CommonJS without dependencies, for it runs on whatever Node the machine has (20 or later). Usage: node scripts/ensure.cjs [chromium ...]
'use strict'
const { createHash } = require('node:crypto')
const { spawnSync } = require('node:child_process')
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const say = (line) => process.stderr.write(`${line}\n`)
const quiet = { cwd: root, stdio: ['ignore', 'ignore', 2] }

if (Number(process.versions.node.split('.')[0]) < 20) {
  say(`Groundwork needs Node 20 or later to start; this is ${process.version}. Install one from your system.`)
  process.exit(1)
}
ensureModules()
for (const program of process.argv.slice(2)) ensureProgram(program)

function ensureModules() {
  const stampPath = path.join(root, 'node_modules', '.package-lock.stamp')
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === wanted) return
  say('Installing what is missing (once; the pinned Node comes with it) ...')
  // Not `npm ci`: it refuses a lock file when a registry lacks an optional package of a platform that is not ours. This
  // takes the versions and hashes of the lock file all the same, and never writes it.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], quiet)
    : spawnSync('npm', args, { ...quiet, shell: process.platform === 'win32' })
  if (done.status !== 0) {
    say(
      'The install failed. Run `npm install --no-save` in this folder to see why; a package registry must be reachable once.',
    )
    process.exit(1)
  }
  writeFileSync(stampPath, wanted)
}

function ensureProgram(program) {
  const isThere = (process.env.PATH || '')
    .split(path.delimiter)
    .some((folder) => existsSync(path.join(folder, program)))
  if (isThere) return
  const isRoot = typeof process.getuid === 'function' && process.getuid() === 0
  if (!isRoot || spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) {
    say(`${program} is not installed; what needs it will say so. To install it: sudo apt-get install ${program}`)
    return
  }
  say(`Installing ${program} (apt-get) ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync('apt-get', ['update', '-qq'], { ...quiet, env })
  const done = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', program], { ...quiet, env })
  if (done.status !== 0) say(`${program} could not be installed; what needs it will say so.`)
}
