/**
 * Bytes to frames, however the bytes are cut.
 *
 * ```text
 *   +--------+--------+----------- ... -----------+
 *   | length (16 bit, | body: `length` bytes,     |
 *   | big-endian)     | 0 to 65 535               |
 *   +--------+--------+----------- ... -----------+
 *     00 16             auth:alice:e1.test:pw1
 * ```
 *
 * It is what Erlang's `open_port(..., [{packet, 2}])` writes and reads (`init_port/2` of ejabberd's extauth.erl).
 *
 * @module
 */
import { FrameTooLargeError, TruncatedFrameError } from './errors.ts'

/** The most a body can hold in bytes: the largest number that fits a 2-byte length. */
export const MAX_BODY_LENGTH = 0xffff

const HEAD_LENGTH = 2

/**
 * Puts the 2-byte length before a body.
 *
 * @param body Bytes, or text that is encoded as UTF-8.
 * @throws {FrameTooLargeError} If the body is longer than {@link MAX_BODY_LENGTH} bytes.
 */
export function encodeFrame(body: Uint8Array | string): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  if (bytes.length > MAX_BODY_LENGTH) {
    throw new FrameTooLargeError(`Expected a body of at most ${MAX_BODY_LENGTH} bytes, got ${bytes.length}`)
  }
  const frame = Buffer.allocUnsafe(HEAD_LENGTH + bytes.length)
  frame.writeUInt16BE(bytes.length)
  frame.set(bytes, HEAD_LENGTH)
  return frame
}

/**
 * Yields the bodies of the frames in a stream of bytes, in order, whatever the chunks are.
 *
 * A body may be a view of the chunk it came in.
 *
 * @throws {TruncatedFrameError} If the stream ends inside a frame; the frames before it have been yielded.
 *
 * @example
 * ```ts
 * import { decodeFrames, encodeFrame } from 'ejabberd-extauth'
 *
 * const frame = encodeFrame('isuser:alice:example.org')
 * for await (const body of decodeFrames([frame.subarray(0, 1), frame.subarray(1)])) {
 *   console.log(body.toString()) // isuser:alice:example.org
 * }
 * ```
 */
export async function* decodeFrames(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Buffer, void> {
  const decoder = new FrameDecoder()
  for await (const chunk of source) yield* decoder.push(chunk)
  decoder.end()
}

/**
 * What {@link decodeFrames} is made of, for a caller that takes one frame at a time, or that reuses its chunks: there is
 * one place in the stream, whoever iterates.
 */
export class FrameDecoder {
  /** What has arrived and was not looked at yet: `#bytes` from `#at` on. */
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  /** The part of a frame that has arrived: first of its head, then, in place of it, of its body. */
  #partial: Buffer | undefined
  #filled = 0
  #inBody = false

  /** Takes a chunk, and iterates over the bodies of the frames that are complete by now. */
  push(chunk: Uint8Array): this {
    const rest = this.#bytes.subarray(this.#at)
    this.#bytes = rest.length === 0 ? asBuffer(chunk) : Buffer.concat([rest, chunk])
    this.#at = 0
    return this
  }

  /** The body of the next frame, or `undefined` until more has arrived. */
  next(): Buffer | undefined {
    while (this.#at < this.#bytes.length) {
      if (this.#partial === undefined) {
        const body = wholeFrame(this.#bytes, this.#at)
        if (body !== undefined) {
          this.#at += HEAD_LENGTH + body.length
          return body
        }
        this.#expect(HEAD_LENGTH, false)
      }
      this.#fill()
      const body = this.#completed()
      if (body !== undefined) return body
    }
    return undefined
  }

  /** Iterates over what {@link FrameDecoder.next} gives. */
  *[Symbol.iterator](): Generator<Buffer, void> {
    for (let body = this.next(); body !== undefined; body = this.next()) yield body
  }

  /** Copies what was not looked at yet: from now on the chunks may be written over. */
  keep(): void {
    this.#bytes = Buffer.from(this.#bytes.subarray(this.#at))
    this.#at = 0
  }

  /**
   * Says that no chunk will follow.
   *
   * @throws {TruncatedFrameError} If a frame is incomplete.
   */
  end(): void {
    if (this.#partial === undefined) return
    const part = this.#inBody ? 'body' : 'length'
    throw new TruncatedFrameError(
      `Expected ${this.#partial.length} bytes of a frame's ${part}, got ${this.#filled} before the input ended`,
    )
  }

  #expect(length: number, inBody: boolean): void {
    this.#partial = Buffer.allocUnsafe(length)
    this.#filled = 0
    this.#inBody = inBody
  }

  #fill(): void {
    if (this.#partial === undefined) return
    const copied = this.#bytes.copy(this.#partial, this.#filled, this.#at)
    this.#filled += copied
    this.#at += copied
  }

  #completed(): Buffer | undefined {
    const part = this.#partial
    if (part === undefined || this.#filled < part.length) return undefined
    this.#partial = undefined
    if (this.#inBody) return part
    const length = part.readUInt16BE(0)
    if (length === 0) return part.subarray(0, 0)
    this.#expect(length, true)
    return undefined
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The body of the frame that starts at `at` if all of it is there: the usual case, and free of copies. */
function wholeFrame(bytes: Buffer, at: number): Buffer | undefined {
  if (bytes.length - at < HEAD_LENGTH) return undefined
  const start = at + HEAD_LENGTH
  const end = start + bytes.readUInt16BE(at)
  return end <= bytes.length ? bytes.subarray(start, end) : undefined
}
