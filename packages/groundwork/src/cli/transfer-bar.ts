/**
 * A bar for bytes on their way, on stderr, for people only.
 *
 * @module
 */

import { SingleBar } from 'cli-progress'

export interface TransferBar {
  add(sizeBytes: number): void
  stop(): void
}

export function transferBar({
  label,
  totalBytes,
  isShown,
}: {
  label: string
  totalBytes: number
  isShown: boolean
}): TransferBar {
  if (!isShown || !process.stderr.isTTY || totalBytes === 0) return { add: () => undefined, stop: () => undefined }
  const bar = new SingleBar({
    format: `{bar} {percentage}% ${label}, {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  })
  bar.start(totalBytes, 0)
  return { add: (sizeBytes) => bar.increment(sizeBytes), stop: () => bar.stop() }
}
