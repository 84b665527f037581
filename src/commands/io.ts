/**
 * What a command reads and writes.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'

/** The standard streams, or stand-ins for them. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
}
