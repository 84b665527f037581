/**
 * The account store: a directory for each account, with the hash of its password in a file.
 *
 *     DIR/.ejabberd-extauth          says that this is an account store, and of which format
 *     DIR/<server>/<user>/password   one line: the hash
 *     DIR/<server>/<user>/name       the user name, if it is too long for the name of a directory
 *     DIR/<server>/.name             the server name, likewise
 *     DIR/<server>/.tmp/             accounts that are being made or removed
 *
 * Any number of processes can read and write at once, without a lock, and any of them can be killed at any
 * moment, because each write takes effect in one rename:
 *
 * - To create is to rename a finished directory to `<user>`: it fails if there is one, so one of many wins.
 * - To change is to rename a finished file to `<user>/password`, from inside `<user>`.
 * - To remove is to rename `<user>` away.
 *
 * Why a directory for each account and not a file? If the account was a file, a change would be a rename over it,
 * and a removal between its beginning and its end would be undone: there is no rename that fails if the target is
 * gone. Inside a directory that was renamed away, the rename fails.
 *
 * Files under construction have a directory of their own, `.tmp`, so that what a killed process left there is
 * found without reading through a million accounts.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { StoreError } from '../errors.ts'
import { asStoreError, hasCode, reporting } from './failure.ts'
import { discard, placeDirectory, placeFile, syncDirectory, unfinishedName } from './files.ts'
import { sweep } from './leftovers.ts'
import { type Account, listAccounts } from './listing.ts'
import { encodeName } from './names.ts'
import { checkRoot, makeRoot } from './root.ts'
import { exists, nameFile, openServerDirectory, STAGING } from './server-directory.ts'
import { createSharedSync } from './shared-sync.ts'

/** Where the accounts are if nobody says otherwise. */
export const DEFAULT_DIRECTORY = '/var/lib/ejabberd/accounts'

/** As it is: of a mere 'utf8', Node.js makes such an object each time, which takes a tenth of a login. */
const AS_TEXT = { encoding: 'utf8', flag: 'r' } as const

/** A write that somebody else's write got in the way of is begun anew that often; once is rare. */
const ATTEMPTS = 10

/**
 * The accounts in one directory. Every method throws, or rejects with, a `StoreError` if the store cannot be
 * used: `false` and `undefined` always mean that there is no such account.
 */
export class AccountStore {
  /** The absolute path of the store. */
  readonly directory: string
  readonly #sync = createSharedSync()
  readonly #openings = new Map<string, Promise<void>>()
  #checked = false

  /** Touches nothing yet: the store may be made, or come back, later. */
  constructor(directory: string) {
    if (typeof directory !== 'string' || !isAbsolute(directory)) {
      throw new TypeError(
        `Expected \`directory\` to be an absolute path, got \`${String(directory)}\` (${typeof directory})`,
      )
    }
    this.directory = resolve(directory)
  }

  /** Throws a `StoreError` unless there is a store, and one that nobody but its owner can change. */
  check(): void {
    checkRoot(this.directory)
    this.#checked = true
  }

  /** Makes the store; `false` if there is one. Its parent must exist; the directory itself may, if empty. */
  initialise(): Promise<boolean> {
    return makeRoot(this.directory)
  }

  /** Is there such an account? Takes some microseconds and does not wait. */
  has(user: string, server: string): boolean {
    // `accessSync`, which costs less, would ask for the real user and not for the effective one.
    return this.#lookUp(user, server, (path) => statSync(path)) !== undefined
  }

  /** The stored hash, or `undefined` if there is no such account. Takes some microseconds and does not wait. */
  read(user: string, server: string): string | undefined {
    return this.#lookUp(user, server, readHash)
  }

