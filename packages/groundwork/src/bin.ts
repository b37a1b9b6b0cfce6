#!/usr/bin/env node
/** The entry: turns the compile cache on (310 files start three times faster) and hands over to main.ts. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./main.ts')
