import { once } from 'node:events'
import { type Readable, Writable } from 'node:stream'

/** Takes what is written, and tells when as much as somebody waits for is there. */
export class Sink extends Writable {
  #chunks: Buffer[] = []
  /** Each chunk as it was written, in hex. */
  get writes(): string[] {
    return this.#chunks.map((chunk) => chunk.toString('hex')).filter((hex) => hex !== '')
  }

  /** All that was written, in hex. */
  get hex(): string {
    return Buffer.concat(this.#chunks).toString('hex')
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  /** Waits for this many bytes. */
  async until(bytes: number): Promise<void> {
    while (this.bytes < bytes) await once(this, 'taken')
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#chunks.push(Buffer.from(chunk))
    this.emit('taken')
    done()
  }
}

/** Takes nothing until it is told to go on, and remembers how much has waited at most. */
export class StalledSink extends Sink {
  #waiting: (() => void) | undefined
  #flowing = false
  /** The most bytes that waited at one time. */
  peak = 0

  /** Whether somebody has written and waits. */
  get stalls(): boolean {
    return this.#waiting !== undefined
  }

  flow(): void {
    this.#flowing = true
    this.#waiting?.()
    this.#waiting = undefined
  }

  override _write(chunk: Buffer, encoding: string, done: (error?: Error | null) => void): void {
    this.peak = Math.max(this.peak, this.writableLength)
    const go = () => super._write(chunk, encoding, done)
    if (this.#flowing) go()
    else this.#waiting = go
  }
}

/** Lets a chunk hold only until its `data` event is over, as it is with what is read from a pipe. */
export function writtenOver<Input extends Readable>(input: Input): Input {
  const on = input.on.bind(input)
  input.on = (event: string | symbol, listener: (...args: never[]) => void) => {
    if (event !== 'data') return on(event, listener as () => void)
    return on('data', (chunk: Buffer) => {
      const memory = Buffer.from(chunk)
      ;(listener as unknown as (chunk: Buffer) => void)(memory)
      memory.fill(0xaa)
    })
  }
  return input
}
