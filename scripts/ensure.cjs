// Makes sure that node_modules matches package-lock.json before a script of ours runs.
// CommonJS without dependencies, for it runs on whatever Node the machine has (20 or later).
'use strict'
const { createHash } = require('node:crypto')
const { spawnSync } = require('node:child_process')
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const stampPath = path.join(root, 'node_modules', '.package-lock.stamp')
const wanted = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json'))).digest('hex')
const present = existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : ''

if (Number(process.versions.node.split('.')[0]) < 20) {
  process.stderr.write(`Groundwork needs Node 20 or later to start; this is ${process.version}. Install one from your system.\n`)
  process.exit(1)
}

if (present !== wanted) {
  process.stderr.write('Installing what is missing (once; the pinned Node comes with it) ...\n')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (done.status !== 0) {
    process.stderr.write('The install failed. Run `npm ci` in this folder to see why; a registry must be reachable once.\n')
    process.exit(1)
  }
  writeFileSync(stampPath, wanted)
}
