/**
 * Waiting that ends at once when its signal is aborted. Runs in a browser as in Node.
 *
 * @module
 */

/** @throws the signal's own reason */
export async function sleep(ms: number, { signal }: { signal: AbortSignal }): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
