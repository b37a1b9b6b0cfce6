/**
 * Keeping a network on one machine up while its maker is: a program that ends by itself is said and started again, as it was.
 *
 * One that ends again and again is a fault that starting does not mend; then the whole ends, with the place of its log.
 *
 * @module
 */

import path from 'node:path'
import { sleep } from '@groundwork/chain/sleep.ts'
import { ChildFailed } from '../supervise/child-errors.ts'
import type { Child } from '../supervise/child.ts'
import { runTogether } from '../supervise/run-together.ts'
import type { LocalNetwork, NetworkSteps } from './local-network.ts'

/** Starts of one program that may follow each other within `withinMs`, inclusive. */
export const restartsMax = 5
const withinMs = 600_000
/** Whoever ends us may end the others at the same moment: that is waited for, before an end counts as one by itself. */
const graceMs = 300

export interface KeepRunningOptions {
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}

type Steps = Pick<NetworkSteps, 'network' | 'restart' | 'restartChain'>

const childrenOf = ({ gateway, providers, watchers }: LocalNetwork): readonly Child[] => [
  gateway,
  ...providers.map(({ child }) => child),
  ...watchers,
]

/** Keeps whatever runs now running until the signal is aborted. @throws ChildFailed when a program does not stay up */
export async function keepRunning(steps: Steps, { tell, signal }: KeepRunningOptions): Promise<void> {
  const { dataDir } = steps.network()
  const names = childrenOf(steps.network())
    .filter((child) => child.isAlive())
    .map(({ name }) => name)
  const keep = async (
    name: string,
    ended: () => Promise<string>,
    again: () => Promise<void>,
    until: AbortSignal,
  ): Promise<void> => {
    const starts: number[] = []
    for (;;) {
      const why = await Promise.race([ended(), aborted(until)])
      await sleep(graceMs, { signal: until })
      starts.push(performance.now())
      const recent = starts.filter((atMs) => performance.now() - atMs < withinMs)
      const logPath = path.join(dataDir, 'logs', `${name}.log`)
      if (recent.length > restartsMax)
        throw new ChildFailed({ name, why: `it ended ${recent.length} times (${why})`, logPath })
      tell(`The ${name} ended by itself (${why}); it is started again. Its log is ${logPath}.`)
      await again()
    }
  }
  const childEnded = async (name: string): Promise<string> => {
    const child = childrenOf(steps.network()).find((one) => one.name === name)
    const end = await child?.exited
    return end?.signal ?? `exit code ${end?.code}`
  }
  const chainEnded = async (): Promise<string> => {
    const end = await steps.network().anvil.ended
    return end.signal ?? `exit code ${end.code}`
  }
  /** Contracts that were deployed anew have other parameters: every program reads them at its start. */
  const chainAgain = async (): Promise<void> => {
    const { outcome } = await steps.restartChain()
    if (outcome === 'reused') return
    tell('The chain had lost the contracts; they are deployed again, and every program starts again with them.')
    await Promise.all(childrenOf(steps.network()).map(async (child) => child.stop()))
  }
  await runTogether(
    [
      async (until) => keep('chain', chainEnded, chainAgain, until.signal),
      ...names.map(
        (name) => async (until: { readonly signal: AbortSignal }) =>
          keep(
            name,
            async () => childEnded(name),
            async () => steps.restart(name),
            until.signal,
          ),
      ),
    ],
    { signal },
  )
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
