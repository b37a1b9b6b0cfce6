/**
 * Storing files through the gateway, and reading them back compared byte by byte.
 *
 * @module
 */

import { Readable } from 'node:stream'
import { WrongByteServed } from './first-light-errors.ts'
import type { GatewayClient, ReadReport, StoredObject } from '../gateway/gateway-client.ts'
import type { Seeded } from './seeded.ts'
import { compareWithFiles, filesBelow, tarOf, type LocalFile } from '../gateway/tar-files.ts'

export interface StoreFilesOptions {
  readonly gateway: GatewayClient
  readonly input: string
  readonly copies: number
  readonly choose: Seeded
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}

/** Seeds leave out at most one file in this many, so that runs differ and stay real. */
const leaveOutOneIn = 4

/** Buys the credits that the term costs, then stores the files that the seed chose. */
export async function storeFiles({
  gateway,
  input,
  copies,
  choose,
  tell,
  signal,
}: StoreFilesOptions): Promise<StoredObject & { files: readonly LocalFile[] }> {
  const all = await filesBelow(input)
  const left = all.length < leaveOutOneIn ? undefined : choose.pick(all)
  const files = all.filter((file) => file !== left || choose.below(2) === 0)
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  tell(`${files.length} files, ${sizeBytes} bytes`)
  const stored = await gateway.post<StoredObject>(`/v1/storage/objects?copies=${copies}&sizeBytes=${sizeBytes}&wait=posted`, {
    body: Readable.toWeb(tarOf(files)) as BodyInit,
    contentType: 'application/x-tar',
    signal,
  })
  return { ...stored, files }
}

/** @throws BytesDiffer, and WrongByteServed when any provider served a wrong byte, even though the read was rescued */
export async function readBack({
  gateway,
  stored,
  tell,
  signal,
}: {
  readonly gateway: GatewayClient
  readonly stored: StoredObject & { readonly files: readonly LocalFile[] }
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}): Promise<ReadReport> {
  const response = await gateway.open(`/v1/storage/objects/${stored.cid}/content?format=tar`, { signal })
  const readId = response.headers.get('x-groundwork-read') ?? ''
  const compare = async (): Promise<ReadReport> => {
    const comparedBytes = await compareWithFiles(Readable.fromWeb(response.body as never), stored.files)
    tell(`${comparedBytes} bytes compared`)
    return gateway.get<ReadReport>(`/v1/storage/reads/${readId}`, { signal })
  }
  const report = await compare().catch(async (error: unknown) => {
    const wrong = await gateway.get<ReadReport>(`/v1/storage/reads/${readId}`, { signal }).catch(() => undefined)
    throwWrong(wrong)
    throw error
  })
  throwWrong(report)
  return report
}

function throwWrong(report: ReadReport | undefined): void {
  const [wrong] = report?.wrongBytes ?? []
  if (wrong !== undefined) throw new WrongByteServed(wrong)
}
