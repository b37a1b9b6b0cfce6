/**
 * Runs payload codecs in QuickJS, compiled to WebAssembly: no host function, no clock of the machine, no module, bounded memory.
 *
 * Synchronous; it stands in a worker thread (codec-worker.ts), because a script may take its whole deadline. One runtime is kept
 * per script, so that a script can only use up its own memory; every call has a fresh context, so that nothing that a
 * call does to its globals is seen by the next. A runtime whose script ran out of time or memory, or
 * left something to be done, is thrown away.
 *
 * @module
 */

import variant from '@jitl/quickjs-wasmfile-release-sync'
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core'
import { codecAnswerCharactersMax, codecScriptCharactersMax } from '../codec/payload-codec.ts'
import type { CodecCall, CodecRefused } from '../codec/payload-codec.ts'

/** Runtimes that are kept warm, the least used goes first. */
export const codecRuntimesMax = 32

/**
 * Memory of the engine with all its scripts: of its WebAssembly memory, so that it holds whatever the engine does.
 *
 * The engine's own limit per runtime counts a large allocation by a few bytes only (its build cannot ask malloc for sizes); it
 * is set as well, and stops single allocations above it. One call runs at a time, and leaves nothing behind that is large.
 */
export const codecMemoryBytesMax: number = 64 * 1024 * 1024

/** Largest single allocation of a script. */
const allocationBytesMax = 8 * 1024 * 1024

const pageBytes = 65_536
const startPages = 256

/** Stack of one script; so small that the thread's own stack, which the same calls also use, always lasts longer. */
export const codecStackBytesMax: number = 128 * 1024

/** Time of one call, the reading of the script included. */
export const codecDeadlineMs = 200

export type ScriptAnswer = { readonly json: string } | CodecRefused

export interface QuickjsCodec {
  /** @throws whatever the engine traps with: nothing of it can be used then */
  run(script: string, call: CodecCall): ScriptAnswer
  /** runtimes that are warm now */
  readonly warmCount: number
  /** never more than `codecMemoryBytesMax` */
  readonly memoryBytes: number
}

export interface QuickjsCodecOptions {
  /** monotonic milliseconds */
  readonly elapsedMs: () => number
  readonly deadlineMs?: number
  /** a multiple of 64 KiB, at least 16 MiB */
  readonly memoryBytesMax?: number
  readonly runtimesMax?: number
}

/**
 * Stands before the script and keeps what it needs of the language to itself, so that the script cannot change it. It answers a
 * string: 'J' and the JSON of the answer, or a letter that says what went wrong and a description.
 */
const prelude = `(() => {
  'use strict'
  const { parse, stringify } = JSON, DateClass = Date, StringOf = String, charactersMax = ${codecAnswerCharactersMax}
  const slice = Function.prototype.call.bind(StringOf.prototype.slice)
  const describe = (thrown) => {
    try {
      const text = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown
      return slice(StringOf(text), 0, 256)
    } catch { return 'something that cannot be shown' }
  }
  return (callee, input) => {
    if (typeof callee !== 'function') return 'M'
    try {
      const read = parse(input)
      if (read.recvTime !== undefined) read.recvTime = new DateClass(read.recvTime)
      const json = stringify(callee(read))
      if (json === undefined) return 'Jnull'
      return json.length > charactersMax ? 'L' + json.length : 'J' + json
    } catch (thrown) { return 'T' + describe(thrown) }
  }
})()`

// Its types describe the CommonJS build, where the variant is one level deeper than where Node finds it.
const engine = variant as unknown as QuickJSSyncVariant

export async function openQuickjsCodec(options: QuickjsCodecOptions): Promise<QuickjsCodec> {
  const { deadlineMs = codecDeadlineMs, memoryBytesMax = codecMemoryBytesMax, runtimesMax = codecRuntimesMax } = options
  const wasmMemory = new WebAssembly.Memory({ initial: startPages, maximum: memoryBytesMax / pageBytes })
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(engine, { wasmMemory }))
  /** In the order of use, the longest unused first. */
  const warm = new Map<string, QuickJSRuntime>()

  const runtimeOf = (script: string): QuickJSRuntime => {
    const kept = warm.get(script)
    warm.delete(script)
    const runtime = kept ?? newRuntime(quickjs)
    warm.set(script, runtime)
    for (const [oldest, unused] of warm) {
      if (warm.size <= runtimesMax) break
      warm.delete(oldest)
      unused.dispose()
    }
    return runtime
  }

  return {
    run(script, call) {
      if (script.length > codecScriptCharactersMax)
        return { refused: 'script-too-long', description: `The script has ${script.length} characters.` }
      const runtime = runtimeOf(script)
      const endsAtMs = options.elapsedMs() + deadlineMs
      let isLate = false
      runtime.setInterruptHandler(() => (isLate = options.elapsedMs() > endsAtMs))
      const answer = runOnce(runtime, script, call)
      const seen: ScriptAnswer = isLate ? tooSlow(deadlineMs) : answer
      const isSpent = 'refused' in seen && (seen.refused === 'too-slow' || seen.refused === 'out-of-memory')
      // A job that waits, as an `await` leaves it, would keep its whole context.
      if (isSpent || runtime.hasPendingJob()) {
        warm.delete(script)
        runtime.dispose()
      } else runtime.removeInterruptHandler()
      return seen
    },
    get warmCount() {
      return warm.size
    },
    get memoryBytes() {
      return wasmMemory.buffer.byteLength
    },
  }
}

