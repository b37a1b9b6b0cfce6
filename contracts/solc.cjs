#!/usr/bin/env node
'use strict'
// The Solidity compiler from npm, spoken to as forge speaks to a native solc. It compiles; it fetches nothing.
//
// Tests are compiled without the optimizer, which would spend four fifths of the whole time on them. The contracts that
// they deploy are not touched by it: forge links those by their own artifacts (`dynamic_test_linking`).
const { readFileSync } = require('node:fs')
const solc = require('solc')

const isTest = (file) => file.startsWith('test/')

/** The same sources, so that ids and maps agree; output only of the files that `isWanted` names. */
function compileFiles(input, { isWanted, optimizer }) {
  const outputSelection = Object.fromEntries(
    Object.entries(input.settings.outputSelection).filter(([file]) => file === '*' || isWanted(file)),
  )
  return JSON.parse(solc.compile(JSON.stringify({ ...input, settings: { ...input.settings, optimizer, outputSelection } })))
}

function compile(text) {
  const input = JSON.parse(text)
  const asked = Object.keys(input.settings?.outputSelection ?? {})
  if (!asked.some(isTest)) return solc.compile(text)
  const { optimizer } = input.settings
  const deployed = compileFiles(input, { isWanted: (file) => !isTest(file), optimizer })
  const tests = compileFiles(input, { isWanted: isTest, optimizer: { ...optimizer, enabled: false } })
  const errors = [...(deployed.errors ?? []), ...(tests.errors ?? [])]
  return JSON.stringify({
    ...tests,
    errors: [...new Map(errors.map((error) => [error.formattedMessage, error])).values()],
    contracts: { ...deployed.contracts, ...tests.contracts },
  })
}

const args = process.argv.slice(2)
if (args.includes('--version')) {
  const version = solc.version().replace('Emscripten.clang', 'Linux.g++')
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`)
} else if (args.includes('--standard-json')) {
  process.stdout.write(compile(readFileSync(0, 'utf8')))
} else {
  process.stderr.write(`unsupported: ${args.join(' ')}\n`)
  process.exit(1)
}
