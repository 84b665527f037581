/**
 * The backend whose password is a token that only its issuer can judge: RFC 7662 introspection, or the userinfo endpoint
 * of OpenID Connect.
 *
 * @module
 */
import { BackendError } from '../errors.ts'
import type { Handlers, PasswordRequest } from '../handlers.ts'
import {
  checkEncrypted,
  checkOptions,
  flag,
  isRecord,
  oneOf,
  optional,
  secret,
  text,
  urlWith,
} from '../option-rules.ts'
import { basicAuthorization } from './http/authorization.ts'
import { createPatience } from './patience.ts'
import {
  type ClaimOptions,
  type Claims,
  claimRules,
  createClaimCheck,
  isuserHandler,
  type TokenOptions,
  tokenRules,
} from './tokens.ts'
import { createJsonEndpoint, type JsonEndpoint, type Question } from './tokens-http.ts'

/** Where a token is introspected (RFC 7662), and who asks. */
export interface Introspection {
  /** For example `https://id.example.org/realms/chat/protocol/openid-connect/token/introspect`. */
  readonly url: string | URL
  /** The name under which this program is known to the server. */
  readonly clientId: string
  readonly clientSecret: string
  /**
   * How the client shows who it is (RFC 6749, section 2.3.1): in the `Authorization` header, or in the body.
   *
   * @default 'basic'
   */
  readonly clientAuth?: 'basic' | 'post'
}

/** Where a token is exchanged for what is known of its user (OpenID Connect Core 1.0, section 5.3). */
export interface Userinfo {
  /** For example `https://id.example.org/realms/chat/protocol/openid-connect/userinfo`. */
  readonly url: string | URL
}

/** What `oauth` can be told: how to ask, and what to demand of the answer. */
export type OAuthOptions = Insecure &
  (
    | (ClaimOptions & { readonly introspection: Introspection; readonly userinfo?: never })
    | (TokenOptions & { readonly userinfo: Userinfo; readonly introspection?: never })
  )

interface Insecure {
  /**
   * Allows a URL that begins with `http:` on another host than this one: whoever is on the way sees each token, and can
   * allow any.
   *
   * @default false
   */
  readonly insecure?: boolean
}

/**
 * Makes handlers that ask the issuer of a token, at each login, whether it is good and whose it is.
 *
 * With `introspection`, only `active: true` is a good token; `exp`, `nbf` and `iat` are checked if they are there. With
 * `userinfo`, the status 200 is a good token and 401 and 403 are none: it says nothing of the application that the token was
 * issued for, so that a token for any other application of that issuer lets its user in, too.
 *
 * An issuer that cannot be reached fails with an `UnavailableError`; one that answers with what was not agreed on,
 * or does not accept the client, with a `BackendError`. A password that cannot be a token, as it holds a space, a
 * control character or a character outside ASCII, is refused and goes nowhere; any other is sent to the issuer.
 *
 * @example
 * ```ts
 * import { oauth } from 'ejabberd-extauth'
 *
 * const realm = 'https://id.example.org/realms/chat/protocol/openid-connect'
 *
 * export default oauth({
 *   introspection: { url: `${realm}/token/introspect`, clientId: 'ejabberd', clientSecret: 'from the environment' },
 *   audience: 'ejabberd',
 *   user: 'username',
 * })
 * ```
 */
export function oauth(options: OAuthOptions): Handlers {
  checkAll(options)
  const endpoint = endpointOf(options)
  const ask =
    options.introspection === undefined ? userinfo(endpoint) : introspect(endpoint, options.introspection)
  const letsIn = createClaimCheck(options)
  const patiently = createPatience(options.patience)

  return {
    auth: (request) => TOKEN.test(request.password) && patiently(request, () => auth(request)),
    ...isuserHandler('oauth', options.isuser),
    close: () => endpoint.close(),
  }

  async function auth(request: PasswordRequest): Promise<boolean> {
    const claims = await ask(request)
    return claims !== undefined && letsIn(claims, request)
  }
}

/** What may stand behind `Bearer`: RFC 6750 has fewer characters, but servers are known that use others. */
const TOKEN = /^[\x21-\x7e]+$/

