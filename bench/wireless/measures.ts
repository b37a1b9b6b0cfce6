/**
 * What the processes of a bench tell the one that started them: that they are ready, and on demand their processor time and counts.
 *
 * @module
 */

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface Measure {
  /** microseconds of processor time so far */
  readonly cpuUs: number
  readonly counts: Record<string, unknown>
}

/** In the process that is measured. @param counts plain, but for bigint */
export function answerMeasures(ready: object, counts: () => object): void {
  process.on('message', (asked) => {
    if (asked === 'end') process.exit(0)
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuUs: user + system, counts: plain(counts()) })
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.(ready)
}

const plain = (value: object): unknown =>
  JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one)))

export interface Measured<Ready> {
  readonly ready: Ready
  measure(): Promise<Measure>
  end(): Promise<void>
}

export async function startMeasured<Ready>(
  file: string,
  words: readonly string[],
  execArgv: readonly string[] = [],
): Promise<Measured<Ready>> {
  const child: ChildProcess = fork(file, words, { execArgv: [...execArgv] })
  const [ready] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${file} ended with ${String(code)}`))),
  ])) as [Ready]
  return {
    ready,
    async measure() {
      const answer = once(child, 'message')
      child.send('measure')
      const [measure] = (await answer) as [Measure]
      return measure
    },
    async end() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.send('end')
      await ended
    },
  }
}
