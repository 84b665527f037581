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
  #error: Error | undefined

  constructor(output: Writable) {
    this.#output = output
    // Without a listener, a reader that goes away would be an uncaught exception.
    output.on('error', (error) => {
      this.#error ??= error
    })
  }

  add(reply: Buffer): void {
    this.#waiting.push(reply)
  }

  /** Hands over what is waiting and returns when the output takes more. Rejects if nobody reads any more. */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    await this.#write(bytes)
  }

  /** Returns when the last byte is written, or cannot be. */
  async end(): Promise<void> {
    await this.flush().catch(() => {})
    await this.#write(Buffer.alloc(0), true).catch(() => {})
  }

  async #write(bytes: Buffer, toTheLast = false): Promise<void> {
    const output = this.#output
    if (this.#error !== undefined || output.destroyed) throw new OutputClosed(this.#error)
    await new Promise<void>((resolve, reject) => {
      const closed = () => reject(new OutputClosed(this.#error))
      output.once('close', closed)
      const done = () => {
        output.off('close', closed)
        resolve()
      }
      if (toTheLast) output.write(bytes, (error) => (error ? closed() : done()))
      else if (output.write(bytes)) done()
      else output.once('drain', done)
    })
  }
}

/** Nobody reads the replies any more; `cause` is the error that said so, if there was one. */
export class OutputClosed extends Error {
  constructor(cause: Error | undefined) {
    super('nobody reads the replies any more', { cause })
  }
}
