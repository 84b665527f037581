/**
 * What `jwt` can be told, and whether it makes sense.
 *
 * @module
 */
import type { KeyObject } from 'node:crypto'
import {
  checkEncrypted,
  checkOptions,
  either,
  flag,
  fn,
  isRecord,
  listOf,
  milliseconds,
  oneOf,
  optional,
  optionError,
  type Rule,
  secret,
  text,
  urlWith,
} from '../../option-rules.ts'
import { type ClaimOptions, claimRules, listed } from '../tokens.ts'
import {
  type Algorithm,
  fits,
  leastBytes,
  PUBLIC_ALGORITHMS,
  SECRET_ALGORITHMS,
  USUAL_ALGORITHMS,
} from './algorithms.ts'
import type { Jose } from './jose.ts'
import { type PublicKey, type Secret, toKeyObject } from './keys.ts'

/** What `jwt` can be told, whatever the keys are. */
interface JwtTokenOptions extends ClaimOptions {
  /**
   * The algorithms that a token may be signed with.
   *
   * @default `HS256` with `secret`, otherwise `RS256`, `ES256`, `ES384`, `ES512`, `EdDSA` and `Ed25519`, as far as there are keys for them
   */
  readonly algorithms?: readonly Algorithm[]
  /** What must stand in the header `typ`, such as `at+jwt` (RFC 9068) where the issuer writes that. */
  readonly typ?: string
  /** The package `jose`, if it cannot be found where this package is installed. */
  readonly jose?: Jose
}

/** Tokens that are signed with a secret that is known to the issuer and here. */
interface SecretOptions extends JwtTokenOptions {
  /** At least as long as the hash: 32 bytes for `HS256`. Of a list each is good: the old one and the new one. */
  readonly secret: Secret | readonly Secret[]
  readonly publicKey?: never
  readonly jwks?: never
  readonly graceTime?: never
  readonly insecure?: never
}

/** Tokens that are signed with a private key whose public key is written down here. */
interface PublicKeyOptions extends JwtTokenOptions {
  /** PEM (also of a certificate), or a JSON Web Key. Of a list each is good: the old one and the new one. */
  readonly publicKey: PublicKey | readonly PublicKey[]
  readonly secret?: never
  readonly jwks?: never
  readonly graceTime?: never
  readonly insecure?: never
}

/** Tokens that are signed with a private key whose public key the issuer publishes. */
export interface KeySetUrlOptions extends JwtTokenOptions {
  /** Where the JSON Web Key Set is, for example `https://id.example.org/realms/chat/protocol/openid-connect/certs`. */
  readonly jwks: string | URL
  /**
   * For how long, in milliseconds, the last keys are used while the key server is away, counted from the time when
   * they should have been fetched again. The default, an hour, outlasts the update of a key server. Who holds a key
   * that was withdrawn, and can keep us from hearing of it, can use it for so long.
   *
   * @default 3_600_000
   */
  readonly graceTime?: number
  /**
   * Allows a `jwks` that begins with `http:` on another host than this one: whoever is on the way can make keys.
   *
   * @default false
   */
  readonly insecure?: boolean
  readonly secret?: never
  readonly publicKey?: never
}

/** What `jwt` can be told: exactly one of `secret`, `publicKey` and `jwks`, and what to demand of a token. */
export type JwtOptions = SecretOptions | PublicKeyOptions | KeySetUrlOptions

const KEY_OPTIONS = ['secret', 'publicKey', 'jwks'] as const

const secretRule: Rule = {
  expected: 'a text, or bytes',
  isValid: (value) => typeof value === 'string' || value instanceof Uint8Array,
}
const publicKeyRule: Rule = {
  expected: 'PEM or a JSON Web Key',
  isValid: (value) => text.isValid(value) || isRecord(value),
}

const RULES = {
  ...claimRules,
  secret: optional(secret(either(secretRule, listOf(secretRule)))),
  publicKey: optional(secret(either(publicKeyRule, listOf(publicKeyRule)))),
  jwks: optional(urlWith('https:', 'http:')),
  graceTime: optional(milliseconds),
  insecure: optional(flag),
  algorithms: optional(listOf(oneOf(...SECRET_ALGORITHMS, ...PUBLIC_ALGORITHMS))),
  typ: optional(text),
  jose: optional({
    expected: 'the package jose',
    isValid: (value) => isRecord(value) && fn.isValid(value['jwtVerify']),
  }),
}

