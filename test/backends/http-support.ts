import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type HttpOperation, type HttpOptions, http } from '../../src/backends/http.ts'
import type { Handlers } from '../../src/handlers.ts'
import { named, PASSWORD, withPassword } from './contract.ts'
import { Service } from './http-service.ts'

/** A service for the length of a test. */
export async function startService(t: TestContext): Promise<Service> {
  const service = await new Service().start()
  t.after(() => service.stop())
  return service
}

/** A dialect. */
export type Kind = 'form' | 'json' | 'basic'

/** A service, and handlers of one kind that ask it. */
export async function setUp(t: TestContext, options: Partial<HttpOptions> = {}, kind: Kind = 'form') {
  const service = await startService(t)
  const origin = `http://127.0.0.1:${service.port}`
  const kinds = {
    form: { url: `${origin}/form/` },
    json: { api: 'json', url: each(`${origin}/json/`) },
    basic: { api: 'basic', url: `${origin}/private?key=s3cret` },
  } as const
  const handlers = http({ ...kinds[kind], patience: 0, ...options } as HttpOptions)
  t.after(() => handlers.close?.())
  return { service, origin, handlers: handlers as Required<Handlers> }
}

/** What the service can do. */
export const OPERATIONS: readonly HttpOperation[] = [
  'auth',
  'isuser',
  'setpass',
  'tryregister',
  'removeuser',
  'removeuser3',
]

function each(base: string): Record<HttpOperation, string> {
  return Object.fromEntries(OPERATIONS.map((operation) => [operation, base + operation])) as Record<
    HttpOperation,
    string
  >
}

/** Asks, and gives `true`, `false` or the code of the error. */
export async function ask(handlers: Handlers, operation: HttpOperation, user = 'alice', password = PASSWORD) {
  try {
    return await (operation === 'isuser' || operation === 'removeuser'
      ? handlers[operation]?.(named(operation, user))
      : handlers[operation]?.(withPassword(operation, user, password)))
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
}

/** The error of a question that fails. */
export async function failureOf(
  handlers: Handlers,
  operation: HttpOperation = 'auth',
): Promise<Error & { code: string }> {
  const user = operation === 'isuser' || operation === 'removeuser'
  const error: unknown = await Promise.resolve(
    user
      ? handlers[operation as 'isuser']?.(named(operation, 'alice'))
      : handlers[operation as 'auth']?.(withPassword(operation as 'auth', 'alice', PASSWORD)),
  ).then(
    (answer) => assert.fail(`it answered ${answer}`),
    (reason) => reason,
  )
  assert.ok(error instanceof Error)
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 's3cret', '?', 'form', 'json', 'private']) {
    assert.ok(!error.message.includes(secret), error.message)
  }
  return error as Error & { code: string }
}

/** A service that gets the bytes of each request and answers with bytes. */
export async function startRaw(
  t: TestContext,
  answer: (socket: Socket, count: number) => void,
  { patience }: { patience: number } = { patience: 0 },
) {
  const sockets = new Set<Socket>()
  let asked = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    // Each request of these tests arrives as one chunk.
    socket.on('data', () => answer(socket, ++asked))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const handlers = http({ url, patience })
  t.after(() => handlers.close?.())
  return { handlers, sockets, asked: () => asked }
}

/** The bytes of an answer. */
export const TRUE = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue'

/** All dialects. */
export const KINDS: readonly Kind[] = ['form', 'json', 'basic']
