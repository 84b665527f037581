/**
 * Lines of an import to groups of lines that are taken at the same time.
 *
 * @module
 */

import { StoreError } from '../errors.ts'
import { type Entry, parseLine } from './lines.ts'
import { type Line, readLines } from './read-lines.ts'

/** A line that is no comment: an account, or the reason why it cannot be taken. */
export interface ParsedLine {
  readonly number: number
  readonly entry: Entry | string
}

/** So many lines are under way at the same time: they share the flushes of their directory. */
const MOST_LINES = 64
/** So many of them with a password, which takes a tenth of a second to hash: who interrupts does not wait long. */
const MOST_PASSWORDS = 8

/**
 * Reads until the source ends, fails, or the signal is aborted. In the last two cases the lines that were read are
 * handed out first, and then it throws a `StoreError` with the number of the last one.
 */
export async function* readBatches(
  source: AsyncIterable<Uint8Array>,
  { server, signal }: { readonly server?: string | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<ParsedLine[]> {
  let batch = new Batch()
  let last = 0
  let stopped: unknown
  try {
    for await (const line of readLines(source)) {
      signal?.throwIfAborted()
      last = line.number
      const entry = await parse(line, server)
      if (entry === undefined) continue
      const parsed = { number: line.number, entry }
      if (!batch.hasRoomFor(parsed)) {
        yield batch.lines
        batch = new Batch()
      }
      batch.add(parsed)
    }
  } catch (error) {
    stopped = stoppedAfter(last, signal?.aborted === true ? signal.reason : error)
  }
  yield batch.lines
  if (stopped !== undefined) throw stopped
}

/** Never two lines of the same account in a batch: the later one has to find what the earlier one did. */
class Batch {
  readonly lines: ParsedLine[] = []
  readonly #accounts = new Set<string>()
  #passwords = 0

  hasRoomFor(line: ParsedLine): boolean {
    const full = this.lines.length === MOST_LINES || this.#passwords === MOST_PASSWORDS
    return !full && !this.#accounts.has(accountOf(line))
  }

  add(line: ParsedLine): void {
    this.lines.push(line)
    this.#accounts.add(accountOf(line))
    if (typeof line.entry !== 'string' && 'password' in line.entry.secret) this.#passwords++
  }
}

function accountOf({ number, entry }: ParsedLine): string {
  return typeof entry === 'string' ? `line ${number}` : `${entry.user}@${entry.server}`
}

async function parse({ text }: Line, server?: string): Promise<Entry | string | undefined> {
  return text === undefined ? 'Expected a line of text in UTF-8, got something else' : parseLine(text, server)
}

function stoppedAfter(line: number, cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StoreError(`The import stopped after line ${line}; all lines up to it are done. ${reason}`, {
    cause,
  })
}
