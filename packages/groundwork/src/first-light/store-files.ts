/**
 * Storing files through the gateway, and reading them back compared byte by byte.
 *
 * @module
 */

import { Readable } from 'node:stream'
import { WrongByteServed } from './first-light-errors.ts'
import { readHeader, type GatewayClient, type ReadReport, type StoredObject } from '../gateway/gateway-client.ts'
import { GatewayFailed } from '../gateway/gateway-errors.ts'
import type { Seeded } from './seeded.ts'
import { compareWithFiles, filesBelow, tarOf, type LocalFile } from '../gateway/tar-files.ts'

export interface StoreFilesOptions {
  readonly gateway: GatewayClient
  readonly input: string
  /** whether the seed may leave a file out; never of a customer's own folder */
  readonly isSample: boolean
  readonly copies: number
  readonly choose: Seeded
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}

/** Seeds leave out one file of the sample, of at least this many, so that runs differ and stay real. */
const leaveOutOneIn = 4

/** Buys the credits that the term costs, then stores the files that the seed chose. */
export async function storeFiles({
  gateway,
  input,
  isSample,
  copies,
  choose,
  tell,
  signal,
}: StoreFilesOptions): Promise<StoredObject & { files: readonly LocalFile[] }> {
  const onLeftOut = (name: string): void => tell(`${name} is neither a file nor a folder, and is left out`)
  const all = await filesBelow(input, { onLeftOut })
  const left = isSample && all.length >= leaveOutOneIn ? choose.pick(all) : undefined
  const files = all.filter((file) => file !== left || choose.below(2) === 0)
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  tell(`${files.length} files, ${sizeBytes} bytes`)
  const stored = await gateway.post<StoredObject>(
    `/v1/storage/objects?copies=${copies}&sizeBytes=${sizeBytes}&wait=posted`,
    {
      body: Readable.toWeb(tarOf(files)) as BodyInit,
      contentType: 'application/x-tar',
      signal,
    },
  )
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
  const reportOf = async (readId: string): Promise<ReadReport> =>
    gateway.get<ReadReport>(`/v1/storage/reads/${readId}`, { signal })
  let readId: string | undefined
  try {
    const response = await gateway.open(`/v1/storage/objects/${stored.cid}/content?format=tar`, { signal })
    readId = response.headers.get(readHeader) ?? ''
    const comparedBytes = await compareWithFiles(Readable.fromWeb(response.body as never), stored.files)
    tell(`${comparedBytes} bytes compared`)
  } catch (error) {
    // A read that nobody could serve names its report too: a liar is worth more than the word that it failed.
    const failedRead = readId ?? (error instanceof GatewayFailed ? error.facts['read'] : undefined)
    throwWrong(typeof failedRead === 'string' ? await reportOf(failedRead).catch(() => undefined) : undefined)
    throw error
  }
  const report = await reportOf(readId)
  throwWrong(report)
  return report
}

function throwWrong(report: ReadReport | undefined): void {
  const [wrong] = report?.wrongBytes ?? []
  if (wrong !== undefined) throw new WrongByteServed(wrong)
}
