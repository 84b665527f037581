/**
 * Taking accounts over from somewhere else.
 *
 * @module
 */

import { HashError, MissingPackageError, StoreError } from '../errors.ts'
import { checkHash, hashPassword, verifyPassword } from '../passwords/registry.ts'
import { type ParsedLine, readBatches } from './batches.ts'
import type { Entry } from './lines.ts'
import type { AccountStore } from './store.ts'

/** How lines are understood, and what becomes of those that are not taken. */
export interface ImportOptions {
  /** The lines are those of an htpasswd file, and the accounts belong to this server. */
  readonly server?: string | undefined
  /** Give accounts that are there already the new password. Default is to leave them alone. */
  readonly replace?: boolean | undefined
  /** Called in the order of the lines, with a reason that quotes nothing secret. */
  readonly report: (line: number, reason: string) => void
  /** Stops reading; what was read is finished. */
  readonly signal?: AbortSignal | undefined
}

/** How many lines became what; comments are not counted. */
export interface ImportSummary {
  imported: number
  alreadyThere: number
  notTaken: number
}

/**
 * Creates an account for each line, and goes on after a line that cannot be taken. What is counted as imported is
 * on the disk. An account that is there with the same password is no fault: an import can be repeated.
 *
 * @throws {StoreError} If the store fails, or the source, or the signal is aborted; the message says up to which line
 * all is done.
 */
export async function importAccounts(
  store: AccountStore,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImportSummary> {
  const summary: ImportSummary = { imported: 0, alreadyThere: 0, notTaken: 0 }
  for await (const batch of readBatches(source, options)) {
    const results = await Promise.allSettled(
      batch.map((line) => takeLine(store, line, options.replace === true)),
    )
    for (const [index, result] of results.entries()) {
      const line = batch[index]?.number ?? 0
      if (result.status === 'rejected') throw stoppedAt(line, result.reason)
      summary[result.value.became]++
      if (result.value.reason !== undefined) options.report(line, result.value.reason)
    }
  }
  return summary
}

interface Result {
  readonly became: keyof ImportSummary
  readonly reason?: string
}

async function takeLine(store: AccountStore, { entry }: ParsedLine, replace: boolean): Promise<Result> {
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

function stoppedAt(line: number, error: unknown): unknown {
  if (!(error instanceof StoreError)) return error
  return new StoreError(
    `The import stopped at line ${line}; all lines before it are done. ${error.message}`,
    {
      cause: error,
    },
  )
}
