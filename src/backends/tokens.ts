/**
 * What the backends share whose password is a token: on which conditions a token is good, whom it is for, and what
 * they say of users who are not logging in.
 *
 * @module
 */
import { BackendError, UndecidedError } from '../errors.ts'
import type { Handlers, PasswordRequest } from '../handlers.ts'
import {
  either,
  fn,
  listOf,
  milliseconds,
  oneOf,
  optional,
  type Rule,
  recordOf,
  text,
} from '../option-rules.ts'
import { typeName } from '../reason.ts'

/** What the claims of a token may be compared with. */
export type ClaimValue = string | number | boolean

/** What is said of users who are not logging in: a token that nobody has shown says nothing about anybody. */
export type IsuserPolicy = 'unknown' | 'everybody' | 'none'

/** What every backend whose password is a token can be told. */
export interface TokenOptions {
  /**
   * The claim that names the user, or a function that finds the name in the claims; `undefined` refuses the token.
   *
   * A name in another case is the same. All else that ejabberd makes one of (`jeßica` and `jessica`, an accent of its own
   * or as a part of its letter) is not, as these may be two users of the issuer: who knows better writes a function.
   *
   * @default 'sub'
   */
  readonly user?: string | ((claims: Claims) => string | undefined)
  /**
   * What stands in that claim: the `local` part of the JID, so that a token is good on every virtual host that asks
   * this backend, or the whole bare `jid`, so that it is good on that host alone.
   *
   * @default 'local'
   */
  readonly userIs?: 'local' | 'jid'
  /** Claims that a token must have, each with this value, or one of these; of a claim that is a list, any may match. */
  readonly claims?: Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>
  /**
   * What `isuser` answers: `unknown` fails, so that ejabberd (23.10 and newer) asks whether the user was ever here,
   * and caches nothing; `everybody` says that every name is a user, which fills the disk with messages to nobody;
   * `none` has no `isuser` at all, so that another backend can answer in a chain.
   *
   * @default 'unknown'
   */
  readonly isuser?: IsuserPolicy
  /**
   * For how long, in milliseconds, a server that cannot be reached is asked again within a request, counted from the
   * first request that met it.
   *
   * @default 4000
   */
  readonly patience?: number
}

/** What a backend that sees the claims of the token itself can be told, too. */
export interface ClaimOptions extends TokenOptions {
  /** Who must have issued the token (claim `iss`): this, or one of these. */
  readonly issuer?: string | readonly string[]
  /** For whom it must have been issued (claim `aud`): this, or one of these. */
  readonly audience?: string | readonly string[]
  /** What it must allow (claim `scope`, words between spaces): this, or all of these. */
  readonly scope?: string | readonly string[]
  /** Claims that must be there, whatever they say. */
  readonly requiredClaims?: readonly string[]
  /**
   * How far, in seconds, the clock of the issuer may be from ours.
   *
   * @default 30
   */
  readonly clockTolerance?: number
  /** How old, in seconds, a token may be, whatever its `exp` says; `iat` must be there then. */
  readonly maxTokenAge?: number
}

/** The claims of a token, or what a server says of it. */
export type Claims = Readonly<Record<string, unknown>>

const texts = either(text, listOf(text))
const seconds: Rule = {
  expected: 'a number of seconds from 0 up',
  isValid: (value) => typeof value === 'number' && value >= 0 && Number.isFinite(value),
}
const claimValue: Rule = {
  expected: 'a text, a number, true or false',
  isValid: (value) => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value),
}

/** The rules for {@link TokenOptions}. */
export const tokenRules: Readonly<Record<keyof TokenOptions, Rule>> = {
  user: optional(either(text, fn)),
  userIs: optional(oneOf('local', 'jid')),
  claims: optional({
    ...recordOf(either(claimValue, listOf(claimValue))),
    expected: 'an object of claims, each with a text, a number, true or false, or a list of them',
  }),
  isuser: optional(oneOf('unknown', 'everybody', 'none')),
  patience: optional(milliseconds),
}

/** The rules for {@link ClaimOptions}. */
export const claimRules: Readonly<Record<keyof ClaimOptions, Rule>> = {
  ...tokenRules,
  issuer: optional(texts),
  audience: optional(texts),
  scope: optional(texts),
  requiredClaims: optional(listOf(text)),
  clockTolerance: optional(seconds),
  maxTokenAge: optional(seconds),
}

