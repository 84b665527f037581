import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A port on loopback that leads to another one, and can be shut like a broken network. */
export class Gate {
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #stalled = false
  /** The port to connect to. */
  port = 0
  /** How many connections came through, or tried to. */
  connections = 0
  /** What is done with what the other side answers, instead of passing it on. */
  tamper: ((answer: Buffer, client: Socket) => void) | undefined

  constructor(target: number) {
    this.#target = target
  }

  /** Lets everything through, from now on; the port stays the same. */
  async open(): Promise<void> {
    if (this.#stalled) this.#cut()
    this.#stalled = false
    if (this.#server !== undefined) return
    this.#server = createServer((socket) => this.#accept(socket)).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses connections, and resets those that are there. */
  async shut(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#cut()
    if (server !== undefined) await once(server.close(), 'close')
  }

  /** Resets the connections that are there, and accepts new ones. */
  reset(): void {
    this.#cut()
  }

  /** Keeps all connections open, accepts new ones, and lets not a byte through in either direction. */
  stall(): void {
    this.#stalled = true
    for (const socket of this.#sockets) socket.pause()
  }

  #accept(inner: Socket): void {
    this.connections++
    const outer = connect(this.#target, '127.0.0.1')
    this.#join(inner, outer, (question) => outer.write(question))
    this.#join(outer, inner, (answer) => (this.tamper ? this.tamper(answer, inner) : inner.write(answer)))
  }

  #join(from: Socket, to: Socket, pass: (data: Buffer) => void): void {
    this.#sockets.add(from)
    from.on('error', () => {})
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    from.on('data', pass)
    from.on('end', () => to.end())
    if (this.#stalled) from.pause()
  }

  #cut(): void {
    for (const socket of this.#sockets) {
      // A reset in the middle of an orderly end is refused by libuv, and Node.js 20 would never exit.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
    this.#sockets.clear()
  }
}
