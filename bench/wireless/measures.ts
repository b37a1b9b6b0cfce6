/**
 * What the processes of a bench tell the one that started them: that they are ready, and on demand their processor time and counts.
 *
 * @module
 */

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import path from 'node:path'

export interface Measure {
  /** microseconds of processor time so far */
  readonly cpuUs: number
  readonly counts: Record<string, unknown>
}

/** In the process that is measured. @param counts plain, but for bigint */
export function answerMeasures(ready: object, counts: () => object): void {
  const profile = profileInto(process.env['BENCH_PROFILE'])
  process.on('message', (asked) => {
    if (asked === 'end') process.exit(0)
    const { user, system } = process.cpuUsage()
    const measure = { cpuUs: user + system, counts: plain(counts()) }
    void profile().then(() => process.send?.(measure))
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.(ready)
}

/** A processor profile from the first measure to the second, when a folder is named. */
function profileInto(folder: string | undefined): () => Promise<void> {
  if (folder === undefined) return async () => undefined
  const session = new Session()
  session.connect()
  let isRunning = false
  return async () => {
    if (!isRunning) {
      isRunning = true
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      return
    }
    const { profile } = await session.post('Profiler.stop')
    mkdirSync(folder, { recursive: true })
    const name = path.basename(process.argv[1] ?? '', '.ts')
    writeFileSync(path.join(folder, `${name}.cpuprofile`), JSON.stringify(profile))
  }
}

const plain = (value: object): unknown =>
  JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one)))

export interface Measured<Ready> {
  readonly ready: Ready
  measure(): Promise<Measure>
  end(): Promise<void>
}

export async function startMeasured<Ready>(file: string, words: readonly string[]): Promise<Measured<Ready>> {
  const child: ChildProcess = fork(file, words)
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
