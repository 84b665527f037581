import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Gate } from '../helpers/gate.ts'

/** A question as it arrived. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

/** An answer: what is no text is sent as JSON. */
export interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** A server behind a gate. */
export interface JsonServer {
  readonly gate: Gate
  readonly url: string
  /** All questions that came through. */
  readonly asked: Asked[]
  /** Resolves when the next question has been answered. */
  answered(): Promise<unknown>
}

/** Starts a server of HTTP on loopback for the length of a test. */
export async function startJsonServer(t: TestContext, answer: (asked: Asked) => Reply): Promise<JsonServer> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const question = { method, path, headers, body: Buffer.concat(await request.toArray()).toString() }
    asked.push(question)
    const { status = 200, headers: sent, body = '' } = answer(question)
    response.writeHead(status, sent).end(typeof body === 'string' ? body : JSON.stringify(body), () => {
      server.emit('answered')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gate = new Gate((server.address() as AddressInfo).port)
  await gate.open()
  t.after(async () => {
    await gate.shut()
    server.closeAllConnections()
    server.close()
  })
  return { gate, url: `http://127.0.0.1:${gate.port}`, asked, answered: () => once(server, 'answered') }
}
