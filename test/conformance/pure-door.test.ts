/**
 * Goal: the pure door of every network runs in a browser as it is: bundled whole, loaded by Chromium, its four verbs there.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'

const root = path.join(import.meta.dirname, '..', '..')
const networks = readdirSync(path.join(root, 'packages')).filter((name) =>
  existsSync(path.join(root, 'packages', name, 'src', 'offer.ts')),
)
const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((file) => existsSync(file))

async function bundleOf(network: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, 'packages', network, 'src', 'index.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

test('the browser of this test is installed', () => {
  assert.ok(chromiumPath !== undefined, 'install it: apt-get install chromium')
})

test('every network’s door loads in Chromium and hands out its four verbs', async () => {
  assert.ok(networks.includes('storage'))
  const bundles = new Map<string, string>(
    await Promise.all(networks.map(async (network) => [`/${network}.js`, await bundleOf(network)] as const)),
  )
  const server = createServer((request, response) => {
    const script = bundles.get(request.url ?? '')
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript')
    response.end(script ?? '<!doctype html><title>doors</title>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const profile = mkdtempSync(path.join(tmpdir(), 'groundwork-browser-'))
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath ?? '',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    for (const network of networks) {
      const verbs = await page.evaluate(async (name) => {
        const door = (await import(`/${name}.js`)) as Record<string, unknown>
        return ['offer', 'work', 'prove', 'pay'].map((verb) => `${verb}:${typeof door[verb]}`)
      }, network)
      assert.ok(
        verbs.every((verb) => !verb.endsWith(':undefined')),
        `${network}: ${verbs.join(' ')}`,
      )
    }
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
    rmSync(profile, { recursive: true, force: true })
  }
})
