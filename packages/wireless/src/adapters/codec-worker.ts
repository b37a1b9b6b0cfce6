/**
 * The thread that runs payload codecs: answers one call after the other, in order, and ends itself once the engine has trapped.
 *
 * Started by codec-sandbox.ts alone, which watches it from outside.
 *
 * @module
 */

import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '@groundwork/core/invariant.ts'
import type { CodecCall } from '../codec/payload-codec.ts'
import { openQuickjsCodec } from './quickjs-codec.ts'

/** What the thread is started with. */
export interface CodecWorkerData {
  readonly deadlineMs: number
}

/** What it is asked. */
export interface CodecWorkerJob {
  readonly script: string
  readonly call: CodecCall
}

invariant(parentPort !== null, 'this file is the start of a thread')
const port = parentPort
const { deadlineMs } = workerData as CodecWorkerData
const codec = await openQuickjsCodec({ elapsedMs: () => performance.now(), deadlineMs })

// A trap of the engine is thrown out of this listener and ends the thread: the pool sees it and starts another.
port.on('message', ({ script, call }: CodecWorkerJob) => port.postMessage(codec.run(script, call)))
port.postMessage('ready')
