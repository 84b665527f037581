/**
 * Going through an account store, without holding it in memory.
 *
 * @module
 */

import { opendirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asStoreError, hasCode, reportingSync } from './failure.ts'
import { decodeName, encodeName, isDigest } from './names.ts'

/** Names one account. */
export interface Account {
  readonly user: string
  readonly server: string
}

/** Every account in the directory of a store, or every one of a server, in no order. */
export function* listAccounts(directory: string, server?: string): Generator<Account> {
  try {
    for (const found of server === undefined ? names(directory, '.name') : [server]) {
      const users = join(directory, encodeName(found))
      for (const user of names(users, 'name')) {
        if (isAccount(join(users, encodeName(user)))) yield { user, server: found }
      }
    }
  } catch (error) {
    throw asStoreError(error, `list the accounts in ${directory}`)
  }
}

function* names(directory: string, nameFile: string): Generator<string> {
  for (const encoded of readDirectory(directory)) {
    const name = isDigest(encoded) ? readName(directory, encoded, nameFile) : decodeName(encoded)
    if (name !== undefined) yield name
  }
}

function* readDirectory(path: string): Generator<string> {
  // Its errors do not name the path.
  const directory = reportingSync(`read the directory ${path}`, () =>
    unlessMissing(() => opendirSync(path, { bufferSize: 256 })),
  )
  if (!directory) return
  try {
    for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
      if (!entry.isFile()) yield entry.name
    }
  } finally {
    directory.closeSync()
  }
}

function readName(directory: string, encoded: string, nameFile: string): string | undefined {
  const name = unlessMissing(() => readFileSync(join(directory, encoded, nameFile), 'utf8'))
  // With another name than its own it would be listed as somebody else.
  return name !== undefined && encodeName(name) === encoded ? name : undefined
}

function isAccount(path: string): boolean {
  return statSync(join(path, 'password'), { throwIfNoEntry: false }) !== undefined
}

/** What was there a moment ago can have been removed. */
function unlessMissing<Found>(find: () => Found): Found | undefined {
  try {
    return find()
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
