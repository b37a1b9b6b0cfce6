/**
 * Where the entry of this program lies, for starting itself again as another process: bin.ts among the sources, bin.js in a bundle.
 *
 * @module
 */

import path from 'node:path'

export const programPath: string = path.join(import.meta.dirname, `bin${path.extname(import.meta.filename)}`)
