/**
 * Goal: every network that is there has the one shape.
 *
 * @module
 */

import path from 'node:path'
import * as storage from '@groundwork/storage'
import * as wireless from '@groundwork/wireless'
import { networkConformance } from './network.ts'

const root = path.join(import.meta.dirname, '..', '..')

networkConformance({ network: 'storage', door: storage, root })
networkConformance({ network: 'wireless', door: wireless, root })
