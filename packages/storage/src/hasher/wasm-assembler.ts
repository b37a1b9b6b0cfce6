/**
 * A small assembler: the few WebAssembly instructions that the SHA-256 kernel needs, written out as bytes.
 *
 * Not a general one: one exported function, one exported memory, i32 and v128 only. Clauses name the WebAssembly
 * core specification 2.0.
 *
 * @module
 */

/** Value types, section 5.3. */
export const valueType = { i32: 0x7f, v128: 0x7b } as const

/** Vector instructions, section 5.4.8; each follows the prefix 0xfd. */
const vectorOp = {
  load: 0,
  store: 11,
  shuffle: 13,
  i32x4Splat: 17,
  and: 78,
  or: 80,
  xor: 81,
  i32x4Shl: 171,
  i32x4ShrU: 173,
  i32x4Add: 174,
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

/** Unsigned LEB128, section 5.2.2. */
function unsignedLeb(value: number): number[] {
  const bytes: number[] = []
  let left = value
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80)
    left = Math.floor(left / 0x80)
  }
  return [...bytes, left]
}

/** Signed LEB128 of a 32-bit integer, section 5.2.2. */
function signedLeb(value: number): number[] {
  const bytes: number[] = []
  let left = value | 0
  for (;;) {
    const low = left & 0x7f
    left >>= 7
    if ((left === 0 && (low & 0x40) === 0) || (left === -1 && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
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
  splat(): void
  add(): void
  and(): void
  or(): void
  xor(): void
  shiftLeft(bits: number): void
  shiftRight(bits: number): void
  readonly code: readonly number[]
}

export function emitter(): Emitter {
  const code: number[] = []
  const emit = (...bytes: readonly number[]): void => {
    for (const byte of bytes) code.push(byte)
  }
  const vector = (op: number): void => emit(0xfd, ...unsignedLeb(op))
  const shift = (op: number, bits: number): void => {
    emit(plainOp.i32Const, ...signedLeb(bits))
    vector(op)
  }
  const memory = (op: number, offset: number): void => {
    vector(op)
    emit(0, ...unsignedLeb(offset))
  }
  return {
    code,
    get: (local) => emit(plainOp.localGet, ...unsignedLeb(local)),
    set: (local) => emit(plainOp.localSet, ...unsignedLeb(local)),
    tee: (local) => emit(plainOp.localTee, ...unsignedLeb(local)),
    i32: (value) => emit(plainOp.i32Const, ...signedLeb(value)),
    addI32: () => emit(plainOp.i32Add),
    loopWhile(body) {
      emit(plainOp.loop, plainOp.noResult)
      body()
      emit(plainOp.branchIf, 0, plainOp.end)
    },
    lessThanUnsigned: () => emit(plainOp.i32LtU),
    load: (offset) => memory(vectorOp.load, offset),
    store: (offset) => memory(vectorOp.store, offset),
    shuffle(bytes) {
      vector(vectorOp.shuffle)
      emit(...bytes)
    },
    splat: () => vector(vectorOp.i32x4Splat),
    add: () => vector(vectorOp.i32x4Add),
    and: () => vector(vectorOp.and),
    or: () => vector(vectorOp.or),
    xor: () => vector(vectorOp.xor),
    shiftLeft: (bits) => shift(vectorOp.i32x4Shl, bits),
    shiftRight: (bits) => shift(vectorOp.i32x4ShrU, bits),
  }
}

/** The one function of a module: parameters are the first locals, then the vectors, then the further integers. */
export interface KernelFunction {
  readonly i32ParameterCount: number
  readonly v128LocalCount: number
  readonly i32LocalCount: number
  readonly code: readonly number[]
}

/** Section identifiers and kinds of exports, section 5.5. */
const section = { type: 1, function: 3, memory: 5, export: 7, code: 10 } as const
const exportKind = { function: 0, memory: 2 } as const

const sized = (bytes: readonly number[]): number[] => [...unsignedLeb(bytes.length), ...bytes]
const vectorOf = (items: readonly (readonly number[])[]): number[] => [...unsignedLeb(items.length), ...items.flat()]
const named = (name: string): number[] => sized([...new TextEncoder().encode(name)])

/**
 * A whole module, section 5.5.16, that exports `memory` and the one function `run`.
 *
 * @param memoryPages size of the memory, fixed, in pages of 64 KiB
 */
export function assembleModule(run: KernelFunction, memoryPages: number): Uint8Array<ArrayBuffer> {
  const parameters = Array.from({ length: run.i32ParameterCount }, () => [valueType.i32])
  const locals = [
    [...unsignedLeb(run.v128LocalCount), valueType.v128],
    [...unsignedLeb(run.i32LocalCount), valueType.i32],
  ]
  const pages = unsignedLeb(memoryPages)
  const sections: readonly (readonly [number, number[]])[] = [
    [section.type, vectorOf([[0x60, ...vectorOf(parameters), ...vectorOf([])]])],
    [section.function, vectorOf([[0]])],
    [section.memory, vectorOf([[1, ...pages, ...pages]])],
    [
      section.export,
      vectorOf([
        [...named('memory'), exportKind.memory, 0],
        [...named('run'), exportKind.function, 0],
      ]),
    ],
    [section.code, vectorOf([sized([...vectorOf(locals), ...run.code, plainOp.end])])],
  ]
  const preamble = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
  return Uint8Array.from([...preamble, ...sections.flatMap(([id, content]) => [id, ...sized(content)])])
}
