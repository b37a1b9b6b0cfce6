/**
 * A small assembler: the few WebAssembly instructions that our kernels need, written out as bytes.
 *
 * Not a general one: one exported function, one exported memory, i32 and v128 only. Clauses name the WebAssembly
 * core specification 2.0.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { concatBytes } from '@groundwork/core/units/bytes.ts'

/** Value types, section 5.3. */
export const valueType = { i32: 0x7f, v128: 0x7b } as const

/** Vector instructions, section 5.4.8; each follows the prefix 0xfd. */
const vectorOp = {
  load: 0,
  store: 11,
  constant: 12,
  shuffle: 13,
  i32x4Splat: 17,
  and: 78,
  or: 80,
  xor: 81,
  i32x4Shl: 171,
  i32x4ShrU: 173,
  i32x4Add: 174,
  i64x2Shl: 203,
  i64x2ShrU: 205,
} as const

/** Instructions of control, variables and i32, sections 5.4.1 to 5.4.7. */
const plainOp = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32LtU: 0x49,
  i32Add: 0x6a,
  noResult: 0x40,
} as const

/** Appends an unsigned LEB128 integer, section 5.2.2. */
function pushUnsigned(code: number[], value: number): void {
  let left = value
  while (left >= 0x80) {
    code.push((left % 0x80) | 0x80)
    left = Math.floor(left / 0x80)
  }
  code.push(left)
}

/** Appends a signed LEB128 integer of 32 bits, section 5.2.2. */
function pushSigned(code: number[], value: number): void {
  let left = value | 0
  for (;;) {
    const low = left & 0x7f
    left >>= 7
    if ((left === 0 && (low & 0x40) === 0) || (left === -1 && (low & 0x40) !== 0)) {
      code.push(low)
      return
    }
    code.push(low | 0x80)
  }
}

/** A local variable or parameter, by its index. */
export type Local = number

/** Collects the body of one function. Operands come from the stack, as in the machine itself. */
export interface Emitter {
  get(local: Local): void
  set(local: Local): void
  tee(local: Local): void
  i32(value: number): void
  addI32(): void
  /** Loops while the condition that `body` leaves on the stack is not zero. */
  loopWhile(body: () => void): void
  lessThanUnsigned(): void
  /** The 16 bytes at the address on the stack plus `offset`; any alignment. */
  load(offset: number): void
  store(offset: number): void
  /** Bytes of the two topmost vectors, 0 to 15 of the lower one and 16 to 31 of the upper one. */
  shuffle(bytes: readonly number[]): void
  constant(bytes: readonly number[]): void
  /** An i32 to all four lanes. */
  splat(): void
  /** Adds lanes of 32 bits. */
  add(): void
  and(): void
  or(): void
  xor(): void
  /** Shift lanes of 32 bits, without sign. */
  shiftLeft(bits: number): void
  shiftRight(bits: number): void
  /** Shift lanes of 64 bits, without sign. */
  shiftLeft64(bits: number): void
  shiftRight64(bits: number): void
  readonly code: readonly number[]
}

export function emitter(): Emitter {
  const code: number[] = []
  const onLocal = (op: number, local: Local): void => {
    code.push(op)
    pushUnsigned(code, local)
  }
  const constant = (value: number): void => {
    code.push(plainOp.i32Const)
    pushSigned(code, value)
  }
  const vector = (op: number): void => {
    code.push(0xfd)
    pushUnsigned(code, op)
  }
  const shift = (op: number, bits: number): void => {
    constant(bits)
    vector(op)
  }
  const memory = (op: number, offset: number): void => {
    vector(op)
    code.push(0)
    pushUnsigned(code, offset)
  }
  const withBytes = (op: number, bytes: readonly number[]): void => {
    invariant(bytes.length === 16, 'a vector has 16 bytes')
    vector(op)
    code.push(...bytes)
  }
  return {
    code,
    get: (local) => onLocal(plainOp.localGet, local),
    set: (local) => onLocal(plainOp.localSet, local),
    tee: (local) => onLocal(plainOp.localTee, local),
    i32: constant,
    addI32: () => void code.push(plainOp.i32Add),
    loopWhile(body) {
      code.push(plainOp.loop, plainOp.noResult)
      body()
      code.push(plainOp.branchIf, 0, plainOp.end)
    },
    lessThanUnsigned: () => void code.push(plainOp.i32LtU),
    load: (offset) => memory(vectorOp.load, offset),
    store: (offset) => memory(vectorOp.store, offset),
    shuffle: (bytes) => withBytes(vectorOp.shuffle, bytes),
    constant: (bytes) => withBytes(vectorOp.constant, bytes),
    splat: () => vector(vectorOp.i32x4Splat),
    add: () => vector(vectorOp.i32x4Add),
    and: () => vector(vectorOp.and),
    or: () => vector(vectorOp.or),
    xor: () => vector(vectorOp.xor),
    shiftLeft: (bits) => shift(vectorOp.i32x4Shl, bits),
    shiftRight: (bits) => shift(vectorOp.i32x4ShrU, bits),
    shiftLeft64: (bits) => shift(vectorOp.i64x2Shl, bits),
    shiftRight64: (bits) => shift(vectorOp.i64x2ShrU, bits),
  }
}

