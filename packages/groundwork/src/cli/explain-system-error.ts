/**
 * Errors of the system (no such file, no access, no space) as errors of ours: what is wrong, where, and whose it is to change.
 *
 * For the border to a person. A daemon that answers strangers does not say its paths.
 *
 * @module
 */

import type { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { FileUnusable, MachineShort, PortTaken } from './system-errors.ts'

const ofFiles: Readonly<Record<string, string>> = {
  ENOENT: 'there is nothing of that name',
  EACCES: 'this account has no access to it',
  EPERM: 'this account may not do that to it',
  ENOTDIR: 'a part of the path is a file, where a folder is needed',
  EISDIR: 'it is a folder, where a file is needed',
  EEXIST: 'there is something of that name already',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is longer than the file system takes',
}

const ofMachines: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full',
  EDQUOT: 'The disk quota of this account is used up',
  EROFS: 'The file system is read-only',
  EMFILE: 'This program has as many files open as the system lets it (ulimit -n)',
  ENFILE: 'The system has as many files open as it can',
  ENOMEM: 'The machine is out of memory',
  EIO: 'The disk reports a fault',
}

const ofAddresses: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does already',
  EADDRNOTAVAIL: 'it is no address of this machine',
  EACCES: 'this account may not',
}

/**
 * @param fallbackFile what was being read or written, for errors of an open file, which do not name it
 * @returns our error with the system's as its cause, or undefined when it is none that a person can do something about
 */
export function explainSystemError(error: unknown, fallbackFile?: string): GroundworkError | undefined {
  if (!(error instanceof Error)) return undefined
  const {
    code = '',
    syscall,
    path,
    dest,
    address,
    port,
  } = error as NodeJS.ErrnoException & {
    readonly dest?: string
    readonly address?: string
    readonly port?: number
  }
  const options = { cause: error }
  const heard = ofAddresses[code]
  if (syscall === 'listen' && heard !== undefined)
    return new PortTaken({ at: port === undefined ? String(address) : `${address}:${port}`, why: heard }, options)
  const file = dest ?? path ?? fallbackFile
  const short = ofMachines[code]
  if (short !== undefined) return new MachineShort({ what: short, file }, options)
  const why = ofFiles[code]
  return why === undefined || file === undefined ? undefined : new FileUnusable({ file, why }, options)
}