/**
 * Checks the options, and gives the algorithms that are allowed.
 *
 * @throws {TypeError} If they are wrong; also if an algorithm and the keys do not go together, as with a public key
 *   that would be taken for a shared secret (RFC 8725, section 2.1).
 */
export function checkJwtOptions(options: JwtOptions): readonly Algorithm[] {
  checkOptions<object>('jwt', options, RULES)
  const given = KEY_OPTIONS.filter((name) => options[name] !== undefined)
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none' : given.map((name) => `\`${name}\``).join(' and ')
    throw new TypeError(
      `Expected jwt to be given one of \`secret\`, \`publicKey\` and \`jwks\`, got ${found}`,
    )
  }
  for (const name of ['graceTime', 'insecure'] as const) {
    if (options[name] === undefined || options.jwks !== undefined) continue
    const expected = 'left out, as it says something about `jwks`, which is not given'
    throw optionError('jwt', name, expected, options[name])
  }
  if (options.jwks !== undefined) checkEncrypted('jwt', 'jwks', [options.jwks], options.insecure)
  if (options.secret !== undefined) return checkSecrets(options)
  const algorithms = allowedOf(options, PUBLIC_ALGORITHMS, USUAL_ALGORITHMS)
  return options.publicKey === undefined ? algorithms : checkPublicKeys(options, algorithms)
}

function checkSecrets(options: SecretOptions): readonly Algorithm[] {
  const algorithms = allowedOf(options, SECRET_ALGORITHMS, ['HS256'])
  const least = leastBytes(algorithms)
  for (const one of listed(options.secret)) {
    // A public key would be a secret that everybody knows: who has it could make tokens (RFC 8725, section 3.1).
    if (Buffer.from(one).includes('-----BEGIN '))
      throw new TypeError(
        'Expected `secret` of jwt to be a shared secret, got PEM: a public key is `publicKey`',
      )
    const length = Buffer.byteLength(one)
    if (length >= least) continue
    throw new TypeError(
      `Expected \`secret\` of jwt to have at least ${least} bytes for ${algorithms.join(', ')}, got ${length}: ` +
        'openssl rand -base64 48 makes one',
    )
  }
  return algorithms
}

function allowedOf(
  { algorithms, secret }: JwtOptions,
  possible: readonly Algorithm[],
  usual: readonly Algorithm[],
): readonly Algorithm[] {
  const wrong = algorithms?.find((name) => !possible.includes(name))
  if (wrong === undefined) return algorithms ?? usual
  const keys = secret === undefined ? 'public keys' : 'a secret'
  throw optionError('jwt', 'algorithms', `some of ${possible.join(', ')}, which go with ${keys}`, wrong)
}

function checkPublicKeys(options: PublicKeyOptions, algorithms: readonly Algorithm[]): readonly Algorithm[] {
  const keys = listed(options.publicKey).map(readPublicKey)
  const useless = keys.find((key) => !algorithms.some((algorithm) => fits(algorithm, key)))
  if (useless !== undefined) {
    const kind = useless.asymmetricKeyDetails?.namedCurve ?? useless.asymmetricKeyType
    throw new TypeError(
      `Expected \`publicKey\` of jwt to be for ${algorithms.join(', ')}, got a key of type ${kind}`,
    )
  }
  return algorithms.filter((algorithm) => keys.some((key) => fits(algorithm, key)))
}

/** RFC 7518, section 3.3. */
const LEAST_RSA_BITS = 2048

function readPublicKey(given: PublicKey): KeyObject {
  // Node.js would take a private key for its public half: it has no business where tokens are only read.
  const isPrivate = typeof given === 'string' ? given.includes('PRIVATE KEY') : 'd' in given
  if (isPrivate) throw new TypeError('Expected `publicKey` of jwt to be a public key, got a private one')
  const key = parsePublicKey(given)
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < LEAST_RSA_BITS)
    throw new TypeError(`Expected \`publicKey\` of jwt to have at least ${LEAST_RSA_BITS} bits, got ${bits}`)
  return key
}

function parsePublicKey(given: PublicKey): KeyObject {
  try {
    return toKeyObject(given)
  } catch {
    // The error of OpenSSL names no option, and whatever stands there may be a secret.
    throw optionError('jwt', 'publicKey', 'PEM or a JSON Web Key', given, true)
  }
}
