/**
 * Options that the wireless commands share.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { GatewayClient } from '../../gateway/gateway-client.ts'
import { UsageWrong } from '../usage-errors.ts'

export const gatewayOption: z.ZodOptional<z.ZodURL> = z.url().optional().describe('address of the gateway')

export const euiOption: z.ZodString = z.string().regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits in lower case')

export const idOption: z.ZodString = z.string().regex(/^[\w-]{1,64}$/, '1 to 64 of A-Z, a-z, 0-9, _ and -')

/** A file's text. @throws UsageWrong @param file - for standard input */
export function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? process.stdin.fd : file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageWrong({ why: `${file} cannot be read: ${why}`, tip: 'the path of a file, or - for standard input' })
  }
}

/** A key of 16 bytes from a file, never from the command line, which others on the machine can read. @throws UsageWrong */
export function keyIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const key = textOf(file).trim().toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(key))
    throw new UsageWrong({ why: `${file} holds no key`, tip: 'a file with 32 hexadecimal digits' })
  return key
}

export async function postJson<Answer>(
  client: GatewayClient,
  path: string,
  { body, signal }: { readonly body: object; readonly signal: AbortSignal },
): Promise<Answer> {
  return client.post<Answer>(path, { body: JSON.stringify(body), contentType: 'application/json', signal })
}
