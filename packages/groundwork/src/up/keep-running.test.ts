/**
 * Goal: a program that ends by itself is started again and said; one that does not stay up ends the whole; the dead stay dead.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Child } from '../supervise/child.ts'
import { keepRunning, restartsMax } from './keep-running.ts'
import type { LocalNetwork } from './local-network.ts'

interface FakeChild {
  readonly child: Child
  end(code: number): void
}

function fakeChild(name: string): FakeChild {
  let isAlive = true
  let tellEnd: (end: { code: number | null; signal: string | null }) => void = () => undefined
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    tellEnd = resolve
  })
  const end = (code: number): void => {
    isAlive = false
    tellEnd({ code, signal: null })
  }
  const stop = async (): Promise<void> => end(0)
  return { child: { name, pid: 1, ready: {}, exited, isAlive: () => isAlive, kill: () => end(0), stop }, end }
}

function fakeNetwork(onRestart: (name: string, child: FakeChild) => void, outcome: 'reused' | 'redeployed' = 'reused') {
  const children = new Map(['gateway', 'lisbon', 'osaka', 'watcher'].map((name) => [name, fakeChild(name)]))
  let chain = fakeChild('chain')
  const childOf = (name: string): Child => (children.get(name) ?? fakeChild(name)).child
  return {
    end: (name: string, code = 70) => (name === 'chain' ? chain : children.get(name))?.end(code),
    steps: {
      network: () =>
        ({
          dataDir: '/nowhere',
          anvil: { ended: chain.child.exited },
          gateway: childOf('gateway'),
          providers: ['lisbon', 'osaka'].map((name) => ({ child: childOf(name) })),
          watchers: [childOf('watcher')],
        }) as unknown as LocalNetwork,
      restart: async (name: string) => {
        const next = fakeChild(name)
        children.set(name, next)
        onRestart(name, next)
      },
      restartChain: async () => {
        chain = fakeChild('chain')
        onRestart('chain', chain)
        return { outcome } as never
      },
    },
  }
}

test('what ends by itself is started again, and what was dead before stays so', async () => {
  const stop = new AbortController()
  const restarted: string[] = []
  const told: string[] = []
  const network = fakeNetwork((name) => {
    restarted.push(name)
    stop.abort(new Error('enough'))
  })
  network.end('osaka')
  const keeping = keepRunning(network.steps, { tell: (text) => told.push(text), signal: stop.signal })
  network.end('gateway')
  await keeping
  assert.deepEqual(restarted, ['gateway'])
  assert.match(told.join('\n'), /gateway ended by itself \(exit code 70\).*gateway\.log/)
})

test('a chain that lost its contracts brings every program to read the new ones', async () => {
  const stop = new AbortController()
  const restarted = new Set<string>()
  const network = fakeNetwork((name) => {
    restarted.add(name)
    if (restarted.size === 5) stop.abort(new Error('enough'))
  }, 'redeployed')
  const keeping = keepRunning(network.steps, { tell: () => undefined, signal: stop.signal })
  network.end('chain')
  await keeping
  assert.deepEqual([...restarted].toSorted(), ['chain', 'gateway', 'lisbon', 'osaka', 'watcher'])
})

test('a program that does not stay up ends the whole, with the place of its log', async () => {
  let restarts = 0
  const network = fakeNetwork((_name, child) => {
    restarts += 1
    child.end(70)
  })
  const keeping = keepRunning(network.steps, { tell: () => undefined, signal: AbortSignal.timeout(30_000) })
  network.end('watcher')
  await assert.rejects(keeping, { code: 'GW_CHILD_FAILED' })
  assert.equal(restarts, restartsMax)
})

test('being told to stop while everything ends with us is no end by itself', async () => {
  const stop = new AbortController()
  const network = fakeNetwork(() => assert.fail('nothing is started again'))
  const keeping = keepRunning(network.steps, { tell: () => assert.fail('nothing is said'), signal: stop.signal })
  network.end('lisbon', 0)
  stop.abort(new Error('stopped by SIGINT'))
  await keeping
})
