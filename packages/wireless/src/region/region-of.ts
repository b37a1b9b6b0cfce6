/**
 * The tables of all bands, by name and revision.
 *
 * @module
 */

import { as923Group1, as923Group2, as923Group3, as923Group4 } from './as923.ts'
import { au915 } from './au915.ts'
import { cn470, cn470With20A, cn470With20B, cn470With26A, cn470With26B } from './cn470.ts'
import { eu433 } from './eu433.ts'
import { eu868 } from './eu868.ts'
import { in865 } from './in865.ts'
import { kr920 } from './kr920.ts'
import type { ParameterRevision, Region, RegionName, RegionRevisions } from './region.ts'
import { us915 } from './us915.ts'

const regions: Readonly<Record<RegionName, RegionRevisions>> = {
  EU868: eu868,
  US915: us915,
  AU915: au915,
  'AS923-1': as923Group1,
  'AS923-2': as923Group2,
  'AS923-3': as923Group3,
  'AS923-4': as923Group4,
  IN865: in865,
  KR920: kr920,
  CN470: cn470,
  'CN470-20A': cn470With20A,
  'CN470-20B': cn470With20B,
  'CN470-26A': cn470With26A,
  'CN470-26B': cn470With26B,
  EU433: eu433,
}

export function regionOf(name: RegionName, revision: ParameterRevision = 'RP002-1.0.4'): Region {
  return regions[name][revision]
}
