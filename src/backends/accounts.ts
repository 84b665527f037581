/**
 * The backend that keeps its accounts in a directory.
 *
 * @module
 */

import { isAbsolute } from 'node:path'
import { isPlainName } from '../accounts/prepare.ts'
import { AccountStore } from '../accounts/store.ts'
import type { Handlers, PasswordRequest } from '../handlers.ts'
import { checkOptions, milliseconds, optional, type Rules } from '../option-rules.ts'
import { createChecker } from '../passwords/checker.ts'
import { createPatience } from './patience.ts'

/** What `accounts` can be told. */
export interface AccountsOptions {
  /** The absolute path of the account store, for example `/var/lib/ejabberd/accounts`. */
  readonly directory: string
  /**
   * For how long, in milliseconds, a store that cannot be used is tried again within a request, counted from the
   * first request that met it: so a short outage refuses nobody, and in a long one each request fails at once.
   *
   * @default 4000
   */
  readonly patience?: number
}

const RULES: Rules<AccountsOptions> = {
  directory: {
    expected: 'an absolute path',
    isValid: (value) => typeof value === 'string' && isAbsolute(value),
  },
  patience: optional(milliseconds),
}

/**
 * Makes handlers that check passwords against an account store, and register, change and remove accounts in it.
 *
 * The store is looked at when the first request comes, not here. If it cannot be used, requests fail with a
 * `StoreError`; if a stored hash cannot be verified, with a `HashError`; neither is ever a wrong password.
 *
 * A password that was verified is remembered in memory, and answered without delay the next time. The stored hash
 * is read each time nevertheless: a change and a removal, by whatever process, take effect at once.
 *
 * ejabberd repeats a write when a worker dies before it has answered. Hence `tryregister` allows an account that
 * is there already if the password is the same, and `removeuser` one that is not there.
 *
 * @example
 * ```ts
 * import { accounts, serve } from 'ejabberd-extauth'
 *
 * await serve(accounts({ directory: '/var/lib/ejabberd/accounts' }))
 * ```
 */
export function accounts(options: AccountsOptions): Handlers {
  checkOptions('accounts', options, RULES)
  const store = new AccountStore(options.directory)
  const patiently = createPatience(options.patience)
  const passwords = createChecker()

  return {
    auth: (request) => patiently(request, () => auth(request)),
    isuser: (request) => patiently(request, () => store.has(request.user, request.server)),
    setpass,
    tryregister,
    removeuser: (request) => patiently(request, () => removeUser(request.user, request.server)),
  }

  function auth(request: PasswordRequest): boolean | Promise<boolean> {
    const hash = store.read(request.user, request.server)
    // Who was verified before costs no signal.
    return passwords.check(hash === undefined ? [] : [hash], request.password, () => request.signal)
  }

  async function setpass(request: PasswordRequest): Promise<boolean> {
    const { user, server } = request
    const hash = await hashFor(request)
    const changed =
      (await patiently(request, () => store.change(user, server, hash, request.signal))) === true
    if (changed) passwords.stored(hash, request.password)
    return changed
  }

  async function tryregister(request: PasswordRequest): Promise<boolean> {
    const { user, server } = request
    // ejabberd prepares names; what could not be written in a line of an export is nobody's name.
    if (!isPlainName(user) || !isPlainName(server)) return false
    const hash = await hashFor(request)
    const created =
      (await patiently(request, () => store.create(user, server, hash, request.signal))) === true
    if (!created) return isSame(request)
    passwords.stored(hash, request.password)
    return true
  }

  async function hashFor({ password, signal }: PasswordRequest): Promise<string> {
    const hash = await passwords.hash(password)
    // A write that was reported as failed must not take effect after all.
    signal.throwIfAborted()
    return hash
  }

  /** Is the account that is there already the one that would have been registered? */
  async function isSame(request: PasswordRequest): Promise<boolean> {
    const hash = await patiently(request, () => store.read(request.user, request.server))
    if (hash === undefined) return false
    return (await passwords.check([hash], request.password, () => request.signal)) === true
  }

  // Also when it takes too long: ejabberd has told already that it is done.
  async function removeUser(user: string, server: string): Promise<true> {
    await store.remove(user, server)
    return true
  }
}
