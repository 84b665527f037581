import { connect, type Socket } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { HOST } from '../../e2e/support/configuration.ts'
import type { Ejabberd } from '../../e2e/support/ejabberd.ts'
import { plain } from '../../e2e/support/login.ts'
import { within } from '../../e2e/support/wait.ts'

/**
 * An XMPP client that is cut off thousands of times, at any moment, and always knows what it was told before.
 * (`@xmpp/client` throws out of nowhere when a connection ends while it says goodbye.)
 */
export class Stream {
  #socket: Socket | TLSSocket
  #heard = ''
  #waiting: (() => void) | undefined
  #hasEnded = false

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  /** Connects and encrypts. Every method rejects when the connection is lost, or nobody answers. */
  static async open(ejabberd: Ejabberd): Promise<Stream> {
    const stream = new Stream(connect(ejabberd.installation.places.ports.c2s, '127.0.0.1'))
    try {
      await stream.#begin()
      await stream.ask(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, /<proceed[^>]*>/)
      stream.#socket.removeAllListeners()
      stream.#socket = tls.connect({ socket: stream.#socket, servername: HOST })
      stream.#listen()
      await stream.#begin()
      return stream
    } catch (error) {
      stream.cut()
      throw error
    }
  }

  /** Logs in; gives the condition of the failure if there is one. */
  async signIn(user: string, password: string): Promise<string | undefined> {
    const answer = await this.ask(plain(user, password), /<success[^>]*>|<failure.*<\/failure>/s)
    return answer.startsWith('<success') ? undefined : conditionIn(answer)
  }

  /** What makes a login complete: a new stream with a resource. */
  async bind(): Promise<void> {
    await this.#begin()
    await this.request(`<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`)
  }

  /** Sends an XEP-0077 request; gives the condition of the error if there is one. */
  registration(fields: Record<string, string> | 'remove'): Promise<string | undefined> {
    const children =
      fields === 'remove'
        ? '<remove/>'
        : Object.entries(fields)
            .map(([name, value]) => `<${name}>${value}</${name}>`)
            .join('')
    return this.request(`<query xmlns='jabber:iq:register'>${children}</query>`)
  }

  /** Sends an IQ stanza; gives the condition of the error if there is one. */
  async request(content: string): Promise<string | undefined> {
    const answer = await this.ask(
      `<iq xmlns='jabber:client' type='set' id='request'>${content}</iq>`,
      /<iq [^>]*\/>|<iq .*<\/iq>/s,
    )
    const [head = ''] = /<iq [^>]*>/.exec(answer) ?? []
    return /type=['"]error['"]/.test(head) ? conditionIn(answer.slice(answer.indexOf('<error'))) : undefined
  }

  /** Sends something and gives the part of what comes back that matches. */
  async ask(text: string, pattern: RegExp): Promise<string> {
    this.#socket.write(text)
    return await within(`an answer that matches ${pattern}`, this.#hear(pattern), { milliseconds: PATIENCE })
  }

  /** Ends the stream politely, without waiting for the server to do the same. */
  leave(): void {
    this.#socket.end('</stream:stream>')
  }

  /** Hangs up. */
  cut(): void {
    this.#socket.destroy()
  }

  async #begin(): Promise<void> {
    await this.ask(HEADER, /<stream:features.*<\/stream:features>|<stream:features\/>/s)
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heard += chunk
      this.#waiting?.()
    })
    this.#socket.on('error', () => {}) // "close" follows
    this.#socket.on('close', () => {
      this.#hasEnded = true
      this.#waiting?.()
    })
  }

  #hear(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.#heard)
        if (match !== null) {
          this.#heard = this.#heard.slice(match.index + match[0].length)
          resolve(match[0])
        } else if (this.#hasEnded) {
          reject(new Error(`the server hung up: ${this.#heard}`))
        }
      }
      this.#waiting = look
      look()
    })
  }
}

/** Somewhat longer than ejabberd gives the program, so that who waits is told. */
const PATIENCE = 40_000

const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${HOST}' version='1.0'>`

/** The name of the first element inside that is one of a condition. */
function conditionIn(answer: string): string {
  const [, condition = answer] = /^<(?:failure|error)[^>]*><([a-z-]+)/.exec(answer) ?? []
  return condition
}