/** For how long after it expired, in seconds, a token is good: clocks differ. */
export const CLOCK_TOLERANCE = 30

/**
 * Makes a function that looks whether these claims, which must have been proven to be true, let this user in.
 *
 * A token that is bound to a key (claim `cnf`, RFC 7800) lets nobody in: who shows it would have to prove that he has
 * the key, too, and a password cannot.
 */
export function createClaimCheck(
  options: ClaimOptions,
  required: readonly string[] = [],
): (claims: Claims, request: PasswordRequest) => boolean {
  const { claims: conditions = {}, requiredClaims = [], issuer, audience, scope } = options
  const needed = [...required, ...requiredClaims, ...(options.maxTokenAge === undefined ? [] : ['iat'])]

  return (claims, request) =>
    needed.every((name) => Object.hasOwn(claims, name)) &&
    !Object.hasOwn(claims, 'cnf') &&
    isInTime(claims, options) &&
    (issuer === undefined || listed(issuer).some((one) => one === claims['iss'])) &&
    (audience === undefined || matches(claims['aud'], listed(audience))) &&
    (scope === undefined || listed(scope).every((word) => wordsOf(claims['scope']).includes(word))) &&
    Object.entries(conditions).every(([name, value]) => matches(claims[name], listed(value))) &&
    isFor(claims, request, options)
}

/** Is this user the one that the claims name? */
function isFor(claims: Claims, { user, server }: PasswordRequest, options: TokenOptions): boolean {
  const name = nameIn(claims, options.user)
  return name !== undefined && isSame(name, options.userIs === 'jid' ? `${user}@${server}` : user)
}

function nameIn(claims: Claims, user: TokenOptions['user'] = 'sub'): string | undefined {
  if (typeof user === 'string') {
    const claim = claims[user]
    return typeof claim === 'string' ? claim : undefined
  }
  const name: unknown = user(claims)
  if (typeof name === 'string' || name === undefined) return name
  throw new BackendError(`\`user\` returned a value of type ${typeName(name)}, neither a text nor undefined`)
}

/**
 * Do these names differ in upper and lower case at most? In both directions: the sign of Kelvin is a `k` in lower case,
 * but `k` is another letter in upper case. What ejabberd reduces beyond that may be the name of another user of the issuer.
 */
function isSame(name: string, expected: string): boolean {
  return name.toLowerCase() === expected.toLowerCase() && name.toUpperCase() === expected.toUpperCase()
}

/** RFC 7519, sections 4.1.4 to 4.1.6: times in seconds since 1970; a token is no longer good at the second of its `exp`. */
function isInTime(claims: Claims, { clockTolerance = CLOCK_TOLERANCE, maxTokenAge }: ClaimOptions): boolean {
  const { exp, nbf, iat } = claims
  if (!isTime(exp) || !isTime(nbf) || !isTime(iat)) return false
  const now = Math.floor(Date.now() / 1000)
  return (
    (exp === undefined || now - clockTolerance < exp) &&
    (nbf === undefined || nbf <= now + clockTolerance) &&
    (iat === undefined || iat <= now + clockTolerance) &&
    (maxTokenAge === undefined || (iat !== undefined && now - iat <= maxTokenAge + clockTolerance))
  )
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}

/** Is the claim one of these values, or a list with one of them? */
function matches(claim: unknown, values: readonly unknown[]): boolean {
  return Array.isArray(claim) ? claim.some((one) => values.includes(one)) : values.includes(claim)
}

function wordsOf(claim: unknown): readonly string[] {
  return typeof claim === 'string' ? claim.split(' ') : []
}

/** A value, or a list of them, as a list. */
export function listed<Value>(value: Value | readonly Value[]): readonly Value[] {
  return Array.isArray(value) ? value : [value as Value]
}

/** The `isuser` of a backend, if it is to have one. */
export function isuserHandler(owner: string, policy: IsuserPolicy = 'unknown'): Pick<Handlers, 'isuser'> {
  switch (policy) {
    case 'none':
      return {}
    case 'everybody':
      return { isuser: () => true }
    case 'unknown':
      return {
        isuser: () => {
          throw new UndecidedError(
            `${owner} cannot know who exists without a token: see its option \`isuser\``,
          )
        },
      }
  }
}
