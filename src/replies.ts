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

  /**
   * Hands over what is waiting and returns when the output takes more.
   *
   * @throws {OutputClosed} If nobody reads any more.
   */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#check()
    if (!this.#output.write(bytes)) await this.#until((done) => this.#output.once('drain', done))
  }

  /** Returns when the last byte is written, or cannot be. Never rejects. */
  async end(): Promise<void> {
    try {
      await this.flush()
      this.#check()
      await this.#until((done) => this.#output.write(Buffer.alloc(0), done))
    } catch {
      // Nobody reads any more.
    }
  }

  #check(): void {
    if (this.#closed !== undefined) throw this.#closed
  }

  #until(event: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      event(resolve)
    })
  }
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
