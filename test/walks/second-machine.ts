/**
 * A second machine on this one: a network namespace with an address of its own, joined to ours by one cable.
 *
 * It takes the right to administer the network. Where that is not given it says why, and nothing is made.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

/** The cable's two ends and how to run something over there. */
export interface SecondMachine extends Disposable {
  /** address of this machine on the cable */
  readonly here: string
  /** address of the other machine on the cable */
  readonly there: string
  /** words that start what follows them on the other machine */
  readonly within: readonly string[]
}

/** Why there is no second machine: what `ip` said. */
export interface NoSecondMachine {
  readonly why: string
}

const ip = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((file) => existsSync(file))

/** Makes a namespace and a cable, or says why it cannot. Disposing takes both away. */
export function secondMachine(): SecondMachine | NoSecondMachine {
  if (ip === undefined) return { why: 'there is no ip program here' }
  const run = (...words: readonly string[]): void =>
    void execFileSync(ip, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  const name = `groundwork-${process.pid}`
  const [near, far] = [`gwn${process.pid}`, `gwf${process.pid}`]
  const net = freeNet()
  const [here, there] = [`${net}.1`, `${net}.2`]
  try {
    run('netns', 'add', name)
  } catch (error) {
    return { why: saidBy(error) }
  }
  const remove = (): void => run('netns', 'del', name)
  try {
    run('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name)
    run('addr', 'add', `${here}/30`, 'dev', near)
    run('link', 'set', near, 'up')
    run('-n', name, 'addr', 'add', `${there}/30`, 'dev', far)
    run('-n', name, 'link', 'set', far, 'up')
    run('-n', name, 'link', 'set', 'lo', 'up')
  } catch (error) {
    remove()
    return { why: saidBy(error) }
  }
  // The cable goes with the namespace that one end of it is in.
  return { here, there, within: [ip, 'netns', 'exec', name], [Symbol.dispose]: remove }
}

/** Three bytes inside 10/8 that no interface of this machine uses. */
function freeNet(): string {
  const used = new Set(
    Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => address.split('.').slice(0, 3).join('.')),
    ),
  )
  for (let third = process.pid % 256; ; third = (third + 1) % 256)
    if (!used.has(`10.213.${third}`)) return `10.213.${third}`
}

function saidBy(error: unknown): string {
  const { stderr, message } = error as { stderr?: Buffer; message?: string }
  return stderr?.toString('utf8').trim() || (message ?? String(error))
}
