/**
 * How long a connection may still take.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import { clock } from './clock.ts'

/** What {@link Ending} needs of a connection. */
export interface Endable {
  readonly input: Readable
  readonly output: Writable
  /** In milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

/** The end of a connection: what was read is still answered, but not for longer than one timeout in all. */
export class Ending {
  readonly #connection: Endable
  #deadline: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(connection: Endable) {
    this.#connection = connection
    if (connection.signal?.aborted) this.#stop()
    else connection.signal?.addEventListener('abort', this.#stop, { once: true })
  }

  begin(): void {
    this.#deadline ??= clock.now() + this.#connection.timeout
  }

  /** The milliseconds that the next request may take. */
  budget(): number {
    const { timeout } = this.#connection
    if (this.#deadline === undefined) return timeout
    return Math.max(0, Math.min(timeout, Math.round(this.#deadline - clock.now())))
  }

  finish(): void {
    clearInterval(this.#timer)
    this.#connection.signal?.removeEventListener('abort', this.#stop)
  }

  readonly #stop = (): void => {
    const { input, output, timeout } = this.#connection
    this.begin()
    input.destroy()
    // Who was told to stop does not wait for ever for a reader that has stalled.
    this.#timer = setInterval(() => output.writableLength > 0 && output.destroy(), timeout)
  }
}
