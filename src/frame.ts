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
import { isAscii } from 'node:buffer'
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
  for await (const chunk of source) {
    for (const frame of decoder.push(chunk)) yield frame.bytes
  }
  decoder.end()
}

/** The body of a frame: a view of the chunk it came in, as bytes and as text, to be looked at before that is written over. */
export class Frame {
  readonly #chunk: Chunk
  readonly #start: number
  readonly #end: number

  constructor(chunk: Chunk, start: number, end: number) {
    this.#chunk = chunk
    this.#start = start
    this.#end = end
  }

  /** Makes a frame of a body: bytes, or text that is encoded as UTF-8. */
  static of(body: Uint8Array | string): Frame {
    const bytes = typeof body === 'string' ? Buffer.from(body) : asBuffer(body)
    return new Frame(new Chunk(bytes), 0, bytes.length)
  }

  /** In bytes. */
  get length(): number {
    return this.#end - this.#start
  }

  /** The bytes, which are not copied. */
  get bytes(): Buffer {
    return this.#chunk.bytes.subarray(this.#start, this.#end)
  }

  /** The bytes as UTF-8, with U+FFFD for what is none. A part of it may keep the text of the whole chunk in memory. */
  get text(): string {
    return this.#chunk.text(this.#start, this.#end)
  }

  /** The bytes from `start` to `end` as text, which keeps nothing else in memory. */
  decode(encoding: 'latin1' | 'utf8', start: number, end: number): string {
    return this.#chunk.bytes.toString(encoding, this.#start + start, this.#start + end)
  }
}

/** Bytes that came together. */
class Chunk {
  readonly bytes: Buffer
  /**
   * All of them if they are ASCII, lengths included (one body of 128 to 255 bytes, and it is not), and empty otherwise; made
   * when the text of one frame of several is asked for.
   */
  #ascii: string | undefined

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** What stands there, as UTF-8. In ASCII a byte is a character: to decode all at once costs less than each frame. */
  text(start: number, end: number): string {
    const isAlone = HEAD_LENGTH + end - start >= this.bytes.length
    if (!isAlone) this.#ascii ??= isAscii(this.bytes) ? this.bytes.toString('latin1') : ''
    return this.#ascii ? this.#ascii.slice(start, end) : this.bytes.toString('utf8', start, end)
  }
}

const NOTHING = new Chunk(Buffer.alloc(0))

/**
 * What {@link decodeFrames} is made of, for a caller that takes one frame at a time, or that reuses its chunks: there is
 * one place in the stream, whoever iterates.
 */
export class FrameDecoder {
  /** What has arrived and was not looked at yet: `#chunk` from `#at` on. */
  #chunk: Chunk = NOTHING
  #at = 0
  /** The part of a frame that has arrived: first of its head, then, in place of it, of its body. */
  #partial: Buffer | undefined
  #filled = 0
  #inBody = false

  /** Takes a chunk, and iterates over the frames that are complete by now. */
  push(chunk: Uint8Array): this {
    const isDone = this.#at === this.#chunk.bytes.length
    this.#chunk = new Chunk(isDone ? asBuffer(chunk) : Buffer.concat([this.#rest(), chunk]))
    this.#at = 0
    return this
  }

  /** The next frame, or `undefined` until more has arrived. */
  next(): Frame | undefined {
    while (this.#at < this.#chunk.bytes.length) {
      if (this.#partial === undefined) {
        const frame = this.#whole()
        if (frame !== undefined) return frame
        this.#expect(HEAD_LENGTH, false)
      }
      this.#fill()
      const body = this.#completed()
      if (body !== undefined) return Frame.of(body)
    }
    // The next may come in an hour: until then, nothing of the last ones is kept.
    this.#chunk = NOTHING
    this.#at = 0
    return undefined
  }

  /** Iterates over what {@link FrameDecoder.next} gives. */
  *[Symbol.iterator](): Generator<Frame, void> {
    for (let frame = this.next(); frame !== undefined; frame = this.next()) yield frame
  }

  /** Copies what was not looked at yet: from now on the chunks may be written over. */
  keep(): void {
    this.#chunk = new Chunk(Buffer.from(this.#rest()))
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

  #rest(): Buffer {
    return this.#chunk.bytes.subarray(this.#at)
  }

  /** The frame that begins here if all of it is there: the usual case, and free of copies. */
  #whole(): Frame | undefined {
    const { bytes } = this.#chunk
    const start = this.#at + HEAD_LENGTH
    if (start > bytes.length) return undefined
    const end = start + bytes.readUInt16BE(this.#at)
    if (end > bytes.length) return undefined
    this.#at = end
    return new Frame(this.#chunk, start, end)
  }

  #expect(length: number, inBody: boolean): void {
    this.#partial = Buffer.allocUnsafe(length)
    this.#filled = 0
    this.#inBody = inBody
  }

  #fill(): void {
    if (this.#partial === undefined) return
    const copied = this.#chunk.bytes.copy(this.#partial, this.#filled, this.#at)
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
