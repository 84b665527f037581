/**
 * Where log lines go. Nothing here can end the program, and of all places only a file on a file system that hangs can
 * make it wait.
 *
 * @module
 */
import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { clock } from './clock.ts'
import { formatLine } from './log.ts'
import { reasonOf } from './reason.ts'

/** Takes whole lines. */
export interface LogOutput {
  readonly writeLine: (line: string) => void
  /** Opens the file anew, for instance after it was rotated. */
  readonly reopen: () => void
}

/** The output that `--log-file` asks for: that file, or standard error if there is none. */
export function logOutput(file: string | undefined, standardError: Writable): LogOutput {
  const stream = streamOutput(standardError)
  return file === undefined ? stream : fileOutput(file, stream)
}

/** What may wait for a reader that has stalled, in bytes. */
const MAX_WAITING = 1 << 20

/** Writes to a stream, and drops lines, rather than keep them all, while its reader has stalled. */
export function streamOutput(stream: Writable): LogOutput {
  let dropped = 0
  // A reader that went away is no reason to end: without a listener it would be an uncaught exception.
  stream.on('error', () => {})
  return {
    writeLine(line) {
      if (stream.destroyed || stream.writableLength > MAX_WAITING) {
        dropped++
        return
      }
      if (dropped > 0) stream.write(formatLine(new Date(), 'warn', 'log_lines_dropped', { count: dropped }))
      dropped = 0
      stream.write(line)
    },
    reopen() {},
  }
}

/** How long a file that cannot be written is left alone, in milliseconds. */
const FILE_RETRY_AFTER = 5000

// A pipe that nobody reads, or that has stalled, must not stop a login: such a write fails instead.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

/** How often at most it is looked whether the file was moved away, in milliseconds. */
const ROTATION_CHECK_AFTER = 1000

/** Appends to a file, follows when it is moved away, and writes to `fallback` what the file does not take (no permission, no space). */
export function fileOutput(path: string, fallback: LogOutput): LogOutput {
  let descriptor: number | undefined
  let broken = Number.NEGATIVE_INFINITY
  let looked = Number.NEGATIVE_INFINITY
  // Debian's logrotate moves all logs of ejabberd away and tells nobody but ejabberd.
  const followRotation = () => {
    if (descriptor === undefined || clock.now() - looked < ROTATION_CHECK_AFTER) return
    looked = clock.now()
    if (statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(descriptor).ino) close()
  }
  const close = () => {
    const old = descriptor
    // Whatever becomes of the close, the number is free: from now on it may be somebody else's.
    descriptor = undefined
    try {
      if (old !== undefined) closeSync(old)
    } catch {}
  }
  return {
    writeLine(line) {
      if (clock.now() - broken < FILE_RETRY_AFTER) return fallback.writeLine(line)
      try {
        followRotation()
        if (descriptor === undefined) {
          descriptor = openSync(path, FLAGS, 0o640)
          looked = clock.now()
        }
        writeSync(descriptor, line)
      } catch (error) {
        broken = clock.now()
        close()
        const trouble = { file: path, reason: reasonOf(error) }
        fallback.writeLine(formatLine(new Date(), 'error', 'log_file_failed', trouble))
        fallback.writeLine(line)
      }
    },
    reopen() {
      close()
      broken = Number.NEGATIVE_INFINITY
    },
  }
}