/** What the issuer says of a token; `undefined` if it says that it is none. */
type Ask = (request: PasswordRequest) => Promise<Claims | undefined>

function endpointOf({ introspection, userinfo }: OAuthOptions): JsonEndpoint {
  return introspection === undefined
    ? createJsonEndpoint('the userinfo endpoint', 'GET', userinfo.url)
    : createJsonEndpoint('the introspection endpoint', 'POST', introspection.url)
}

function introspect(endpoint: JsonEndpoint, introspection: Introspection): Ask {
  return async ({ password, signal }) => {
    const answer = await endpoint.ask({
      ...introspectionOf(password, introspection),
      signal,
      secrets: [password, introspection.clientSecret],
    })
    // An issuer that does not know the client has said nothing about the token (RFC 7662, section 2.3).
    if (!isRecord(answer)) throw new BackendError(`the introspection endpoint answered ${answer}`)
    const { active } = answer
    if (typeof active !== 'boolean')
      throw new BackendError('the introspection endpoint answered without `active`: is it one of RFC 7662?')
    return active ? checkTimes(answer) : undefined
  }
}

/** An answer that is understood wrongly would refuse everybody without a word. */
function checkTimes(answer: Claims): Claims {
  const wrong = ['exp', 'nbf', 'iat'].find((name) => !['undefined', 'number'].includes(typeof answer[name]))
  if (wrong === undefined) return answer
  throw new BackendError(
    `the introspection endpoint answered with \`${wrong}\` that is no number (RFC 7662, section 2.2)`,
  )
}

function introspectionOf(
  token: string,
  { clientId, clientSecret, clientAuth }: Introspection,
): Pick<Question, 'headers' | 'body'> {
  const body = new URLSearchParams({ token, token_type_hint: 'access_token' })
  if (clientAuth === 'post') {
    body.set('client_id', clientId)
    body.set('client_secret', clientSecret)
    return { body }
  }
  const authorization = basicAuthorization(formEncoded(clientId), formEncoded(clientSecret))
  return { headers: { authorization }, body }
}

/** RFC 6749, section 2.3.1: a client's name may hold a colon. */
function formEncoded(value: string): string {
  return new URLSearchParams({ '': value }).toString().slice(1)
}

function userinfo(endpoint: JsonEndpoint): Ask {
  return async ({ password, signal }) => {
    const answer = await endpoint.ask({
      headers: { authorization: `Bearer ${password}` },
      signal,
      secrets: [password],
    })
    if (isRecord(answer)) return answer
    if (answer === 401 || answer === 403) return undefined
    throw new BackendError(`the userinfo endpoint answered ${answer}`)
  }
}

const url = urlWith('https:', 'http:')
const settings = { expected: 'an object', isValid: isRecord }

function checkAll(options: OAuthOptions): void {
  const endpoints = { introspection: optional(settings), userinfo: optional(settings) }
  // Without a look at the keys, the options of userinfo would seem to be misspelt.
  const rules = isRecord(options) && 'userinfo' in options ? tokenRules : claimRules
  checkOptions<object>('oauth', options, { ...rules, ...endpoints, insecure: optional(flag) })
  if ((options.introspection === undefined) === (options.userinfo === undefined)) {
    const found = options.userinfo === undefined ? 'neither' : 'both'
    throw new TypeError(`Expected oauth to be given either \`introspection\` or \`userinfo\`, got ${found}`)
  }
  if (options.userinfo !== undefined) checkUserinfo(options.userinfo, options.insecure)
  else checkIntrospection(options.introspection, options.insecure)
}

function checkUserinfo(userinfo: Userinfo, insecure?: boolean): void {
  const owner = 'userinfo of oauth'
  checkOptions(owner, userinfo, { url })
  checkEncrypted(owner, 'url', [userinfo.url], insecure)
}

function checkIntrospection(introspection: Introspection, insecure?: boolean): void {
  const owner = 'introspection of oauth'
  checkOptions(owner, introspection, {
    url,
    clientId: text,
    clientSecret: secret(text),
    clientAuth: optional(oneOf('basic', 'post')),
  })
  checkEncrypted(owner, 'url', [introspection.url], insecure)
}
