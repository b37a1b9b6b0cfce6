/**
 * Ports for a network on one machine: free now, and the same again at the next start.
 *
 * Endpoints stand on the chain, so a port that changes costs every provider a registration.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { z } from 'zod'
import { writePrivateFile } from '../keys/keystore.ts'

const portsSchema = z.record(z.string(), z.int().min(1).max(65_535))

/** A free port of an address of this machine, chosen by the system. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  return listenOn(host, 0)
}

async function listenOn(host: string, port: number): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const { port: chosen } = server.address() as AddressInfo
      server.close(() => resolve(chosen))
    })
  })
}

async function isFree(host: string, port: number): Promise<boolean> {
  return listenOn(host, port).then(
    () => true,
    () => false,
  )
}

/** The port of each name: as it was at the last start where it is still free, else a new one; kept in the data directory. */
export async function portsFor(
  { dataDir, host }: { readonly dataDir: string; readonly host: string },
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const file = path.join(dataDir, 'ports.json')
  const known = await portsIn(file)
  const ports = new Map<string, number>()
  for (const name of names) {
    const before = known[name]
    let port = before !== undefined && (await isFree(host, before)) ? before : await freePort(host)
    while ([...ports.values()].includes(port)) port = await freePort(host)
    ports.set(name, port)
  }
  await writePrivateFile(file, `${JSON.stringify(Object.fromEntries(ports), null, 2)}\n`)
  return ports
}

/** Ports of a network by name, from its file; none when there is no such file. */
export async function portsIn(file: string): Promise<Readonly<Record<string, number>>> {
  try {
    return portsSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return {}
  }
}
