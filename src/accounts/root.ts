/**
 * The directory of an account store: whether it is one, whether it is safe, and making it.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StoreError } from '../errors.ts'
import { hasCode, reporting, reportingSync } from './failure.ts'
import { placeDirectory, placeFile, syncDirectory, UNFINISHED } from './files.ts'

/**
 * Throws a `StoreError` unless the directory is an account store that nobody but its owner can change.
 *
 * Without the marker file an empty directory and a volume that is not mounted look the same, and everybody would
 * be refused.
 */
export function checkRoot(directory: string): void {
  reportingSync(`use the account store ${directory}`, () => {
    checkMarker(directory)
    checkPrivate(directory)
  })
}

/** Throws a `StoreError` if others than its owner can write to a directory. */
export function checkMode(directory: string, mode: number): void {
  if ((mode & 0o022) === 0) return
  const found = (mode & 0o777).toString(8)
  throw new StoreError(
    `Expected ${directory} to be writable by its owner only, got mode ${found}; mend it with: chmod go-w ${directory}`,
  )
}

/**
 * Makes the directory an account store: it is made if it is missing; `false` if it is a store already. Rejects
 * with a `StoreError` if there is something else in it.
 */
export async function makeRoot(directory: string): Promise<boolean> {
  const made = await reporting(`make the account store ${directory}`, async () => {
    const names = await readNames(directory)
    if (names?.includes(MARKER) === true) return false
    await (names === undefined ? makeDirectory(directory) : mark(directory, names))
    return true
  })
  checkRoot(directory)
  return made
}

const MARKER = '.ejabberd-extauth'
const FORMAT = 'ejabberd-extauth accounts, format 1\n'

function checkMarker(directory: string): void {
  const marker = readMarker(directory)
  if (marker === undefined) {
    throw new StoreError(
      `There is no account store at ${directory}: expected a file ${MARKER} in it, got none. ` +
        'If it is on a volume, mount that. To make a new one:\n' +
        `  sudo install -d -o ejabberd -g ejabberd -m 700 ${directory}\n` +
        `  sudo -u ejabberd ejabberd-extauth account add --accounts ${directory} USER SERVER`,
    )
  }
  if (marker !== FORMAT) {
    throw new StoreError(
      `Expected ${join(directory, MARKER)} to say "${FORMAT.trimEnd()}", got something else: ` +
        'the store was made by another version of this program',
    )
  }
}

function readMarker(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, MARKER), 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function checkPrivate(directory: string): void {
  const { mode, uid } = statSync(directory)
  checkMode(directory, mode)
  checkOwner(directory, uid)
}

/** Also root is not to work on what somebody else owns, who could have put links there. */
function checkOwner(directory: string, uid: number): void {
  const self = process.geteuid?.()
  if (self === undefined || uid === self || uid === 0) return
  const expected = self === 0 ? 'root, as this process does,' : `uid ${self} or to root,`
  throw new StoreError(
    `Expected ${directory} to belong to ${expected} got uid ${uid}; run this as its owner: sudo -u '#${uid}' ...`,
  )
}

async function readNames(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function makeDirectory(directory: string): Promise<void> {
  const parent = dirname(directory)
  await placeDirectory(parent, directory, { [MARKER]: FORMAT })
  await syncDirectory(parent)
}

async function mark(directory: string, names: readonly string[]): Promise<void> {
  // A fresh volume has lost+found in it.
  const others = names.filter((name) => name !== 'lost+found' && !name.startsWith(UNFINISHED))
  if (others.length > 0) {
    throw new StoreError(
      `Expected ${directory} to be an account store or empty, got ${others.length} other files in it`,
    )
  }
  checkPrivate(directory)
  await placeFile(join(directory, MARKER), FORMAT)
  await syncDirectory(directory)
}
