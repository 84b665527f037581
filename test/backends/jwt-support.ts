import { createHmac, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Handlers } from '../../src/handlers.ts'
import { SERVER, withPassword } from './contract.ts'

/** A pair of keys, its name, and what is published of it. */
export interface Pair {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly pem: string
  readonly jwk: Record<string, unknown>
}

export function rsaPair(kid: string, modulusLength = 2048): Pair {
  return pairOf(kid, 'RS256', generateKeyPairSync('rsa', { modulusLength }))
}

export function ecPair(kid: string): Pair {
  return pairOf(kid, 'ES256', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }))
}

export function edPair(kid: string): Pair {
  return pairOf(kid, 'EdDSA', generateKeyPairSync('ed25519'))
}

function pairOf(kid: string, alg: string, pair: { privateKey: KeyObject; publicKey: KeyObject }): Pair {
  const pem = String(pair.publicKey.export({ type: 'spki', format: 'pem' }))
  return {
    kid,
    alg,
    ...pair,
    pem,
    jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
  }
}

export const SECRET = randomBytes(32)
export const ISSUER = 'https://id.example.org/realms/chat'
export const AUDIENCE = 'ejabberd'

/** The time of now, in seconds. */
export const now = () => Math.floor(Date.now() / 1000)

/** The claims of a good token of alice's. */
export const claimsOfAlice = () => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'alice',
  iat: now(),
  exp: now() + 300,
})

type Claims = Record<string, unknown>

/** A token that `jose` has signed. */
export function signed(pair: Pair, claims: Claims = claimsOfAlice(), header: Claims = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: pair.alg, kid: pair.kid, typ: 'JWT', ...header })
    .sign(pair.privateKey)
}

/** A token that is signed with a secret, whatever its header and claims say; text is taken as it stands. */
export function signedWith(
  secret: Uint8Array | string,
  claims: Claims | string = claimsOfAlice(),
  header: Claims | string = { alg: 'HS256', typ: 'JWT' },
): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** The Base64 of what a part of a token holds. */
export function encode(part: Claims | string): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

/** What the handlers say of this token as the password of this user. */
export async function auth(
  handlers: Handlers,
  token: string,
  user = 'alice',
  server = SERVER,
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  return handlers.auth?.({ ...withPassword('auth', user, token, signal), server })
}
