/**
 * Reading a password from a person or from a pipe; never from the command line, which everybody can see.
 *
 * @module
 */

import type { Readable, Writable } from 'node:stream'
import { UsageError } from '../errors.ts'

/** Standard input, which may be a terminal. */
export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }

/** The streams that a password is asked for on. */
export interface PasswordStreams {
  readonly stdin: Input
  readonly stderr: Writable
}

/**
 * Reads a password: from a terminal without echo, and twice if it is a new one; otherwise the first line of
 * standard input, without its line end.
 *
 * @throws {UsageError} If there is none, if it is not UTF-8, or if the second one differs.
 */
export async function readPassword(
  { stdin, stderr }: PasswordStreams,
  { prompt = 'Password: ', twice = false }: { prompt?: string; twice?: boolean } = {},
): Promise<string> {
  if (stdin.isTTY !== true) return decode(await readFirstLine(stdin))
  // Before the prompt, and until the last answer: who types at once, or ahead, must not see it either.
  stdin.setRawMode?.(true)
  try {
    const password = decode(await ask(stdin, stderr, prompt))
    if (twice && decode(await ask(stdin, stderr, 'The same again: ')) !== password) {
      throw new UsageError('Expected the same password twice, got two different ones')
    }
    return password
  } finally {
    stdin.setRawMode?.(false)
  }
}

/** The most that fits into a request; longer is a file by mistake. */
const MOST_BYTES = 65_535

const KEY = {
  interrupt: 0x03,
  end: 0x04,
  backspace: 0x08,
  feed: 0x0a,
  enter: 0x0d,
  clear: 0x15,
  delete: 0x7f,
}

function decode(line: Buffer): string {
  if (line.length === 0) throw new UsageError('Expected a password, got none')
  if (line.length > MOST_BYTES) {
    throw new UsageError(`Expected a password of at most ${MOST_BYTES} bytes, got more`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line)
  } catch (cause) {
    throw new UsageError('Expected a password in UTF-8, got other bytes', { cause })
  }
}

async function readFirstLine(stdin: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const data of stdin) {
    const chunk: Buffer = Buffer.from(data)
    const end = chunk.indexOf('\n')
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
    length += chunk.length
    if (end >= 0 || length > MOST_BYTES + 2) break
  }
  const line = Buffer.concat(chunks)
  return line.at(-1) === KEY.enter ? line.subarray(0, -1) : line
}

async function ask(stdin: Readable, stderr: Writable, prompt: string): Promise<Buffer> {
  stderr.write(prompt)
  return readKeys(stdin).finally(() => stderr.write('\n'))
}

function readKeys(stdin: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let typed: Buffer = Buffer.alloc(0)
    // A terminal that is gone says so once, and that was to the question before.
    if (stdin.readableEnded) return resolve(typed)
    const finish = (settle: () => void) => {
      stdin.off('data', onData).off('end', onEnd).off('error', onError).pause()
      settle()
    }
    const onError = (error: Error) => finish(() => reject(error))
    const onEnd = () => finish(() => resolve(typed))
    const onData = (data: Buffer | string) => {
      const keys = Buffer.from(data as string)
      for (const [position, key] of keys.entries()) {
        if (key === KEY.interrupt) return onError(new UsageError('Expected a password, was interrupted'))
        if (key === KEY.enter || key === KEY.feed || key === KEY.end) {
          finish(() => resolve(typed))
          // What was pasted or typed ahead is for the next question.
          if (position + 1 < keys.length) stdin.unshift(keys.subarray(position + 1))
          return
        }
        typed = press(typed, key)
      }
    }
    stdin.on('data', onData).on('end', onEnd).on('error', onError)
    stdin.resume()
  })
}

function press(typed: Buffer, key: number): Buffer {
  if (key === KEY.clear) return Buffer.alloc(0)
  if (key !== KEY.backspace && key !== KEY.delete) return Buffer.concat([typed, Buffer.of(key)])
  // One character back, however many bytes it has in UTF-8.
  let end = typed.length - 1
  while (end > 0 && ((typed[end] ?? 0) & 0xc0) === 0x80) end--
  return typed.subarray(0, Math.max(end, 0))
}
