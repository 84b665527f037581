/**
 * Servers that quote what they are told, as the worst of them do, and one that is not there.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer as createWebServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** Their ports. */
export interface Echoes {
  /** Nobody is there. */
  readonly closed: number
  /** Says back each byte. */
  readonly bytes: number
  /** A web server; the path says how it quotes: see {@link ANSWERS}. */
  readonly web: number
  /** A PostgreSQL that takes no password. */
  readonly refusingPostgres: number
  /** A PostgreSQL that takes any password, and no statement. */
  readonly postgres: number
  /** A directory; the number in the name of an entry is what it answers to a bind. */
  readonly ldap: number
}

/** Starts them all. */
export async function startEchoes(): Promise<{ ports: Echoes; heard: () => string; stop: () => void }> {
  const chunks: Buffer[] = []
  const hear = (listener: (socket: Socket) => void) =>
    createServer((socket) => {
      socket.on('error', () => {}).on('data', (data) => chunks.push(data))
      listener(socket)
    })
  const servers = {
    closed: createServer(),
    bytes: hear((socket) => socket.pipe(socket)),
    web: createWebServer((request, response) => void answer(request, response)),
    refusingPostgres: hear((socket) => serveSql(socket, true)),
    postgres: hear((socket) => serveSql(socket, false)),
    ldap: hear((socket) => socket.on('data', (data) => socket.write(bindResponse(data)))),
  }
  const entries = await Promise.all(
    Object.entries(servers).map(async ([name, server]) => [name, await listen(server)] as const),
  )
  servers.closed.close()
  return {
    ports: Object.fromEntries(entries) as unknown as Echoes,
    heard: () => Buffer.concat(chunks).toString(),
    stop: () => {
      for (const server of Object.values(servers)) server.close()
      servers.web.closeAllConnections()
    },
  }
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

/** What a web server answers, given all that it was told. */
export const ANSWERS: Readonly<Record<string, (response: ServerResponse, told: string) => void>> = {
  error: (response, told) => response.writeHead(500).end(told),
  nonsense: (response, told) => response.writeHead(418).end(told),
  text: (response, told) => response.writeHead(200, { 'content-type': 'text/plain' }).end(told),
  page: (response, told) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!DOCTYPE html><p>${told}</p>`),
  json: (response, told) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ allowed: told, active: told, keys: told, sub: told })),
  brokenJson: (response, told) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{"allowed": ${told}}`),
  redirect: (response, told) =>
    response.writeHead(302, { location: `http://127.0.0.1/?${new URLSearchParams({ told })}` }).end(),
  header: (response, told) =>
    response
      .writeHead(401, { 'www-authenticate': `Basic realm=${JSON.stringify(encodeURIComponent(told))}` })
      .end(),
  half: (response, told) =>
    response.writeHead(200, { 'content-length': '100000' }).write(told, () => response.destroy()),
  reason: ({ socket }, told) =>
    socket?.end(`HTTP/1.1 500 ${encodeURIComponent(told)}\r\nconnection: close\r\n\r\n`),
  garbage: ({ socket }, told) => socket?.end(told),
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString()
  const { authorization = '' } = request.headers
  const basic = Buffer.from(authorization.replace(/^\w+ /, ''), 'base64').toString()
  ANSWERS[request.url?.split(/[/?]/)[1] ?? '']?.(response, `${request.url} ${authorization} ${basic} ${body}`)
}

/** As much of the protocol of PostgreSQL as it takes to refuse a login, or a statement with all that is in it. */
function serveSql(socket: Socket, wantsPassword: boolean): void {
  let started = false
  socket.on('data', (data) => {
    if (!started) {
      started = true
      socket.write(wantsPassword ? message('R', int32(3)) : Buffer.concat([message('R', int32(0)), READY]))
    } else if (wantsPassword) {
      socket.end(sqlError('28P01', 'password authentication failed for user "x"'))
    } else if (data.toString('latin1').endsWith('\0\0\0\x04')) {
      // The end of a statement and its values: Sync.
      const told = data.toString().replaceAll('\0', ' ')
      socket.write(Buffer.concat([sqlError('42703', `syntax error at or near "${told}"`), READY]))
    }
  })
}

function sqlError(code: string, text: string): Buffer {
  return message('E', Buffer.from(`SERROR\0VERROR\0C${code}\0M${text}\0D${text}\0H${text}\0\0`))
}

function message(type: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(content.length + 4), content])
}

const READY = message('Z', Buffer.from('I'))

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Answers a request of RFC 4511 with the response of a bind, and quotes it. */
function bindResponse(request: Buffer): Buffer {
  // SEQUENCE, its length, INTEGER: the number of the message.
  const at = (request[1] ?? 0) < 0x80 ? 2 : 2 + ((request[1] ?? 0) & 0x7f)
  const id = request.subarray(at, at + 2 + (request[at + 1] ?? 0))
  const code = Number(/=(\d+)/.exec(request.toString('latin1'))?.[1] ?? 80)
  const quoted = Buffer.from(`I was told: ${request.toString()}`)
  const response = Buffer.concat([
    Buffer.of(0x0a, 1, code),
    element(0x04, Buffer.alloc(0)),
    element(0x04, quoted),
  ])
  return element(0x30, Buffer.concat([id, element(0x61, response)]))
}

function element(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag, 0x82, content.length >> 8, content.length & 0xff), content])
}
