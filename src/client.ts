/**
 * The other end of the wire: asks an external-authentication program as ejabberd does.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { NoReplyError, ProgramEndedError, UnexpectedReplyError } from './errors.ts'
import { encodeFrame, FrameDecoder } from './frame.ts'
import { decodeReply } from './reply.ts'

/** What ejabberd gives a request before it kills the worker, in milliseconds (`?CALL_TIMEOUT` of extauth.erl). */
const EJABBERD_TIMEOUT = 30_000

/** How a {@link Client} asks. */
export interface ClientOptions {
  /** How long a reply may take, in milliseconds. @default 30000, as ejabberd */
  readonly timeout?: number
}

/** How a program is started. */
export interface StartOptions extends ClientOptions {
  /** The working directory. @default that of this process */
  readonly cwd?: string
  /** The environment. @default that of this process */
  readonly env?: NodeJS.ProcessEnv
  /** Where its standard error goes; with `'pipe'`, to `client.program.stderr`. @default 'inherit' */
  readonly stderr?: 'inherit' | 'ignore' | 'pipe'
}

interface Waiting {
  readonly resolve: (reply: Buffer) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/**
 * Asks a program that speaks the protocol, ours or any other.
 *
 * Replies are matched to requests by their order, so several may be asked at once. ejabberd itself waits for each.
 * Once a reply is missing or one too many the order is lost: everything asked from then on is rejected.
 *
 * @example Test a program of your own
 * ```ts
 * import { Client } from 'ejabberd-extauth'
 *
 * const client = Client.start(['node', 'my-program.js'])
 * console.log(await client.auth('alice', 'example.org', 'pa:ss'))
 * await client.close()
 * ```
 */
export class Client {
  /** The program, if {@link Client.start} started it. */
  readonly program: ChildProcess | undefined
  readonly #requests: Writable
  readonly #timeout: number
  readonly #waiting: Waiting[] = []
  readonly #decoder: FrameDecoder = new FrameDecoder()
  #lost: Error | undefined

  /**
   * Asks over two streams.
   *
   * @param requests Where frames go: the program's standard input.
   * @param replies Where replies come from: the program's standard output.
   */
  constructor(requests: Writable, replies: Readable, options: ClientOptions = {}, program?: ChildProcess) {
    this.program = program
    this.#requests = requests
    this.#timeout = options.timeout ?? EJABBERD_TIMEOUT
    const gone = () => this.#lose(new ProgramEndedError('The program closed its output before it answered'))
    replies
      .on('data', (chunk: Buffer) => this.#receive(chunk))
      .on('end', gone)
      .on('error', gone)
      .on('close', gone)
    requests.on('error', gone)
    program?.on('error', (cause) =>
      this.#lose(new ProgramEndedError(`Cannot start: ${cause.message}`, { cause })),
    )
  }

  /**
   * Starts a program and asks it.
   *
   * @param command A program and its arguments, or a line as it stands in `extauth_program`: ejabberd hands that
   * to `/bin/sh -c "exec LINE"` (Erlang's `open_port({spawn, LINE})`).
   */
  static start(command: string | readonly [string, ...string[]], options: StartOptions = {}): Client {
    const { cwd, env, stderr = 'inherit' } = options
    const [file, ...args] = typeof command === 'string' ? ['/bin/sh', '-c', `exec ${command}`] : command
    const program = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', stderr] })
    const { stdin, stdout } = program
    if (stdin === null || stdout === null) throw new ProgramEndedError(`Cannot start ${file}`)
    return new Client(stdin, stdout, options, program)
  }

  /** Is this the user's password? */
  auth(user: string, server: string, password: string): Promise<boolean> {
    return this.ask(`auth:${user}:${server}:${password}`)
  }

  /** Is there such a user? */
  isuser(user: string, server: string): Promise<boolean> {
    return this.ask(`isuser:${user}:${server}`)
  }

  /** Store a new password. */
  setpass(user: string, server: string, password: string): Promise<boolean> {
    return this.ask(`setpass:${user}:${server}:${password}`)
  }

  /** Create an account. */
  tryregister(user: string, server: string, password: string): Promise<boolean> {
    return this.ask(`tryregister:${user}:${server}:${password}`)
  }

  /** Remove an account. */
  removeuser(user: string, server: string): Promise<boolean> {
    return this.ask(`removeuser:${user}:${server}`)
  }

  /** Remove an account if the password is right. */
  removeuser3(user: string, server: string, password: string): Promise<boolean> {
    return this.ask(`removeuser3:${user}:${server}:${password}`)
  }

  /** Is this the user's certificate? */
  certauth(user: string, server: string, certificate: Uint8Array): Promise<boolean> {
    return this.ask(Buffer.concat([Buffer.from(`certauth:${user}:${server}:`), certificate]))
  }

  /**
   * Sends a frame with any body.
   *
   * @returns Yes or no.
   * @throws {UnexpectedReplyError} If the program says neither: it could not find out.
   * @throws {NoReplyError} If no reply comes in time; the program is killed, as ejabberd closes its port.
   * @throws {ProgramEndedError} If the program ends, or closes its output, without a reply.
   * @throws {FrameTooLargeError} If the body does not fit a frame.
   */
  async ask(body: Uint8Array | string): Promise<boolean> {
    return decodeReply(await this.exchange(body))
  }

  /** Sends a frame with any body, as {@link Client.ask} does, and returns the body of the reply as it is. */
  exchange(body: Uint8Array | string): Promise<Buffer> {
    const frame = encodeFrame(body)
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost)
      const timer = setTimeout(() => this.#expire(), this.#timeout)
      this.#waiting.push({ resolve, reject, timer })
      this.#requests.write(frame)
    })
  }

  /**
   * Says goodbye as ejabberd does, by closing the program's input, and waits until the program has ended; one that
   * has not ended after the time of a reply is killed. Ask first, close then: a `setpass` or `tryregister` with the end
   * of the input right behind it counts as given up.
   *
   * @returns Its exit status; `null` if a signal ended it, or if there is no program but streams.
   */
  async close(): Promise<number | null> {
    this.#requests.end()
    const { program } = this
    if (program === undefined || program.pid === undefined) return null
    if (program.exitCode === null && program.signalCode === null) {
      const timer = setTimeout(() => program.kill('SIGKILL'), this.#timeout)
      await once(program, 'exit')
      clearTimeout(timer)
    }
    return program.exitCode
  }

  #receive(chunk: Buffer): void {
    for (const reply of this.#decoder.push(chunk)) {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) {
        this.#lose(new UnexpectedReplyError('The program sent a reply that nothing was asked for'))
        return
      }
      clearTimeout(waiting.timer)
      waiting.resolve(Buffer.from(reply.bytes))
    }
  }

  #expire(): void {
    this.#lose(new NoReplyError(`Expected a reply within ${this.#timeout} ms, got none`))
    this.program?.kill()
  }

  #lose(error: Error): void {
    this.#lost ??= error
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      reject(error)
    }
  }
}
