import { strict as assert } from 'node:assert'
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { jwt } from '../../../src/backends/jwt.ts'
import { oauth } from '../../../src/backends/oauth.ts'
import type { ClaimOptions } from '../../../src/backends/tokens.ts'
import { BackendError, UnavailableError } from '../../../src/errors.ts'
import { Frame } from '../../../src/frame.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { parseRequest } from '../../../src/request.ts'
import { MARK } from '../behaviours.ts'
import { makeText, mutateText, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { letsIn, makeOptions, makePayload } from './tokens.ts'

/** What is asked of the issuer of a token, and what it answers. */
interface Example {
  readonly asked: 'introspection' | 'userinfo' | 'keys'
  readonly status: number
  readonly body: string
  readonly options: ClaimOptions
}

const tried = property({ generate, check, show: (example: Example) => JSON.stringify(example, null, 2) })

/** Answers of the issuers of tokens to yes, no, or an error. */
export const issuers: Target = {
  name: 'issuers',
  unit: 'cases',
  share: 3,
  count: 30,
  async run(random, count) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      return await tried(random, count)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  },
}

let answer: Pick<Example, 'status' | 'body'> = { status: 200, body: '' }
const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(answer.status).end(answer.body))
})

const STATUSES = [200, 201, 204, 301, 307, 400, 401, 403, 404, 408, 418, 429, 500, 503, 599]
const ACTIVE = ['true', 'false', '"true"', '1', 'null', '{}']
/** Most bytes of an answer. */
const MOST = 65_536

/** The key that signs the tokens: that of RFC 7515, appendix A.3. */
const RIGHT = ecPair('1', {
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
})
/** That of RFC 7517, appendix A.2. */
const OTHER = ecPair('2', {
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE',
})
const KEYS: readonly unknown[] = [
  RIGHT.jwk,
  OTHER.jwk,
  { ...RIGHT.jwk, kid: '2' },
  { ...OTHER.jwk, kid: '1' },
  { ...RIGHT.jwk, alg: 'HS256' },
  { ...RIGHT.jwk, kty: 'oct', k: 'eHh4' },
  { ...RIGHT.jwk, use: 'enc' },
  { ...RIGHT.jwk, crv: 'P-384' },
  { ...RIGHT.jwk, x: '' },
  { kty: 'EC' },
  ...[{}, null, 'key', 1, [], [RIGHT.jwk]],
]

function generate(random: Random): Example {
  const asked = random.pick(['introspection', 'userinfo', 'keys'] as const)
  const right = asked === 'keys' ? makeKeySet(random) : makeClaims(random, asked)
  const body = random.oneIn(4) ? mutateText(random, right) : random.oneIn(20) ? makeText(random) : right
  return {
    asked,
    status: random.oneIn(4) ? random.pick(STATUSES) : 200,
    body: wellFormed(random.oneIn(40) ? body.padEnd(MOST + random.between(-1, 1)) : body),
    options: asked === 'keys' ? {} : makeOptions(random),
  }
}

function makeKeySet(random: Random): string {
  const keys = random.list(random.below(4), () => random.pick(KEYS))
  return JSON.stringify(
    random.oneIn(10) ? random.pick([keys, { keys: { ...keys } }, { Keys: keys }]) : { keys },
  )
}

function makeClaims(random: Random, asked: string): string {
  const claims = makePayload(random)
  if (asked === 'userinfo' || random.oneIn(10)) return claims
  const active = random.oneIn(4) ? random.pick(ACTIVE) : 'true'
  return claims.replace('{', `{"active":${active}${claims === '{}' ? '' : ','}`)
}

