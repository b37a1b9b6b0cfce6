/**
 * The token that lets a person control their own daemon: made once, kept in a file that only its owner can read.
 *
 * @module
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writePrivateFile } from '../keys/keystore.ts'

const fileName = 'api-token'

export const apiTokenPath = (dataDir: string): string => path.join(dataDir, fileName)

/** Reads the token of a data directory, or makes it on first use. */
export async function openApiToken(dataDir: string): Promise<string> {
  try {
    return (await readFile(apiTokenPath(dataDir), 'utf8')).trimEnd()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const token = randomBytes(32).toString('base64url')
  await writePrivateFile(apiTokenPath(dataDir), `${token}\n`)
  return token
}

/** @param header the request's `authorization` header @returns whether it carries the token, compared in constant time */
export function carriesToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header?.startsWith('Bearer ') ? header.slice('Bearer '.length) : '')
  const wanted = Buffer.from(token)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
