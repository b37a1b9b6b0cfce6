/**
 * SHA-256 by the machine's own crypto: synchronous, for one block at a time.
 *
 * @module
 */

import { hash } from 'node:crypto'
import type { Sha256 } from '../wire/car.ts'

/** @returns 32 bytes */
export const nodeSha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer')
