/**
 * The log of a daemon: JSON lines on stderr, with secrets cut out by name should one ever get near it.
 *
 * @module
 */

import { pino, type Logger } from 'pino'

const secretNames = ['privateKey', 'secret', 'password', 'token', 'seed', 'authorization', 'mnemonic']

export function makeLog({ name, level }: { name: string; level: string }): Logger {
  const destination = pino.destination({ dest: 2, sync: true })
  // A disk that is full, or a reader that went away, costs the lines: no program ends for its log.
  destination.on('error', () => undefined)
  return pino(
    {
      name,
      level,
      redact: { paths: secretNames.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[secret]' },
    },
    destination,
  )
}