/** The parameters of a kernel's one function: addresses of its input, of its output, and of the output's end. */
export const kernelParameters: { readonly input: Local; readonly output: Local; readonly outputEnd: Local } = {
  input: 0,
  output: 1,
  outputEnd: 2,
}

/** The function of a module: after the three parameters its locals are the vectors, then the integers. */
export interface KernelFunction {
  readonly v128LocalCount: number
  readonly i32LocalCount: number
  readonly code: readonly number[]
}

/** Moves an address on. */
export function advance(to: Emitter, pointer: Local, sizeBytes: number): void {
  to.get(pointer)
  to.i32(sizeBytes)
  to.addI32()
  to.set(pointer)
}

/** Runs `body`, which moves `output` on, until it has reached `outputEnd`; at least once. */
export function untilOutputEnd(to: Emitter, body: () => void): void {
  to.loopWhile(() => {
    body()
    to.get(kernelParameters.output)
    to.get(kernelParameters.outputEnd)
    to.lessThanUnsigned()
  })
}

/** Section identifiers and kinds of exports, section 5.5. */
const section = { type: 1, function: 3, memory: 5, export: 7, code: 10 } as const
const exportKind = { function: 0, memory: 2 } as const

const unsigned = (value: number): Uint8Array => {
  const code: number[] = []
  pushUnsigned(code, value)
  return Uint8Array.from(code)
}
const bytesOf = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes)
const sized = (bytes: Uint8Array): Uint8Array => concatBytes(unsigned(bytes.length), bytes)
const listOf = (...items: readonly Uint8Array[]): Uint8Array => concatBytes(unsigned(items.length), ...items)
const named = (name: string): Uint8Array => sized(new TextEncoder().encode(name))

/**
 * A whole module, section 5.5.16, that exports `memory` and the one function `run`.
 *
 * @param memoryPages size of the memory, fixed, in pages of 64 KiB
 */
export function assembleModule(run: KernelFunction, memoryPages: number): Uint8Array<ArrayBuffer> {
  const parameters = Object.keys(kernelParameters).map(() => bytesOf(valueType.i32))
  const locals = listOf(
    concatBytes(unsigned(run.v128LocalCount), bytesOf(valueType.v128)),
    concatBytes(unsigned(run.i32LocalCount), bytesOf(valueType.i32)),
  )
  const pages = unsigned(memoryPages)
  const sections: readonly (readonly [number, Uint8Array])[] = [
    [section.type, listOf(concatBytes(bytesOf(0x60), listOf(...parameters), listOf()))],
    [section.function, listOf(unsigned(0))],
    [section.memory, listOf(concatBytes(bytesOf(1), pages, pages))],
    [
      section.export,
      listOf(
        concatBytes(named('memory'), bytesOf(exportKind.memory, 0)),
        concatBytes(named('run'), bytesOf(exportKind.function, 0)),
      ),
    ],
    [section.code, listOf(sized(concatBytes(locals, Uint8Array.from(run.code), bytesOf(plainOp.end))))],
  ]
  const preamble = bytesOf(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  const bytes = concatBytes(preamble, ...sections.map(([id, content]) => concatBytes(bytesOf(id), sized(content))))
  return new Uint8Array(bytes)
}

/** A kernel at work: its function, and its memory as bytes. */
export interface Kernel {
  readonly run: (input: number, output: number, outputEnd: number) => void
  readonly memory: Uint8Array<ArrayBuffer>
}

/** Compiles and starts a module of `assembleModule`; takes a few milliseconds. */
export function startKernel(module: Uint8Array<ArrayBuffer>): Kernel {
  const { run, memory } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports
  invariant(typeof run === 'function' && memory instanceof WebAssembly.Memory, 'a kernel exports run and memory')
  return { run: run as Kernel['run'], memory: new Uint8Array(memory.buffer) }
}
