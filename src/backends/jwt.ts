/**
 * The backend whose password is a JSON Web Token that can be judged here: by a shared secret, or by public keys.
 *
 * @module
 */
import { BackendError, ExtauthError } from '../errors.ts'
import type { Handlers, PasswordRequest } from '../handlers.ts'
import { peer } from '../peer.ts'
import { reasonOf } from '../reason.ts'
import type { Jose } from './jwt/jose.ts'
import { createKeySet } from './jwt/key-set.ts'
import { type Keys, publicKeys, secretKeys } from './jwt/keys.ts'
import { checkJwtOptions, type JwtOptions } from './jwt/options.ts'
import { createPatience } from './patience.ts'
import { CLOCK_TOLERANCE, type Claims, createClaimCheck, isuserHandler } from './tokens.ts'

export type { JwtOptions } from './jwt/options.ts'

/**
 * Makes handlers that take a JSON Web Token (RFC 7519) for a password: signed with one of the allowed algorithms and a
 * key that is known, with an `exp` that is not over, and naming the user who logs in.
 *
 * A password that is no such token is refused without asking anybody. With `jwks` the keys are fetched at the start and
 * every ten minutes, and at once when a token names a key that is new; when they can neither be fetched nor
 * remembered any longer, requests fail with an `UnavailableError`, or a `BackendError` if the key server answers with
 * what is no key set.
 *
 * Needs the package `jose`.
 *
 * @example
 * ```ts
 * import { jwt } from 'ejabberd-extauth'
 *
 * const realm = 'https://id.example.org/realms/chat'
 *
 * export default () =>
 *   jwt({
 *     jwks: `${realm}/protocol/openid-connect/certs`,
 *     issuer: realm,
 *     audience: 'ejabberd',
 *     user: 'preferred_username',
 *   })
 * ```
 */
export function jwt(options: JwtOptions): Handlers {
  const algorithms = checkJwtOptions(options)
  const load = peer<Jose>('jose', 'jwt', () => import('jose'), options.jose)
  const patiently = createPatience(options.patience)
  const letsIn = createClaimCheck(options, ['exp'])
  const verification = {
    algorithms: [...algorithms] as string[],
    clockTolerance: options.clockTolerance ?? CLOCK_TOLERANCE,
    ...(options.typ === undefined ? {} : { typ: options.typ }),
  }
  const keys = keysOf(options, load)

  return {
    auth: (request) => isToken(request.password) && patiently(request, () => auth(request)),
    ...isuserHandler('jwt', options.isuser),
    ...(keys.close === undefined ? {} : { close: keys.close }),
  }

  async function auth(request: PasswordRequest): Promise<boolean> {
    const claims = await verify(await load(), request)
    return claims !== undefined && letsIn(claims, request)
  }

  /** What the token says, if one of the keys proves it. */
  async function verify(jose: Jose, request: PasswordRequest): Promise<Claims | undefined> {
    const { alg, kid } = headerOf(jose, request.password)
    // Whoever made the token has chosen this word: what is not in our list is not even a reason to look for a key.
    if (typeof alg !== 'string' || !verification.algorithms.includes(alg)) return undefined
    for (const key of await keys.candidates({ alg, kid }, () => request.signal)) {
      try {
        return (await jose.jwtVerify(request.password, key, verification)).payload
      } catch (error) {
        if (!isRefusal(error)) throw failureOf(error, request.password)
        if (codeOf(error) !== WRONG_SIGNATURE) return undefined
      }
    }
    return undefined
  }
}

function keysOf(options: JwtOptions, load: () => Promise<Jose>): Keys {
  if (options.secret !== undefined) return secretKeys(options.secret)
  if (options.publicKey !== undefined) return publicKeys(options.publicKey, load)
  return createKeySet({ url: options.jwks, graceTime: options.graceTime, load })
}

/**
 * Is this the compact form of a signed token (RFC 7515, section 7.1)? Its bits beyond the last byte must be 0: otherwise
 * several texts would be the same token.
 */
function isToken(password: string): boolean {
  const parts = password.split('.')
  return (
    parts.length === 3 &&
    parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part)
  )
}

function headerOf(jose: Jose, token: string): { alg?: unknown; kid?: unknown } {
  try {
    return jose.decodeProtectedHeader(token)
  } catch {
    return {}
  }
}

const WRONG_SIGNATURE = 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'

/** What is wrong with the token itself. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  WRONG_SIGNATURE,
  'ERR_JWS_INVALID',
  'ERR_JWT_INVALID',
  'ERR_JWT_EXPIRED',
  'ERR_JWT_CLAIM_VALIDATION_FAILED',
  'ERR_JOSE_ALG_NOT_ALLOWED',
  // Of a header that must be understood (`crit`): of the algorithms, only known ones are allowed.
  'ERR_JOSE_NOT_SUPPORTED',
])

/** A cause is a fault of the cryptography here: it has not said no. */
function isRefusal(error: unknown): boolean {
  const code = codeOf(error)
  return REFUSALS.has(code) && !(code === WRONG_SIGNATURE && (error as Error).cause !== undefined)
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function failureOf(error: unknown, token: string): ExtauthError {
  if (error instanceof ExtauthError) return error
  return new BackendError(`a token could not be verified: ${reasonOf(error, token)}`)
}
