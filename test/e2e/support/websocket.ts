import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { request } from 'node:https'
import type { Duplex } from 'node:stream'

/**
 * As much of a WebSocket client as XMPP needs: text messages, in one piece each. Node 20 has none by itself, and
 * the one of `@xmpp/client` is the global one.
 */
export class TextWebSocket extends EventTarget {
  #socket: Duplex | undefined
  #input = Buffer.alloc(0)

  constructor(url: string, protocols: string[] = ['xmpp']) {
    super()
    void this.#connect(url.replace(/^wss:/, 'https:'), protocols.join(', '))
  }

  /** Sends one text message, masked as clients must. */
  send(text: string): void {
    this.#write(0x1, Buffer.from(text))
  }

  /** Says goodbye; the `close` event follows when the server has closed the connection. */
  close(): void {
    this.#write(0x8, Buffer.from([0x03, 0xe8]))
  }

  async #connect(url: string, protocols: string): Promise<void> {
    const key = randomBytes(16).toString('base64')
    const headers = {
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Protocol': protocols,
      'Sec-WebSocket-Version': '13',
    }
    try {
      const handshake = request(url, {
        headers: { ...headers, Connection: 'Upgrade', Upgrade: 'websocket' },
      }).end()
      this.#open(await upgraded(handshake, key))
    } catch (error) {
      this.#emit('error', { error })
      this.#emit('close', { wasClean: false })
    }
  }

  #open(socket: Duplex): void {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#emit('error', { error }))
    socket.on('close', () => this.#emit('close', { wasClean: true }))
    this.#emit('open', {})
  }

  #read(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk])
    for (let message = nextMessage(this.#input); message !== undefined; message = nextMessage(this.#input)) {
      this.#input = this.#input.subarray(message.end)
      if (message.opcode === 0x1) this.#emit('message', { data: message.payload.toString() })
      if (message.opcode === 0x8) this.#socket?.end()
      if (message.opcode === 0x9) this.#write(0xa, message.payload)
    }
  }

  #write(opcode: number, payload: Buffer): void {
    const mask = randomBytes(4)
    const masked = payload.map((byte, index) => byte ^ (mask[index % 4] as number))
    this.#socket?.write(Buffer.concat([header(opcode, payload.length), mask, masked]))
  }

  #emit(type: string, properties: object): void {
    this.dispatchEvent(Object.assign(new Event(type), properties))
  }
}

/** Makes `@xmpp/client` speak WebSocket on every Node alike. */
export function installWebSocket(): void {
  Object.assign(globalThis, { WebSocket: TextWebSocket })
}

async function upgraded(handshake: ClientRequest, key: string): Promise<Duplex> {
  const refused = once(handshake, 'response').then(([response]) => {
    throw new Error(`no WebSocket: status ${response.statusCode}`)
  })
  const [response, socket] = await Promise.race([once(handshake, 'upgrade'), refused])
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  if (response.headers['sec-websocket-accept'] !== expected) throw new Error('not a WebSocket server')
  return socket
}

function header(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, 0x80 | length])
  if (length < 0x10000) return Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff])
  const long = Buffer.from([0x80 | opcode, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0])
  long.writeUInt32BE(length, 6)
  return long
}

function nextMessage(input: Buffer): { opcode: number; payload: Buffer; end: number } | undefined {
  if (input.length < 2) return undefined
  const short = (input[1] as number) & 0x7f
  const start = short === 126 ? 4 : short === 127 ? 10 : 2
  if (input.length < start) return undefined
  const length = short === 126 ? input.readUInt16BE(2) : short === 127 ? input.readUInt32BE(6) : short
  if (input.length < start + length) return undefined
  return {
    opcode: (input[0] as number) & 0x0f,
    payload: input.subarray(start, start + length),
    end: start + length,
  }
}
