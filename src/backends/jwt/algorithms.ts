/**
 * The algorithms a token may be signed with (RFC 7518, section 3.1; RFC 8037), and the keys they take.
 *
 * `none` is not among them: there is no option with which an unsigned token could be allowed.
 *
 * @module
 */
import type { KeyObject } from 'node:crypto'

/** The name of an algorithm as it stands in `alg`. */
export type Algorithm = keyof typeof KEYS

/** For each algorithm the length of the secret, in bytes (RFC 7518, section 3.2), or the kind of the public key. */
const KEYS = {
  HS256: 32,
  HS384: 48,
  HS512: 64,
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
  EdDSA: 'ed25519',
  Ed25519: 'ed25519',
} as const

/** The algorithms with a shared secret. */
export const SECRET_ALGORITHMS: readonly Algorithm[] = names().filter(
  (name) => typeof KEYS[name] === 'number',
)

/** The algorithms with a public key. */
export const PUBLIC_ALGORITHMS: readonly Algorithm[] = names().filter(
  (name) => typeof KEYS[name] === 'string',
)

/** What issuers sign with, unless they are told otherwise: one for each kind of key. */
export const USUAL_ALGORITHMS: readonly Algorithm[] = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** How long a secret must be for all of these, in bytes: as long as the hash. */
export function leastBytes(algorithms: readonly Algorithm[]): number {
  return Math.max(...algorithms.map((name) => Number(KEYS[name])))
}

/** Can a token that was signed with this algorithm be verified with this public key? */
export function fits(algorithm: Algorithm, key: KeyObject): boolean {
  return KEYS[algorithm] === (key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType)
}

function names(): readonly Algorithm[] {
  return Object.keys(KEYS) as Algorithm[]
}
