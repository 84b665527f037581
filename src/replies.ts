/**
 * Replies on their way out.
 *
 * @module
 */
import type { Writable } from 'node:stream'

/** The replies that have not been written: those of the frames of one chunk go out in one write. */
export class Replies {
  readonly #output: Writable
  #waiting: Buffer[] = []
  #closed: OutputClosed | undefined
  #giveUp: (error: OutputClosed) => void = () => {}

  constructor(output: Writable) {
    this.#output = output
    // Without a listener, a reader that goes away would be an uncaught exception.
    const close = (cause?: Error) => {
      this.#closed ??= new OutputClosed(cause)
      this.#giveUp(this.#closed)
    }
    output.on('error', close).on('close', close)
    if (output.destroyed) close()
  }

  add(reply: Buffer): void {
    this.#waiting.push(reply)
  }

  /** Is there anything to flush? */
  get waiting(): boolean {
    return this.#waiting.length > 0
  }

  /**
   * Hands over what is waiting.
   *
   * @returns What has to be waited for, if the output takes no more now: rejects with {@link OutputClosed} if nobody
   * reads any more.
   */
  flush(): Promise<void> | undefined {
    if (this.#waiting.length === 0) return undefined
    const bytes = joined(this.#waiting)
    this.#waiting = []
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    return this.#output.write(bytes) ? undefined : this.#until((done) => this.#output.once('drain', done))
  }

  /** Returns when the last byte is written, or cannot be. Never rejects. */
  async end(): Promise<void> {
    try {
      await this.flush()
      if (this.#closed !== undefined) return
      await this.#until((done) => this.#output.write(Buffer.alloc(0), done))
    } catch {
      // Nobody reads any more.
    }
  }

  #until(event: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      event(resolve)
    })
  }
}

/** One buffer of all; what `Buffer.concat` does for each of so many of four bytes costs more than a request. */
function joined(replies: readonly Buffer[]): Buffer {
  const [first] = replies
  if (first !== undefined && replies.length === 1) return first
  const bytes = Buffer.allocUnsafe(replies.reduce((sum, reply) => sum + reply.length, 0))
  let at = 0
  for (const reply of replies) {
    for (let i = 0; i < reply.length; i++) bytes[at++] = reply[i] as number
  }
  return bytes
}

/** The replies cannot be written any more; `cause` is the error that said so, if there was one. */
export class OutputClosed extends Error {
  /** Did the reader go away, which is its right? */
  readonly byReader: boolean

  constructor(cause: NodeJS.ErrnoException | undefined) {
    super('the replies cannot be written any more', { cause })
    this.byReader = cause === undefined || cause.code === 'EPIPE'
  }
}
