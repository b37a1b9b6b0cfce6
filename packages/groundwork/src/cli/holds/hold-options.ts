/**
 * Options that the commands about holds share, and a statement from a JSON file.
 *
 * @module
 */

import {
  encodeStatement,
  exhibitsMax,
  noteTextMax,
  statementBytesMax,
  statementTextMax,
  type StatementRole,
} from '@groundwork/core/evidence/statement.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { z } from 'zod'
import { parseCid } from '../../watch/evidence-peer.ts'
import { UsageWrong } from '../usage-errors.ts'
import { textOf } from '../wireless/wireless-options.ts'

export const holdIdOption: z.ZodString = z.string().regex(/^0x[0-9a-f]{64}$/, 'the id of a hold (0x and 64 hex digits)')

export const verdictOption: z.ZodEnum<{ uphold: 'uphold'; dismiss: 'dismiss' }> = z
  .enum(['uphold', 'dismiss'])
  .describe('uphold or dismiss')

export const opinionOption: z.ZodOptional<z.ZodString> = z
  .string()
  .min(1)
  .optional()
  .describe('JSON file of the reasons (docs/protocol/holds.md#statement); none when left out')

const cid = z.string().transform((text, context) => {
  const parsed = parseCid(text)
  if (parsed === undefined) context.addIssue({ code: 'custom', message: 'the CID of a block of evidence' })
  return parsed ?? z.NEVER
})

/** What a statement file says; role, network and account follow from the command. */
const statementFile = z.strictObject({
  epochs: z.strictObject({ from: z.coerce.bigint().nonnegative(), to: z.coerce.bigint().nonnegative() }),
  text: z.string().max(statementTextMax),
  exhibits: z
    .array(
      z.strictObject({
        cid,
        entry: z.number().int().nonnegative().nullable().default(null),
        note: z.string().max(noteTextMax).default(''),
      }),
    )
    .max(exhibitsMax)
    .default([]),
})

const fileTip =
  'a JSON file such as { "epochs": { "from": 3, "to": 9 }, "text": "…", "exhibits": [{ "cid": "bafy…" }] }'

/** @param file - for standard input @returns the block's bytes @throws UsageWrong when it is no statement, or too long for one */
export function statementIn(
  file: string,
  about: { readonly role: StatementRole; readonly network: number; readonly account: Address },
): Hex {
  const parsed = statementFile.safeParse(jsonIn(file))
  if (!parsed.success) {
    throw new UsageWrong({ why: `${file}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`, tip: fileTip })
  }
  const block = encodeStatement({ ...about, account: about.account.toLowerCase() as Address, ...parsed.data })
  if (block === undefined) {
    const why = `${file} makes no statement of at most ${statementBytesMax} bytes whose epochs are in order`
    throw new UsageWrong({ why, tip: fileTip })
  }
  return toHex(block.bytes)
}

/** The same of those who decide; nothing when they give no reasons. */
export function opinionIn(
  file: string | undefined,
  { network, account }: { readonly network: number; readonly account: Address },
): Hex {
  return file === undefined ? '0x' : statementIn(file, { role: 'opinion', network, account })
}

function jsonIn(file: string): unknown {
  const text = textOf(file)
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageWrong({ why: `${file} holds no JSON`, tip: fileTip })
  }
}
