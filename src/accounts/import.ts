/**
 * Taking accounts over from somewhere else.
 *
 * @module
 */

import { HashError, MissingPackageError, StoreError } from '../errors.ts'
import { checkHash, hashPassword, verifyPassword } from '../passwords/registry.ts'
import { type Found, readBatches } from './batches.ts'
import type { Sourced } from './entries.ts'
import type { Entry } from './lines.ts'
import type { AccountStore } from './store.ts'

/** What becomes of accounts that are there already, and of what is not taken. */
export interface ImportOptions {
  /** Give accounts that are there already the new password. Default is to leave them alone. */
  readonly replace?: boolean | undefined
  /** Called in their order, with the place and a reason that quotes nothing secret. */
  readonly report: (place: string, reason: string) => void
  /** Stops reading; what was read is finished. */
  readonly signal?: AbortSignal | undefined
}

/** How many became what; comments are not counted. */
export interface ImportSummary {
  imported: number
  alreadyThere: number
  notTaken: number
}

/**
 * Creates the accounts, and goes on after one that cannot be taken. What is counted as imported is
 * on the disk. An account that is there with the same password is no fault: an import can be repeated.
 *
 * @throws {StoreError} If the store fails, or the source, or the signal is aborted; the message says up to which
 * place all is done.
 */
export async function importAccounts(
  store: AccountStore,
  source: AsyncIterable<Sourced>,
  options: ImportOptions,
): Promise<ImportSummary> {
  const summary: ImportSummary = { imported: 0, alreadyThere: 0, notTaken: 0 }
  for await (const batch of readBatches(source, options.signal)) {
    const results = await Promise.allSettled(
      batch.map((found) => take(store, found, options.replace === true)),
    )
    for (const [index, result] of results.entries()) {
      const place = batch[index]?.place ?? ''
      if (result.status === 'rejected') throw stoppedAt(place, result.reason)
      summary[result.value.became]++
      if (result.value.reason !== undefined) options.report(place, result.value.reason)
    }
  }
  return summary
}

interface Result {
  readonly became: keyof ImportSummary
  readonly reason?: string
}

async function take(store: AccountStore, { entry }: Found, replace: boolean): Promise<Result> {
  if (typeof entry === 'string') return { became: 'notTaken', reason: entry }
  const { user, server, secret } = entry
  if (!replace && store.has(user, server)) return compare(store, entry)
  const hash = 'hash' in secret ? secret.hash : await hashPassword(secret.password)
  if (replace && (await store.change(user, server, hash)) === true) return { became: 'imported' }
  if ((await store.create(user, server, hash)) === true) return { became: 'imported' }
  return compare(store, entry)
}

async function compare(store: AccountStore, entry: Entry): Promise<Result> {
  const { user, server } = entry
  const found = await comparePassword(store.read(user, server), entry.secret)
  if (found === 'same') {
    // Whoever wrote it may have been killed before it was on the disk.
    await store.settle(user, server)
    return { became: 'alreadyThere' }
  }
  const what = found === 'other' ? 'another password' : 'a stored hash that cannot be read'
  return {
    became: 'alreadyThere',
    reason: `${user}@${server} is there already, with ${what}; --replace gives it the new one`,
  }
}

async function comparePassword(
  stored: string | undefined,
  secret: Entry['secret'],
): Promise<'same' | 'other' | 'unreadable'> {
  if (stored === undefined) return 'other'
  try {
    await checkHash(stored)
    const same =
      'hash' in secret ? stored === secret.hash : (await verifyPassword(stored, secret.password)) === true
    return same ? 'same' : 'other'
  } catch (error) {
    if (error instanceof HashError || error instanceof MissingPackageError) return 'unreadable'
    throw error
  }
}

function stoppedAt(place: string, error: unknown): unknown {
  if (!(error instanceof StoreError)) return error
  return new StoreError(`The import stopped at ${place}; all before it is done. ${error.message}`, {
    cause: error,
  })
}
