/**
 * Payload codecs of strangers in threads of their own, so that the event loop stays free whatever a script does.
 *
 * Each thread runs scripts in QuickJS (quickjs-codec.ts), which bounds their time and memory. What that cannot stop, a loop
 * inside of the engine's own C code or a trap, is stopped from here: the thread ends, another takes its place, and the one
 * call is answered with the reason. Calls wait in one bounded queue; what does not fit is answered as busy.
 *
 * @module
 */

import { Worker } from 'node:worker_threads'
import type { CodecCall, CodecRefused, CodecRunner } from '../codec/payload-codec.ts'
import type { CodecWorkerData, CodecWorkerJob } from './codec-worker.ts'
import { codecDeadlineMs, tooSlow, type ScriptAnswer } from './quickjs-codec.ts'

/** Calls that wait or run at once, of all scripts. */
export const codecCallsMax = 2048

/** Calls that one thread has at once: the next is there when one ends. */
const callsPerThreadMax = 4

/** A thread that has not answered for so long beyond the deadline is ended. */
const graceMs = 500

/** Longest start of a thread. */
const startMsMax = 20_000

export interface CodecSandboxOptions {
  /** how many at once; more than the machine's cores gain nothing */
  readonly threads?: number
  readonly deadlineMs?: number
  readonly callsMax?: number
}

export interface CodecSandbox extends CodecRunner, AsyncDisposable {
  /** since the start */
  readonly counts: { readonly answered: number; readonly refused: number; readonly threadsReplaced: number }
}

interface Job extends CodecWorkerJob {
  readonly answer: (answer: ScriptAnswer) => void
}

interface Thread {
  readonly worker: Worker
  /** in the order in which they will be answered */
  readonly running: Job[]
  isReady: boolean
  watchdog: NodeJS.Timeout | undefined
}

/** Threads start with the first calls. */
export function openCodecSandbox(options: CodecSandboxOptions = {}): CodecSandbox {
  const { threads: threadsMax = 1, deadlineMs = codecDeadlineMs, callsMax = codecCallsMax } = options
  const threads = new Set<Thread>()
  const waiting: Job[] = []
  const counts = { answered: 0, refused: 0, threadsReplaced: 0 }
  let callCount = 0
  let isClosed = false

  const settle = (job: Job, answer: ScriptAnswer): void => {
    callCount -= 1
    counts['refused' in answer ? 'refused' : 'answered'] += 1
    job.answer(answer)
  }

  const watch = (thread: Thread): void => {
    clearTimeout(thread.watchdog)
    thread.watchdog = undefined
    if (thread.running.length === 0) return
    const limitMs = thread.isReady ? deadlineMs + graceMs : startMsMax
    thread.watchdog = setTimeout(() => replace(thread, tooSlow(deadlineMs)), limitMs)
  }

  /** The call that runs is answered with the reason; those behind it begin again in another thread. */
  const replace = (thread: Thread, reason: CodecRefused): void => {
    if (!threads.delete(thread)) return
    clearTimeout(thread.watchdog)
    void thread.worker.terminate()
    counts.threadsReplaced += 1
    const [running, ...behind] = thread.running
    waiting.unshift(...behind)
    if (running !== undefined) settle(running, reason)
    handOut()
  }

  const start = (): Thread => {
    const workerData: CodecWorkerData = { deadlineMs }
    const worker = new Worker(new URL('./codec-worker.ts', import.meta.url), {
      workerData,
      env: {},
      stdin: false,
      resourceLimits: { maxOldGenerationSizeMb: 128, stackSizeMb: 8 },
    })
    const thread: Thread = { worker, running: [], isReady: false, watchdog: undefined }
    worker.on('message', (message: 'ready' | ScriptAnswer) => {
      if (!threads.has(thread)) return
      if (message === 'ready') thread.isReady = true
      else {
        const job = thread.running.shift()
        if (job !== undefined) settle(job, message)
      }
      watch(thread)
      handOut()
    })
    const crashed: CodecRefused = { refused: 'crashed', description: 'The codec brought the sandbox down.' }
    worker.on('error', () => replace(thread, crashed))
    worker.on('exit', () => replace(thread, crashed))
    threads.add(thread)
    return thread
  }

  const freeThread = (): Thread | undefined => {
    let freest: Thread | undefined
    for (const thread of threads)
      if (thread.running.length < (freest?.running.length ?? callsPerThreadMax)) freest = thread
    return (freest === undefined || freest.running.length > 0) && threads.size < threadsMax ? start() : freest
  }

  const handOut = (): void => {
    if (isClosed) return
    while (waiting.length > 0) {
      const thread = freeThread()
      const job = thread === undefined ? undefined : waiting.shift()
      if (thread === undefined || job === undefined) return
      thread.running.push(job)
      const asked: CodecWorkerJob = { script: job.script, call: job.call }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      thread.worker.postMessage(asked)
      if (thread.running.length === 1) watch(thread)
    }
  }

  return {
    counts,

    run(script: string, call: CodecCall) {
      if (isClosed || callCount >= callsMax) {
        counts.refused += 1
        return Promise.resolve({ refused: 'busy', description: `${callCount} calls of codecs wait already.` } as const)
      }
      callCount += 1
      return new Promise((answer) => {
        waiting.push({ script, call, answer })
        handOut()
      })
    },

    async [Symbol.asyncDispose]() {
      isClosed = true
      const left = [...threads].flatMap((thread) => thread.running.splice(0)).concat(waiting.splice(0))
      for (const job of left) settle(job, { refused: 'busy', description: 'The program is ending.' })
      const ended = [...threads].map((thread) => {
        clearTimeout(thread.watchdog)
        return thread.worker.terminate()
      })
      threads.clear()
      await Promise.all(ended)
    },
  }
}
