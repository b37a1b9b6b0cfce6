/**
 * The HTTP server of a daemon: /v1 as JSON with an OpenAPI description, errors by their code, control by a token.
 *
 * It knows no routes itself; each face registers its own.
 *
 * @module
 */

import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import type { Logger } from 'pino'
import { toJson } from '../cli/show.ts'
import { apiTokenPath, carriesToken, openApiToken } from './api-token.ts'
import { keepToDeadline } from './body-deadline.ts'
import { isLoopback, isOurName } from './host-check.ts'
import { HostUnknown, NotAllowed, NotFound, RequestWrong } from './http-errors.ts'

/** Largest JSON body, in bytes, inclusive; uploads stream and have bounds of their own. */
const bodyBytesMax = 1024 * 1024
/** A client that sends its head, or a body that is no upload, slower than this is closed. */
const requestTimeoutMs = 30_000
/** An upload may take long, but not stand still for longer than this. */
const stillMsMax = 120_000
/** Connections at once, inclusive. */
const connectionsMax = 4_096

export type Api = FastifyInstance

export interface MakeServerOptions {
  readonly dataDir: string
  readonly log: Logger
  readonly title: string
  readonly version: string
  /** at which others reach this program, when it has a name */
  readonly endpoint?: string | undefined
  /** for tests: `requestTimeoutMs` when left out */
  readonly bodyMsMax?: number | undefined
}

export async function makeServer({
  dataDir,
  log,
  title,
  version,
  endpoint,
  bodyMsMax = requestTimeoutMs,
}: MakeServerOptions): Promise<Api> {
  const token = await openApiToken(dataDir)
  const app = fastify({ bodyLimit: bodyBytesMax, requestTimeout: 0, connectionTimeout: 0, forceCloseConnections: true })
  app.server.headersTimeout = requestTimeoutMs
  app.server.maxConnections = connectionsMax
  const names = endpoint === undefined ? [] : [new URL(endpoint).hostname.toLowerCase()]
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setReplySerializer((payload) => toJson(payload))

  // Whatever changes something needs the token; reading is public (loopback by default).
  app.addHook('onRequest', async (request) => {
    const { socket } = request.raw
    if (isLoopback(socket.localAddress ?? '') && !isOurName(request.headers.host, names))
      throw new HostUnknown({ host: String(request.headers.host).slice(0, 200) })
    const isRead = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS'
    const { isUpload = false } = request.routeOptions.config
    if (!isRead) keepToDeadline(request.raw, { stillMs: stillMsMax, ...(isUpload ? {} : { wholeMs: bodyMsMax }) })
    if (isRead || request.routeOptions.config.isOpen === true) return
    if (!carriesToken(request.headers.authorization, token)) throw new NotAllowed({ tokenPath: apiTokenPath(dataDir) })
  })
  app.setNotFoundHandler((request) => {
    throw new NotFound({ what: request.url.slice(0, 200) })
  })
  app.setErrorHandler(async (error, request, reply) => {
    const ours = toOurs(error)
    const { httpStatus, logLevel } = outcomeOf(ours)
    log[logLevel]({ err: ours, method: request.method, url: request.url.slice(0, 200) }, 'request failed')
    const known = ours instanceof GroundworkError
    // Said outright: a stream that failed before its first byte has left its own type behind.
    await reply
      .status(httpStatus)
      .type('application/json; charset=utf-8')
      .send({
        code: known ? ours.code : 'GW_UNEXPECTED',
        blame: known ? ours.blame : 'us',
        message: known ? ours.message : 'Something went wrong here; the log says what.',
        facts: known ? ours.facts : {},
      })
  })
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title, version } },
    transform: jsonSchemaTransform,
  })
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  return app.withTypeProvider<ZodTypeProvider>()
}

/** Fastify's own refusals (bad JSON, body too large, failed schema) are the caller's. */
function toOurs(error: unknown): unknown {
  if (error instanceof GroundworkError) return error
  const { statusCode, message } = error as { statusCode?: number; message?: string }
  return statusCode !== undefined && statusCode < 500
    ? new RequestWrong({ why: message ?? 'it is malformed' }, { cause: error })
    : error
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route authenticates in its own way, or changes nothing. */
    isOpen?: boolean
    /** Its body streams, and may take as long as it goes on coming. */
    isUpload?: boolean
  }
}
