/**
 * The embedded MQTT broker: events of devices go out and commands come in, over TCP and WebSocket, as ChirpStack v4 has them.
 *
 * A client shows its application's id as the user name and its token as the password (MQTT 3.1.1). It hears its application's
 * topics alone, at QoS 0 or 1, and may publish commands to its application's devices, nothing else. The library (aedes) speaks
 * the protocol with clients; events do not pass through it but are written once and handed to all sockets
 * (applications/mqtt-audience.ts). Nothing is kept for a client that is away, and no message is retained: webhooks and the
 * event stream are for whoever must miss nothing.
 *
 * @module
 */

import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { Aedes, type Client } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { isTokenOf } from '../applications/application-token.ts'
import type { DeviceEvent, EventSink } from '../applications/device-event.ts'
import { commandBytesMax, readDownlinkCommand, type DownlinkSink } from '../applications/downlink-command.ts'
import { filtersMax, mqttAudience, type ClientFilter } from '../applications/mqtt-audience.ts'
import { mqttLink, type LinkCounts, type MqttLink } from '../applications/mqtt-link.ts'
import { eventTopic, isFilterAllowed, parseCommandTopic, parseTopicFilter } from '../applications/topic.ts'
import { mqttLengthGate } from '../wire/mqtt-length-gate.ts'
import { mqttNoStore } from './mqtt-no-store.ts'

/** Connections at once, over TCP and WebSocket together, before and after they are known. */
export const mqttClientsMax = 1024

/** Longest packet of a client: a command, or a list of filters. */
const packetBytesMax = commandBytesMax + 1024

/** A connection must be known within. */
const connectMsMax = 10_000

export interface MqttBrokerOptions {
  /** '127.0.0.1' unless others are to reach it */
  readonly host?: string
  /** 0: any free one */
  readonly tcpPort: number
  /** absent: no WebSocket */
  readonly webSocketPort?: number
  /** hashes of the tokens of an application, see application-token.ts; none for an unknown one */
  readonly tokenHashesOf: (applicationId: string) => readonly Hex[]
  readonly commands: DownlinkSink
  readonly elapsedMs: () => number
  readonly clientsMax?: number
}

export interface MqttCounts extends LinkCounts {
  clients: number
  /** events that nobody listened to */
  unheard: number
  commands: number
  /** by reason */
  readonly refused: Record<
    | 'too-many-clients'
    | 'not-authenticated'
    | 'packet-too-long'
    | 'topic-not-allowed'
    | 'qos-2'
    | 'filter-not-allowed'
    | 'command-malformed',
    number
  >
}

export interface MqttBroker extends EventSink, AsyncDisposable {
  readonly tcpPort: number
  readonly webSocketPort: number | undefined
  readonly counts: Readonly<MqttCounts>
}

interface Member {
  readonly applicationId: string
  readonly link: MqttLink
  readonly filters: Map<string, ClientFilter>
}