async function check(example: Example): Promise<void> {
  answer = example
  const secret = `${MARK}-and-more`
  const token = example.asked === 'keys' ? tokenOf(RIGHT) : secret
  const handlers = handlersFor(example, secret)
  try {
    const request = parseRequest(Frame.of(`auth:alice:x:${token}`))
    const seen = await Promise.resolve(handlers.auth?.(request as never)).catch((error: unknown) => {
      assert.ok(error instanceof BackendError || error instanceof UnavailableError, String(error))
      if (error instanceof UnavailableError) assert.ok(isAway(example.status), 'nothing is away')
      const { message } = error
      assert.ok(!message.includes(MARK) && !message.includes(token), `an error quotes a secret: ${message}`)
      return 'failed'
    })
    const expected = meaningOf(example)
    if (expected === 'anything but yes') assert.notEqual(seen, true)
    else if (expected !== 'anything') assert.equal(seen, expected)
  } finally {
    await handlers.close?.()
  }
}

function handlersFor({ asked, options }: Example, clientSecret: string): Handlers {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { user, userIs, claims, ...others } = options
  const known = Object.fromEntries(Object.entries({ user, userIs, claims }).filter(([, value]) => value))
  if (asked === 'keys') return jwt({ jwks: url, isuser: 'none', patience: 0 })
  return asked === 'userinfo'
    ? oauth({ ...known, userinfo: { url }, patience: 0 })
    : oauth({ ...known, ...others, introspection: { url, clientId: 'x', clientSecret }, patience: 0 })
}

type Meaning = boolean | 'failed' | 'anything' | 'anything but yes'

function meaningOf({ asked, status, body, options }: Example): Meaning {
  if (asked === 'userinfo' && (status === 401 || status === 403)) return false
  if (status !== 200 || Buffer.byteLength(body) > MOST) return 'failed'
  const answered = parse(body)
  if (answered === undefined) return 'failed'
  if (asked === 'keys') return meaningOfKeys(answered['keys'])
  if (asked === 'introspection') {
    if (typeof answered['active'] !== 'boolean') return 'failed'
    if (!answered['active']) return false
    const times = ['exp', 'nbf', 'iat'].filter((name) => Object.hasOwn(answered, name))
    if (times.some((name) => typeof answered[name] !== 'number')) return 'failed'
  }
  const { user, userIs, claims } = options
  // The other options are those of a token that is seen as it is, or introspected.
  const kept = Object.fromEntries(Object.entries({ user, userIs, claims }).filter(([, value]) => value))
  return letsIn(body, asked === 'introspection' ? options : kept, false)
}

/** A key that is broken, or for something else, may spoil the others, but lets nobody in. */
function meaningOfKeys(keys: unknown): Meaning {
  if (!Array.isArray(keys) || keys.length === 0) return 'failed'
  const isIntact = (key: unknown) => [RIGHT, OTHER].some(({ jwk }) => isDeepStrictEqual(key, jwk))
  if (keys.every(isIntact)) return keys.some((key) => isDeepStrictEqual(key, RIGHT.jwk))
  return keys.some(isRightPoint) ? 'anything' : 'anything but yes'
}

/** Are these the numbers of the right key, whatever stands beside them? The last of their bits mean nothing. */
function isRightPoint(key: { x?: unknown; y?: unknown } | null): boolean {
  const isSame = (one: unknown, other: unknown) =>
    typeof one === 'string' && Buffer.from(one, 'base64url').equals(Buffer.from(String(other), 'base64url'))
  return isSame(key?.x, RIGHT.jwk['x']) && isSame(key?.y, RIGHT.jwk['y'])
}

function isAway(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface Pair {
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
}

function ecPair(kid: string, numbers: { x: string; y: string; d: string }): Pair {
  const { d, ...rest } = { kty: 'EC', crv: 'P-256', ...numbers }
  const privateKey = createPrivateKey({ key: { ...rest, d }, format: 'jwk' })
  return { privateKey, jwk: { ...rest, kid, alg: 'ES256', use: 'sig' } }
}

function tokenOf({ privateKey, jwk }: Pair): string {
  const exp = Math.floor(Date.now() / 1000) + 30_000
  const parts = [
    { alg: 'ES256', kid: jwk['kid'] },
    { sub: 'alice', exp },
  ]
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}
