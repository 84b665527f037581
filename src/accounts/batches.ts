/**
 * What an import reads, in groups that are taken at the same time.
 *
 * @module
 */

import { StoreError } from '../errors.ts'
import type { Sourced } from './entries.ts'
import type { Entry } from './lines.ts'

/** An account, or the reason why it cannot be taken, and where it stands. */
export interface Found extends Sourced {
  readonly entry: Entry | string
}

/** So many are under way at the same time: they share the flushes of their directory. */
const MOST_ENTRIES = 64
/** So many of them with a password, which takes a tenth of a second to hash: who interrupts does not wait long. */
const MOST_PASSWORDS = 8

/**
 * Reads until the source ends, fails, or the signal is aborted. In the last two cases what was read is handed out
 * first, and then it throws a `StoreError` with the place of the last one.
 */
export async function* readBatches(
  source: AsyncIterable<Sourced>,
  signal?: AbortSignal,
): AsyncGenerator<Found[]> {
  let batch = new Batch()
  let last = 'line 0'
  let stopped: unknown
  try {
    for await (const { place, entry } of source) {
      signal?.throwIfAborted()
      last = place
      if (entry === undefined) continue
      const found = { place, entry }
      if (!batch.hasRoomFor(found)) {
        yield batch.all
        batch = new Batch()
      }
      batch.add(found)
    }
  } catch (error) {
    stopped = stoppedAfter(last, signal?.aborted === true ? signal.reason : error)
  }
  yield batch.all
  if (stopped !== undefined) throw stopped
}

/** Never two of the same account in a batch: the later one has to find what the earlier one did. */
class Batch {
  readonly all: Found[] = []
  readonly #accounts = new Set<string>()
  #passwords = 0

  hasRoomFor(found: Found): boolean {
    const full = this.all.length === MOST_ENTRIES || this.#passwords === MOST_PASSWORDS
    return !full && !this.#accounts.has(accountOf(found))
  }

  add(found: Found): void {
    this.all.push(found)
    this.#accounts.add(accountOf(found))
    if (typeof found.entry !== 'string' && 'password' in found.entry.secret) this.#passwords++
  }
}

function accountOf({ place, entry }: Found): string {
  return typeof entry === 'string' ? place : `${entry.user}@${entry.server}`
}

function stoppedAfter(place: string, cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StoreError(`The import stopped after ${place}; all up to it is done. ${reason}`, { cause })
}