/** What is said of a script that was stopped. */
export function tooSlow(deadlineMs: number): CodecRefused {
  return { refused: 'too-slow', description: `The codec was stopped after ${deadlineMs} ms.` }
}

function newRuntime(quickjs: QuickJSWASMModule): QuickJSRuntime {
  const runtime = quickjs.newRuntime()
  runtime.setMemoryLimit(allocationBytesMax)
  runtime.setMaxStackSize(codecStackBytesMax)
  return runtime
}

function runOnce(runtime: QuickJSRuntime, script: string, call: CodecCall): ScriptAnswer {
  const context = runtime.newContext()
  try {
    const guard = evaluate(context, prelude, 'prelude.js')
    if ('refused' in guard) return guard
    using _guard = guard.handle
    const loaded = evaluate(context, script, 'codec.js')
    if ('refused' in loaded) return loaded
    loaded.handle.dispose()
    // Also a `const` of the script is found this way; a property of the global object would not be.
    const callee = evaluate(context, `typeof ${call.call} === 'function' ? ${call.call} : undefined`, 'codec.js')
    if ('refused' in callee) return callee
    using _callee = callee.handle
    using input = context.newString(inputOf(call))
    const result = context.callFunction(guard.handle, context.undefined, callee.handle, input)
    if (result.error !== undefined) return refusalOf(context, result.error, 'threw')
    using answer = result.value
    return readAnswer(context.getString(answer), call)
  } finally {
    context.dispose()
  }
}

function evaluate(context: QuickJSContext, code: string, file: string): { handle: QuickJSHandle } | CodecRefused {
  const result = context.evalCode(code, file, { type: 'global' })
  return result.error === undefined
    ? { handle: result.value }
    : refusalOf(context, result.error, file === 'codec.js' ? 'script-broken' : 'out-of-memory')
}

function inputOf(call: CodecCall): string {
  const { variables } = call
  if (call.call === 'encodeDownlink') return JSON.stringify({ data: call.data, variables })
  const payload = { bytes: [...call.bytes], fPort: call.fPort, variables }
  return JSON.stringify(call.call === 'decodeUplink' ? { ...payload, recvTime: call.receivedAtMs } : payload)
}

function readAnswer(text: string, call: CodecCall): ScriptAnswer {
  const rest = text.slice(1)
  if (text.startsWith('J')) return { json: rest }
  if (text.startsWith('L'))
    return { refused: 'answer-too-large', description: `The codec's answer has ${rest} characters.` }
  if (text.startsWith('M'))
    return { refused: 'function-missing', description: `The script has no function ${call.call}.` }
  return thrown(rest, 'threw')
}

/** The message of what was thrown outside of the prelude's own catch. Reading it may run the script: it is under the deadline. */
function refusalOf(
  context: QuickJSContext,
  error: QuickJSHandle,
  refused: 'threw' | 'script-broken' | 'out-of-memory',
) {
  using handle = error
  if (context.typeof(handle) !== 'object') return thrown('something that is no error', refused)
  // A getter of the script may answer anything, or not at all.
  try {
    using message = context.getProp(handle, 'message')
    return thrown(context.typeof(message) === 'string' ? context.getString(message) : '', refused)
  } catch {
    return thrown('something that cannot be shown', refused)
  }
}

function thrown(message: string, refused: 'threw' | 'script-broken' | 'out-of-memory'): CodecRefused {
  if (/out of memory/i.test(message))
    return { refused: 'out-of-memory', description: 'The codec used more memory than it may.' }
  const said = message.slice(0, 256)
  return refused === 'script-broken'
    ? { refused, description: `The script cannot be read: ${said}` }
    : { refused, description: `The codec threw: ${said}` }
}
