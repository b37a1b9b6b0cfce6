/**
 * The HTTP server of a daemon: /v1 as JSON with an OpenAPI description, errors by their code, control by a token.
 *
 * It knows no routes itself; each face registers its own.
 *
 * @module
 */

import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
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
import { answerBroken } from './answer-broken.ts'
import { carriesToken, openApiToken } from './api-token.ts'
import { keepToDeadline } from './body-deadline.ts'
import { errorBody } from './error-body.ts'
import { isLoopback, isOurName } from './host-check.ts'
import { BodyTooLarge, HostUnknown, NotAllowed, NotFound, RequestWrong, UrlTooLong } from './http-errors.ts'

/** Largest JSON body, in bytes, inclusive; uploads stream and have bounds of their own. */
const bodyBytesMax = 1024 * 1024
/** A client that sends its head, or a body that is no upload, slower than this is closed. */
const requestTimeoutMs = 30_000
/** An upload may take long, but not stand still for longer than this. */
const stillMsMax = 120_000
/** Characters of one name in an address, inclusive: a CID has room. */
const paramLengthMax = 200
/** Connections at once, inclusive. */
const connectionsMax = 4_096

/** Methods that change nothing. */
const readMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

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
  const answerError = async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const ours = toOurs(error)
    const { httpStatus, logLevel } = outcomeOf(ours)
    log[logLevel]({ err: ours, method: request.method, url: request.url.slice(0, 200) }, 'request failed')
    // Said outright: a stream that failed before its first byte has left its own type behind.
    await reply.status(httpStatus).type('application/json; charset=utf-8').send(errorBody(ours))
  }
  const app = fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: 0,
    connectionTimeout: 0,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: paramLengthMax },
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply as FastifyReply),
    clientErrorHandler: answerBroken,
  })
  app.server.headersTimeout = requestTimeoutMs
  app.server.maxConnections = connectionsMax
  const names = endpoint === undefined ? [] : [new URL(endpoint).hostname.toLowerCase()]
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setReplySerializer((payload) => toJson(payload))

  app.decorate('carriesToken', (header: string | undefined) => carriesToken(header, token))
  // Whatever changes something needs the token; reading is public (loopback by default), but for what is a customer's own.
  app.addHook('onRequest', async (request) => {
    const { socket } = request.raw
    if (isLoopback(socket.localAddress ?? '') && !isOurName(request.headers.host, names))
      throw new HostUnknown({ host: String(request.headers.host).slice(0, 200) })
    const isRead = readMethods.has(request.method)
    const { isUpload = false } = request.routeOptions.config
    if (!isRead) keepToDeadline(request.raw, { stillMs: stillMsMax, ...(isUpload ? {} : { wholeMs: bodyMsMax }) })
    const { isPrivate = false, isOpen = false } = request.routeOptions.config
    if ((isRead && !isPrivate) || request.is404 || isOpen) return
    if (!carriesToken(request.headers.authorization, token)) throw new NotAllowed()
  })
  app.setNotFoundHandler((request) => {
    const { method, url } = request
    throw new NotFound({ what: `${method === 'GET' ? '' : `${method} `}${url.slice(0, 200)}` })
  })
  app.setErrorHandler(answerError)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', description: tokenMeaning } } },
    },
    transform: (given) => {
      const { schema, url } = jsonSchemaTransform(given)
      return { url, schema: needsToken(given.route) ? { ...schema, security: [{ token: [] }] } : schema }
    },
  })
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  return app.withTypeProvider<ZodTypeProvider>()
}

const tokenMeaning = 'What is in the file api-token of the data directory of this program.'

/** Whether a route needs the token: whatever changes something and is not open to anyone, and what is private. */
function needsToken({
  method,
  config,
}: {
  method: string | string[]
  config?: { isOpen?: boolean; isPrivate?: boolean }
}): boolean {
  const isRead = [method].flat().every((one) => readMethods.has(one))
  return (!isRead || config?.isPrivate === true) && config?.isOpen !== true
}

/** Fastify's own refusals (bad JSON, body too large, failed schema) are the caller's. */
function toOurs(error: unknown): unknown {
  if (error instanceof GroundworkError) return error
  const { statusCode, message } = error as { statusCode?: number; message?: string }
  if (statusCode === 413) return new BodyTooLarge({ cause: error })
  if (statusCode === 414) return new UrlTooLong({ cause: error })
  return statusCode !== undefined && statusCode < 500
    ? new RequestWrong({ why: message ?? 'it is malformed' }, { cause: error })
    : error
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether a request's `authorization` header has this program's token. */
    carriesToken(header: string | undefined): boolean
  }
  interface FastifyContextConfig {
    /** The route authenticates in its own way, or changes nothing. */
    isOpen?: boolean
    /** Reading needs the token too. */
    isPrivate?: boolean
    /** Its body streams, and may take as long as it goes on coming. */
    isUpload?: boolean
  }
}
