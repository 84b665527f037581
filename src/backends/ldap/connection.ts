/**
 * One connection to one server, which can be let go of at any moment.
 *
 * @module
 */
import { once } from 'node:events'
import { connect as connectPlainly, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectSecurely, TLSSocket } from 'node:tls'
import type { Client } from 'ldapts'
import { UnavailableError } from '../../errors.ts'
import { reasonOf } from '../../reason.ts'
import { failureOf, isAnswer, UntrustedError } from './failure.ts'
import type { Settings } from './settings.ts'

/** On whose behalf something is done. */
export interface Cause {
  readonly signal: AbortSignal
  readonly password?: string
}

/** How often the network is asked whether an idle connection is still one, in milliseconds. */
const KEEP_ALIVE = 30_000

/**
 * A client of ldapts on sockets of our own.
 *
 * The client alone would connect again by itself, without TLS and as nobody, when a connection is lost; it would not
 * notice that one under StartTLS is lost, and it could not be told to stop. Whoever holds the sockets can.
 */
export class Connection {
  readonly client: Client
  readonly server: string
  readonly #settings: Settings
  readonly #url: URL
  readonly #sockets: Socket[] = []
  /** What came before TLS, where there will be TLS. */
  readonly #plain: Buffer[] = []
  #isTaken = false
  #isLost = false
  #isCut = false
  #interrupt: (error: unknown) => void = () => {}

  constructor(client: typeof Client, server: string, settings: Settings) {
    this.server = server
    this.#url = new URL(server)
    this.#settings = settings
    this.client = new client({
      url: 'ldap://it.is.connected.already',
      createConnection: (() => this.#takeOnce()) as typeof connectPlainly,
      createSecureConnection: (() => this.#secureOnce()) as typeof connectSecurely,
    })
  }

  /** Has it ended, as far as one can tell without asking? */
  get isLost(): boolean {
    return this.#isLost
  }

  /** Did it end from the other side? That is what becomes of an idle one, and says nothing about the server. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** Connects, with TLS or StartTLS (RFC 4511, section 4.14) if that is wanted. The first thing to do, within `run`. */
  async open(): Promise<void> {
    if (this.#url.protocol === 'ldaps:') {
      await once(this.#hold(connectSecurely({ ...this.#address(), ...this.#trust() })), 'secureConnect')
    } else {
      const socket = this.#hold(connectPlainly(this.#address()))
      await once(socket, 'connect')
      if (!this.#settings.startTls) return
      socket.on('data', (chunk) => this.#plain.push(chunk))
      await this.client.startTLS()
    }
  }

  /**
   * Does some work on this connection. If that takes longer than `milliseconds`, fails, or nobody waits for it any more,
   * the connection is destroyed, and the promise is rejected at once.
   */
  async run<Result>(
    cause: Cause,
    milliseconds: number,
    work: (client: Client) => Promise<Result>,
  ): Promise<Result> {
    const { signal, password } = cause
    const interruption = new Promise<never>((_resolve, reject) => {
      this.#interrupt = reject
    })
    const forget = this.#watch(signal, milliseconds)
    try {
      signal.throwIfAborted()
      if (this.#isLost) throw this.#closed()
      return await Promise.race([interruption, work(this.client)])
    } catch (error) {
      this.#isCut = this.#sockets.some(({ destroyed }) => destroyed)
      this.destroy()
      signal.throwIfAborted()
      throw this.#failureOf(error, password)
    } finally {
      forget()
    }
  }

  /** Ends it without a word: whatever is pending is given up. */
  destroy(): void {
    this.#isLost = true
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Ends it as the protocol wants it. */
  unbind(): void {
    this.client.unbind().catch(() => this.destroy())
  }

  #watch(signal: AbortSignal, milliseconds: number): () => void {
    const abort = () => this.#interrupt(signal.reason)
    const timer = setTimeout(() => this.#interrupt(this.#late(milliseconds)), milliseconds)
    signal.addEventListener('abort', abort, { once: true })
    return () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  #failureOf(error: unknown, password: string | undefined): Error {
    if (isAnswer(error)) return failureOf(error, this.server, [this.#settings.bindPassword, password])
    // The client tells of a lost connection in other words.
    const reason = this.#sockets.map(({ errored }) => errored).find(Boolean) ?? error
    if (this.#isUntrusted(reason))
      return new UntrustedError(`${this.server}: TLS failed: ${reasonOf(reason)}`)
    return failureOf(reason, this.server, [this.#settings.bindPassword, password])
  }

  /** Was the certificate refused, or is it not TLS that is spoken there? Neither goes away by itself. */
  #isUntrusted(error: unknown): boolean {
    return (
      this.#sockets.some((socket) => socket instanceof TLSSocket && Boolean(socket.authorizationError)) ||
      (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_SSL'))
    )
  }

  #takeOnce(): Socket {
    const [socket, ...others] = this.#sockets
    if (socket === undefined || others.length > 0 || this.#isTaken) throw this.#closed()
    this.#isTaken = true
    return socket
  }

  #secureOnce(): TLSSocket {
    const [socket, ...others] = this.#sockets
    if (socket === undefined || others.length > 0) throw this.#closed()
    // The client would join the beginning of a message from before TLS to what comes within: "you are logged in".
    if (!isOneMessage(Buffer.concat(this.#plain)))
      throw new UntrustedError(`${this.server}: before TLS came more than the answer to StartTLS`)
    return this.#hold(connectSecurely({ ...this.#address(), ...this.#trust(), socket }))
  }

  #address(): { host: string; port: number } {
    const { protocol, port } = this.#url
    return { host: this.#host(), port: Number(port || (protocol === 'ldaps:' ? 636 : 389)) }
  }

  #trust(): ConnectionOptions {
    const { ca, servername = this.#host() } = this.#settings
    return {
      ...(ca === undefined ? {} : { ca }),
      // The name of the server is not sent if it is an address (RFC 6066, section 3).
      ...(isIP(servername) === 0 ? { servername } : {}),
      // So that no variable of the environment switches it off.
      rejectUnauthorized: true,
    }
  }

  #host(): string {
    return this.#url.hostname.replace(/^\[|\]$/g, '')
  }

  #hold<Kind extends Socket>(socket: Kind): Kind {
    socket.setKeepAlive(true, KEEP_ALIVE)
    // Whoever waits hears of it below; without anybody an error would end the program.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isLost = true
      this.#interrupt(socket.errored ?? this.#closed())
    })
    this.#sockets.push(socket)
    return socket
  }

  #closed(): UnavailableError {
    return new UnavailableError(`${this.server}: the connection is closed`)
  }

  #late(milliseconds: number): UnavailableError {
    return new UnavailableError(`${this.server}: no answer within ${milliseconds} ms`)
  }
}

/** Is this one message, and nothing behind it? It begins with a tag and its length (X.690, section 8.1.3). */
function isOneMessage(bytes: Buffer): boolean {
  const first = bytes[1] ?? 0
  if (first < 0x80) return bytes.length === 2 + first
  const size = first & 0x7f
  return size >= 1 && size <= 4 && bytes.length === 2 + size + bytes.readUIntBE(2, size)
}
