/**
 * Bytes into a pipe without a detour.
 *
 * @module
 */
import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** Writes what fits into an output now, past its stream, and says how many bytes that were. */
export type WriteNow = (bytes: Uint8Array) => number

/**
 * A stream takes some microseconds for four bytes, and many more in a program that is asked now and then. It goes on
 * where the pipe is full or nobody reads it: it waits, or says so.
 *
 * @param pipe A descriptor that does not block.
 * @param stream What has that descriptor, and may still have something to write into it.
 */
export function pastStream(pipe: number, stream: Writable): WriteNow {
  return (bytes) => {
    // Not before what the stream still has, and not into what has got the number of a pipe that is closed.
    if (stream.destroyed || stream.writableLength > 0) return 0
    try {
      return writeSync(pipe, bytes)
    } catch {
      return 0
    }
  }
}
