/**
 * Goal: every network that is there has the one shape.
 *
 * @module
 */

import path from 'node:path'
import * as storage from '@groundwork/storage'
import { networkConformance } from './network.ts'

networkConformance({ network: 'storage', door: storage, root: path.join(import.meta.dirname, '..', '..') })
