import { Readable, Writable } from 'node:stream'

/** Hands over chunks, and ends when it is told to. */
export class Source extends Readable {
  readonly #chunks: readonly Buffer[]
  readonly #lazy: boolean
  #at = 0
  #isFinished = false
  #isWaiting = false

  constructor(
    chunks: readonly Buffer[],
    { whole, lazy }: { readonly whole: boolean; readonly lazy: boolean },
  ) {
    super({ objectMode: whole })
    this.#chunks = chunks
    this.#lazy = lazy
  }

  /** Nothing comes behind the last chunk. */
  finish(): void {
    this.#isFinished = true
    if (this.#isWaiting) this.push(null)
  }

  override _read(): void {
    if (this.#lazy) setImmediate(() => this.#next())
    else this.#next()
  }

  #next(): void {
    if (this.destroyed) return
    const chunk = this.#chunks[this.#at++]
    if (chunk !== undefined) this.push(chunk)
    else if (this.#isFinished) this.push(null)
    else this.#isWaiting = true
  }
}

/** Takes replies, and tells when there are so many bytes. */
export class Output extends Writable {
  readonly #lazy: boolean
  #bytes = Buffer.alloc(0)
  #due: { bytes: number; call: () => void } | undefined

  constructor({ lazy, ...options }: { readonly highWaterMark: number; readonly lazy: boolean }) {
    super(options)
    this.#lazy = lazy
  }

  /** In hexadecimal, four bytes each. */
  get replies(): string[] {
    return this.#bytes.toString('hex').match(/.{1,8}/g) ?? []
  }

  /** Calls once, as soon as so many bytes have come. */
  when(bytes: number, call: () => void): void {
    this.#due = { bytes, call }
    this.#look()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    this.#look()
    if (this.#lazy) setImmediate(done)
    else done()
  }

  #look(): void {
    const due = this.#due
    if (due === undefined || this.#bytes.length < due.bytes) return
    this.#due = undefined
    due.call()
  }
}
