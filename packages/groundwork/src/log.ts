/**
 * The log of a daemon: JSON lines on stderr, with secrets cut out by name should one ever get near it.
 *
 * @module
 */

import { pino, type Logger } from 'pino'

const secretNames = ['privateKey', 'secret', 'password', 'token', 'seed', 'authorization', 'mnemonic']

export function makeLog({ name, level }: { name: string; level: string }): Logger {
  return pino(
    {
      name,
      level,
      redact: { paths: secretNames.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[secret]' },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
