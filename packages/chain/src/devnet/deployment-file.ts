/**
 * The deployment on disk or behind a URL.
 *
 * Written by way of a second file and a rename, so that a reader never sees half of one.
 *
 * @module
 */

import { open, readFile, rename } from 'node:fs/promises'
import { type Deployment, deploymentBytesMax, formatDeployment, parseDeployment } from '../deployment.ts'
import { DeploymentMalformed } from '../errors.ts'

/**
 * Reads a deployment.
 *
 * @param source a path, or an http(s) URL
 * @throws DeploymentMalformed, also when there is nothing to read
 */
export async function readDeploymentFile(source: string, { signal }: { signal: AbortSignal }): Promise<Deployment> {
  return parseDeployment(await textOf(source, { signal }), { source })
}

/** As readDeploymentFile, but undefined where no file is. */
export async function readDeploymentFileIfAny(
  path: string,
  { signal }: { signal: AbortSignal },
): Promise<Deployment | undefined> {
  try {
    return await readDeploymentFile(path, { signal })
  } catch (error) {
    if (error instanceof DeploymentMalformed && (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT')
      return undefined
    throw error
  }
}

/** Writes the file, flushed to disk. */
export async function writeDeploymentFile(path: string, deployment: Deployment): Promise<void> {
  const next = `${path}.next`
  const file = await open(next, 'w')
  try {
    await file.writeFile(formatDeployment(deployment))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(next, path)
}

async function textOf(source: string, { signal }: { signal: AbortSignal }): Promise<string> {
  try {
    if (!/^https?:/.test(source)) return await readFile(source, { encoding: 'utf8', signal })
    const response = await fetch(source, { signal })
    if (!response.ok) throw new DeploymentMalformed({ source, reason: `the server answers ${response.status}` })
    return await boundedText(response, source)
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof DeploymentMalformed) throw cause
    throw new DeploymentMalformed({ source, reason: 'it cannot be read' }, { cause })
  }
}

async function boundedText(response: Response, source: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > deploymentBytesMax)
      throw new DeploymentMalformed({ source, reason: `it is longer than ${deploymentBytesMax} bytes` })
  }
  return text + decoder.decode()
}
