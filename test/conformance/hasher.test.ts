/**
 * Goal: the native hasher, our WebAssembly one, and the one that a machine picks are the same function.
 *
 * @module
 */

import { fastestHasher } from '../../packages/storage/src/adapters/fastest-hasher.ts'
import { hashtreeHasher } from '../../packages/storage/src/adapters/hashtree-hasher.ts'
import { wasmHasher } from '../../packages/storage/src/hasher/wasm-hasher.ts'
import { hasherConformance, plainHasher } from './hasher.ts'

hasherConformance('plain', () => plainHasher)
hasherConformance('hashtree', hashtreeHasher)
hasherConformance('wasm-simd', wasmHasher)
hasherConformance('the fastest of this machine', fastestHasher)
