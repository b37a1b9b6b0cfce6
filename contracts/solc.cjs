#!/usr/bin/env node
'use strict'
// The Solidity compiler from npm, spoken to as forge speaks to a native solc. It compiles; it fetches nothing.
const solc = require('solc')
const args = process.argv.slice(2)
if (args.includes('--version')) {
  const version = solc.version().replace('Emscripten.clang', 'Linux.g++')
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`)
} else if (args.includes('--standard-json')) {
  process.stdout.write(solc.compile(require('node:fs').readFileSync(0, 'utf8')))
} else {
  process.stderr.write(`unsupported: ${args.join(' ')}\n`)
  process.exit(1)
}
