import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { PASSWORD, SERVER } from './contract.ts'

/** A request as it arrived. */
export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What a service does with a request instead of what it is for. */
export type Script = (response: ServerResponse, asked: Asked) => void

/** A web service with accounts, which speaks what every dialect of `http` expects. */
export class Service {
  readonly accounts = new Map([[`alice@${SERVER}`, PASSWORD]])
  /** Whatever was asked, in its order. */
  readonly asked: Asked[] = []
  /** How many connections it accepted. */
  connections = 0
  script: Script | undefined
  /** Lets everybody see what is private. */
  isOpen = false
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.keepAliveTimeout = 60_000
    this.#server.on('connection', () => this.connections++)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** Resolves when the next connection of a client has come to its end. */
  async disconnected(): Promise<void> {
    const [socket] = (await once(this.#server, 'connection')) as [Socket]
    await new Promise<void>((resolve) => socket.on('close', () => resolve()))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const body = Buffer.concat(await request.toArray()).toString()
    const asked = { method, url, headers, body }
    this.asked.push(asked)
    if (url.startsWith('/private') && headers.authorization === undefined && !this.isOpen)
      return void response.writeHead(401, { 'WWW-Authenticate': 'Basic' }).end()
    if (this.script !== undefined) return this.script(response, asked)
    const { pathname, searchParams } = new URL(url, 'http://service')
    if (pathname.startsWith('/form/')) {
      const parameters = method === 'GET' ? searchParams : new URLSearchParams(body)
      this.#form(response, pathname.slice('/form/'.length), parameters)
    } else if (pathname.startsWith('/json/')) {
      this.#json(response, pathname.slice('/json/'.length), JSON.parse(body))
    } else {
      const allowed = this.#isCredentials(headers.authorization ?? '')
      response.writeHead(allowed ? 200 : 401, allowed ? {} : { 'WWW-Authenticate': 'Basic' }).end('<p>')
    }
  }

  #form(response: ServerResponse, path: string, parameters: URLSearchParams): void {
    const [user, server, pass = ''] = ['user', 'server', 'pass'].map((name) => parameters.get(name) ?? '')
    const name = `${user}@${server}`
    const answer = (status: number, body = '') => response.writeHead(status).end(body)
    switch (path) {
      case 'check_password':
        return void answer(200, String(this.accounts.get(name) === pass))
      case 'user_exists':
        return void answer(200, String(this.accounts.has(name)))
      case 'set_password':
        return void answer(this.#change(name, pass) ? 204 : 404)
      case 'register':
        return void answer(this.#register(name, pass) ? 201 : 409)
      case 'remove_user':
        return void answer(this.accounts.delete(name) ? 204 : 404)
      default:
        answer(500)
    }
  }

  #json(response: ServerResponse, path: string, body: Record<string, string>): void {
    const { operation, user, server, password = '' } = body
    const name = `${user}@${server}`
    const answer = (status: number, value?: unknown) =>
      response.writeHead(status).end(value === undefined ? '' : JSON.stringify(value))
    if (operation !== path) return void answer(500)
    switch (operation) {
      case 'auth':
        return void answer(200, this.accounts.get(name) === password)
      case 'isuser':
        return void answer(200, { allowed: this.accounts.has(name) })
      case 'setpass':
        return void (this.#change(name, password) ? answer(204) : answer(404, { error: 'nobody' }))
      case 'tryregister':
        return void answer(this.#register(name, password) ? 201 : 409)
      case 'removeuser':
        return void answer(this.accounts.delete(name) ? 204 : 404)
      case 'removeuser3':
        return void answer(200, this.accounts.get(name) === password && this.accounts.delete(name))
      default:
        answer(500)
    }
  }

  #change(name: string, password: string): boolean {
    return this.accounts.has(name) && this.accounts.set(name, password) !== undefined
  }

  #register(name: string, password: string): boolean {
    return !this.accounts.has(name) && this.accounts.set(name, password) !== undefined
  }

  #isCredentials(authorization: string): boolean {
    const [user, ...password] = Buffer.from(authorization.replace('Basic ', ''), 'base64')
      .toString()
      .split(':')
    return this.accounts.get(`${user}@${SERVER}`) === password.join(':')
  }
}