  /**
   * Creates an account; `false` if there is one already. Resolves when it is on the disk. Once `signal` is aborted,
   * no account appears any more, unless the disk has been told to make it.
   */
  create(user: string, server: string, hash: string, signal?: AbortSignal): Promise<boolean> {
    return this.#write('create', user, server, async (account) => {
      await this.#open(server)
      const contents = { password: `${hash}\n`, ...nameFile('name', user) }
      const created = await placeDirectory(this.#staging(server), account, contents, signal)
      if (!created && !this.has(user, server)) return undefined
      // Also if it was there: whoever made it may have been killed before it was on the disk.
      await this.#sync(this.#server(server))
      return created
    })
  }

  /**
   * Gives an account another hash; `false` if there is no such account. Resolves when it is on the disk. Once
   * `signal` is aborted, the hash does not change any more, unless the disk has been told to.
   */
  change(user: string, server: string, hash: string, signal?: AbortSignal): Promise<boolean> {
    return this.#write('change', user, server, async (account) => {
      if (!this.has(user, server)) return false
      await placeFile(join(account, 'password'), `${hash}\n`, signal)
      await syncUnlessGone(account)
      await sweep(account)
      return true
    })
  }

  /** Removes an account; `false` if there was none. Resolves when that is on the disk. */
  remove(user: string, server: string): Promise<boolean> {
    return this.#write('remove', user, server, async (account) => {
      if (!exists(account)) {
        // Whoever removed it may have been killed before that was on the disk.
        if (exists(this.#server(server))) await this.#sync(this.#server(server))
        return false
      }
      await this.#open(server)
      // Looked at before and after: before, somebody may be about to create it; after, to sweep it up.
      const before = exists(join(account, 'password'))
      const removed = join(this.#staging(server), unfinishedName())
      await rename(account, removed)
      try {
        await this.#sync(this.#server(server))
        return before || exists(join(removed, 'password'))
      } finally {
        await discard(removed)
      }
    })
  }

  /** Resolves when what there is of an account, whoever wrote it, is on the disk; `false` if there is no such account. */
  settle(user: string, server: string): Promise<boolean> {
    return this.#write('settle', user, server, async (account) => {
      if (!this.has(user, server)) return false
      await this.#open(server)
      await syncUnlessGone(account)
      await this.#sync(this.#server(server))
      return true
    })
  }

  /** Every account, or every one of a server, one by one and in no order. */
  list(server?: string): Generator<Account> {
    this.check()
    return listAccounts(this.directory, server)
  }

  /** How many accounts there are, or how many of a server. Reads through all of them. */
  count(server?: string): number {
    let count = 0
    for (const _ of this.list(server)) count++
    return count
  }

  #server(server: string): string {
    return `${this.directory}/${encodeName(server)}`
  }

  #staging(server: string): string {
    return `${this.#server(server)}/${STAGING}`
  }

  #account(user: string, server: string): string {
    return `${this.#server(server)}/${encodeName(user)}`
  }

  #passwordFile(user: string, server: string): string {
    return `${this.#account(user, server)}/password`
  }

  #lookUp<Found>(user: string, server: string, find: (path: string) => Found): Found | undefined {
    if (!this.#checked) this.check()
    try {
      return find(this.#passwordFile(user, server))
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) {
        throw asStoreError(error, `read the account ${user}@${server} in ${this.directory}`)
      }
      // No account, or no store? A volume can be unmounted while we run.
      this.check()
      return undefined
    }
  }

  /** Tries until it has an answer: `undefined`, or ENOENT, means that somebody got in the way. */
  #write(
    what: string,
    user: string,
    server: string,
    attempt: (account: string) => Promise<boolean | undefined>,
  ): Promise<boolean> {
    const account = this.#account(user, server)
    return reporting(`${what} the account ${user}@${server} in ${account}`, async () => {
      for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
        this.check()
        const done = await attempt(account).catch((error) => {
          if (!hasCode(error, 'ENOENT')) throw error
          this.#openings.delete(server)
        })
        if (done !== undefined) return done
      }
      throw new StoreError(
        `Expected to be able to ${what} the account ${user}@${server}, got a directory ${account} that is none: ` +
          'it has no file `password`; remove it',
      )
    })
  }

  /** Once for each server in the life of this object. */
  #open(server: string): Promise<void> {
    const opening = this.#openings.get(server) ?? openServerDirectory(this.directory, server)
    this.#openings.set(server, opening)
    opening.catch(() => this.#openings.delete(server))
    return opening
  }
}

function readHash(path: string): string {
  const text = readFileSync(path, AS_TEXT)
  return text.endsWith('\n') ? text.slice(0, -1) : text
}

async function syncUnlessGone(directory: string): Promise<void> {
  try {
    await syncDirectory(directory)
  } catch (error) {
    // Removed since: the change came first.
    if (!hasCode(error, 'ENOENT')) throw error
  }
}