export async function openMqttBroker(options: MqttBrokerOptions): Promise<MqttBroker> {
  const { host = '127.0.0.1', clientsMax = mqttClientsMax, commands, elapsedMs } = options
  const refused = {
    'too-many-clients': 0,
    'not-authenticated': 0,
    'packet-too-long': 0,
    'topic-not-allowed': 0,
    'qos-2': 0,
    'filter-not-allowed': 0,
    'command-malformed': 0,
  }
  const counts: MqttCounts = { clients: 0, sent: 0, lost: 0, cutOff: 0, unheard: 0, commands: 0, refused }
  const audience = mqttAudience((run) => setImmediate(run))
  const members = new Map<Client, Member>()
  const connections = new Set<Duplex>()

  const refuse = (reason: keyof MqttCounts['refused']): Error => {
    refused[reason] += 1
    return new Error(reason)
  }

  const aedes = await Aedes.createBroker({
    connectTimeout: connectMsMax,
    queueLimit: 16,
    maxTopicLevels: 16,
    persistence: mqttNoStore((client, packetId) => {
      const link = members.get(client)?.link
      link?.acknowledge(packetId)
      if (link !== undefined) audience.wake(link)
    }),

    authenticate(client, username, password, done) {
      const token = password?.toString('utf8') ?? ''
      const applicationId = username ?? ''
      if (!isTokenOf(token, options.tokenHashesOf(applicationId)))
        return done(Object.assign(refuse('not-authenticated'), { returnCode: 4 }), false)
      const link = mqttLink({ socket: client.conn, counts, elapsedMs })
      client.conn.on('drain', () => link.drained())
      client.conn.once('close', () => {
        audience.listen(applicationId, link, new Map())
        members.delete(client)
      })
      members.set(client, { applicationId, link, filters: new Map() })
      done(null, true)
    },

    authorizeSubscribe(client, subscription, done) {
      const member = members.get(client)
      const levels = parseTopicFilter(subscription.topic)
      const isGranted =
        member !== undefined &&
        levels !== undefined &&
        isFilterAllowed(levels, member.applicationId) &&
        (member.filters.has(subscription.topic) || member.filters.size < filtersMax)
      if (!isGranted) {
        refused['filter-not-allowed'] += 1
        return done(null, null)
      }
      subscription.qos = subscription.qos === 0 ? 0 : 1
      member.filters.set(subscription.topic, { levels, qos: subscription.qos })
      done(null, subscription)
    },

    authorizePublish(client, packet, done) {
      const member = client === null ? undefined : members.get(client)
      const target = parseCommandTopic(packet.topic)
      if (member === undefined || target?.applicationId !== member.applicationId)
        return done(refuse('topic-not-allowed'))
      if (packet.qos === 2) return done(refuse('qos-2'))
      packet.retain = false
      const body = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
      const read = readDownlinkCommand(packet.topic, body)
      if ('command' in read) {
        counts.commands += 1
        commands.request(read.command)
      } else {
        refused['command-malformed'] += 1
        commands.refused({ ...target, refusal: read.refused })
      }
      audience.publish({ applicationId: member.applicationId, topic: packet.topic, payload: body.toString('utf8') })
      done(null)
    },

    // Events and commands reach clients through the audience alone.
    authorizeForward: () => null,
  })

  const relisten = (client: Client): void => {
    const member = members.get(client)
    if (member !== undefined) audience.listen(member.applicationId, member.link, member.filters)
  }
  aedes.on('subscribe', (_subscriptions, client) => relisten(client))
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) members.get(client)?.filters.delete(filter)
    relisten(client)
  })
  // The library has closed the connection by then, and what was wrong is counted.
  aedes.on('clientError', () => {})
  aedes.on('connectionError', () => {})

  const serve = (connection: Duplex): void => {
    if (connections.size >= clientsMax) {
      refused['too-many-clients'] += 1
      connection.destroy()
      return
    }
    connections.add(connection)
    counts.clients += 1
    connection.once('close', () => {
      connections.delete(connection)
      counts.clients -= 1
    })
    limitPackets(connection, () => (refused['packet-too-long'] += 1))
    aedes.handle(connection)
  }

  const tcp = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, serve)
  const webSocket = options.webSocketPort === undefined ? undefined : webSocketServer(serve)
  const tcpPort = await listen(tcp, host, options.tcpPort)
  const webSocketPort = webSocket && (await listen(webSocket, host, options.webSocketPort ?? 0))

  return {
    tcpPort,
    webSocketPort,
    counts,

    take(event: DeviceEvent) {
      const heard = audience.publish({
        applicationId: event.applicationId,
        topic: eventTopic(event),
        payload: event.json,
      })
      if (heard === 0) counts.unheard += 1
    },

    async [Symbol.asyncDispose]() {
      const servers = webSocket === undefined ? [tcp] : [tcp, webSocket]
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      await new Promise<void>((resolve) => aedes.close(resolve))
      for (const connection of connections) connection.destroy()
      await Promise.all(closed)
    },
  }
}

/** The library reads with `read()`: every chunk is looked at there before its parser has it. */
function limitPackets(connection: Duplex, refused: () => void): void {
  const isWithin = mqttLengthGate(packetBytesMax)
  const read = connection.read.bind(connection)
  connection.read = (sizeBytes?: number): unknown => {
    const chunk: unknown = read(sizeBytes)
    if (!(chunk instanceof Uint8Array) || isWithin(chunk)) return chunk
    refused()
    connection.destroy()
    return null
  }
}

function webSocketServer(serve: (connection: Duplex) => void): Server {
  const server = createHttpServer((_request, response) => response.writeHead(426).end())
  const sockets = new WebSocketServer({
    server,
    maxPayload: packetBytesMax,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has('mqtt') ? 'mqtt' : protocols.has('mqttv3.1') ? 'mqttv3.1' : false),
  })
  sockets.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    serve(createWebSocketStream(socket))
  })
  server.on('close', () => sockets.close())
  return server
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
