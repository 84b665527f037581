/**
 * The contract between the program and the people who decide who may log in: types only.
 *
 * @module
 */

/**
 * What a handler says: `true` is allowed, `false` is refused, and a throw or a rejection is "could not find
 * out". Anything else (`undefined`, `'yes'`, `1`) counts as "could not find out", too, and is logged.
 */
export type Answer = boolean | Promise<boolean>

/** What every request carries. */
interface Account {
  /** The local part of the JID as ejabberd prepared it: lower case, no `@`, `/` or `:`, 1 to 1023 bytes. */
  readonly user: string
  /** The virtual host, for example `example.org`, or an IPv6 literal in brackets. */
  readonly server: string
  /**
   * Aborted when the request has met its deadline, also while the program ends; hand it to `fetch` or a database
   * client. Made only when somebody looks at it.
   */
  readonly signal: AbortSignal
}

/** A request that names an account and nothing else. */
export interface UserRequest extends Account {
  readonly operation: 'isuser' | 'removeuser'
}

/**
 * A request that comes with a password.
 *
 * The password shows neither when a request is printed nor in a copy of it (`{ ...request }`): name it.
 */
export interface PasswordRequest extends Account {
  readonly operation: 'auth' | 'setpass' | 'tryregister' | 'removeuser3'
  /** As the client sent it, never empty: any character may occur, `:` and newlines among them. */
  readonly password: string
}

/** A request that comes with a certificate. No ejabberd that we know sends one. */
export interface CertificateRequest extends Account {
  readonly operation: 'certauth'
  /** The bytes as they arrived; neither decoded nor checked. */
  readonly certificate: Uint8Array
}

/** Any request, told apart by its `operation`. */
export type Request = UserRequest | PasswordRequest | CertificateRequest

/** The name of an operation as it stands on the wire. */
export type Operation = Request['operation']

/**
 * One function per operation, all of them optional: an operation without its function is refused.
 *
 * They are called one at a time, in the order of the requests, and the next one is not called before the last
 * one has settled or met its deadline. A function that answers later than that is not heard.
 *
 * @example
 * ```ts
 * import type { Handlers } from 'ejabberd-extauth'
 *
 * const handlers: Handlers = {
 *   auth: ({ user, password }) => user === 'alice' && password === 'correct horse',
 *   isuser: ({ user }) => user === 'alice',
 * }
 * ```
 */
export interface Handlers {
  /** Is this the user's password? */
  auth?(request: PasswordRequest): Answer
  /** Is there such a user? Asked for each message to somebody who is offline: make it cheap. */
  isuser?(request: UserRequest): Answer
  /** Store a new password. ejabberd has not asked for the old one. */
  setpass?(request: PasswordRequest): Answer
  /** Create an account. May be asked twice: the same account with the same password is `true` again. */
  tryregister?(request: PasswordRequest): Answer
  /** Remove an account. ejabberd has removed the rest of it before it asks, and ignores the answer. */
  removeuser?(request: UserRequest): Answer
  /** Remove an account if the password is right. Without it: `auth`, then `removeuser`, if both exist. */
  removeuser3?(request: PasswordRequest): Answer
  /** Is this the user's certificate? */
  certauth?(request: CertificateRequest): Answer
  /** Called once, when no request will follow: close what keeps a connection open. */
  close?(): void | Promise<void>
}
