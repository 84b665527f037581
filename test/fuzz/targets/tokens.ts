import { strict as assert } from 'node:assert'
import { createHmac } from 'node:crypto'
import { jwt } from '../../../src/backends/jwt.ts'
import type { ClaimOptions } from '../../../src/backends/tokens.ts'
import { Frame } from '../../../src/frame.ts'
import { parseRequest } from '../../../src/request.ts'
import { mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** A token that is signed, whatever stands in it, and what has become of it. */
interface Example {
  readonly options: ClaimOptions
  readonly header: string
  readonly payload: string
  readonly key: string
  /** What the user sends; empty for the token as it is. */
  readonly damaged: string
}

/** Tokens, well signed and not, to yes or no. */
export const tokens: Target = {
  name: 'tokens',
  unit: 'cases',
  share: 4,
  count: 200,
  run: property({ generate, check, show: (example) => JSON.stringify(example, null, 2) }),
}

const SECRET = 'x'.repeat(32)
const HEADERS = [
  '{"alg":"HS256"}',
  '{"alg":"HS256","typ":"JWT","kid":"1"}',
  '{"alg":"HS256","typ":"at+jwt"}',
  '{"alg":"none"}',
  '{"alg":"HS512"}',
  '{"alg":"RS256"}',
  '{"alg":["HS256"]}',
  '{"alg":"HS256","crit":["exp"],"exp":1}',
  '{"typ":"JWT"}',
  'null',
  '[]',
  'x',
]

function generate(random: Random): Example {
  const payload = makePayload(random)
  const header = random.oneIn(6) ? random.pick(HEADERS) : (HEADERS[0] as string)
  const key = random.oneIn(20) ? random.pick(['', 'y', SECRET.slice(1)]) : SECRET
  const token = sign(header, payload, key)
  return {
    options: makeOptions(random),
    header,
    payload,
    key,
    damaged: random.oneIn(3) ? mutateText(random, token) : random.oneIn(20) ? forge(random, token) : '',
  }
}

/** What a token may have to be, each now and then. */
export function makeOptions(random: Random): ClaimOptions {
  const options: ClaimOptions = {
    user: random.pick(['sub', 'name', '__proto__']),
    userIs: random.pick(['local', 'jid']),
    claims: { azp: 'chat', level: [1, 2, true] },
    issuer: random.pick(['i', ['i', 'j']]),
    audience: random.pick(['a', ['a', 'b']]),
    scope: random.pick(['s', ['s', 't']]),
    requiredClaims: ['jti'],
    clockTolerance: random.pick([0, 5000]),
    maxTokenAge: random.pick([1000, 100_000]),
  }
  return Object.fromEntries(Object.entries(options).filter(() => random.oneIn(4)))
}

/** Values of claims; times are in seconds from now on, far from each other. */
const CLAIMS: Readonly<Record<string, readonly unknown[]>> = {
  sub: ['alice', 'ALICE', 'alice@x', 'bob', '', null, 1, ['alice'], { alice: 'alice' }],
  name: ['alice', 'alice@x', 'bob'],
  exp: [3000, -3000, 30_000, '3000', null, -60_000],
  iat: [-3000, 3000, -30_000, -300_000, 'x'],
  nbf: [-3000, 3000, 'x'],
  iss: ['i', 'j', 'k', ['i'], null],
  aud: ['a', ['a'], ['b', 'c'], 'c', [], {}],
  scope: ['s', 's t', 't', 'st', ['s', 't'], ''],
  azp: ['chat', ['chat'], 'other', true],
  level: [1, 2, 3, '1', true, [3, 2]],
  jti: ['1', null],
  cnf: [{}],
}

/** Claims, usual and unusual, as text. */
export function makePayload(random: Random): string {
  if (random.oneIn(30)) return random.pick(['', 'null', '[]', '"alice"', '1', '{', '{"sub":"alice"', '{}x'])
  const now = Math.floor(Date.now() / 1000)
  const chosen = Object.entries(CLAIMS).flatMap(([name, values]): [string, unknown][] => {
    const isUsual = name === 'sub' || name === 'exp'
    if (name === 'cnf' ? !random.oneIn(30) : random.oneIn(isUsual ? 30 : 4)) return []
    const value = random.oneIn(4) ? random.pick(values) : values[0]
    return [[name, ['exp', 'iat', 'nbf'].includes(name) && typeof value === 'number' ? now + value : value]]
  })
  const payload = JSON.stringify(Object.fromEntries(chosen))
  return random.oneIn(30) ? payload.replace('{', '{"__proto__":"alice",') : payload
}

function sign(header: string, payload: string, key: string): string {
  const text = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

/** Tricks that have worked elsewhere. */
function forge(random: Random, token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  return random.pick([
    `${header}.${payload}.`,
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    `${header}.${payload}`,
    `${token}.`,
    `${token}=`,
    `${token}\n`,
    ` ${token}`,
    `${header}.${payload}.${Buffer.alloc(32).toString('base64url')}`,
    `${header}..${signature}`,
  ])
}

async function check({ options, header, payload, key, damaged }: Example): Promise<void> {
  const token = sign(header, payload, key)
  const sent = damaged === '' ? token : damaged
  const request = parseRequest(Frame.of(Buffer.concat([Buffer.from('auth:alice:x:'), Buffer.from(sent)])))
  if (!('password' in request) || request.user !== 'alice') return
  const handlers = jwt({ ...options, secret: SECRET })
  const isGood =
    sent === token && key === SECRET && HEADERS.slice(0, 3).includes(header) && letsIn(payload, options)
  assert.equal(await handlers.auth?.(request as never), isGood)
  await handlers.close?.()
}

/** What the options say in words, one after the other; a token that nobody else looks at needs an `exp`. */
export function letsIn(payload: string, options: ClaimOptions, needsExp = true): boolean {
  let claims: Record<string, unknown>
  try {
    claims = JSON.parse(payload)
  } catch {
    return false
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return false
  const has = (name: string) => Object.keys(claims).includes(name)
  const claim = (name: string) => (has(name) ? claims[name] : undefined)
  const all = (value: unknown) => [value].flat()
  const shares = (name: string, wanted: unknown) => all(wanted).some((one) => all(claim(name)).includes(one))
  const now = Date.now() / 1000
  const tolerance = options.clockTolerance ?? 30
  const { exp, iat, nbf } = claims
  if (has('cnf') || (options.requiredClaims !== undefined && !has('jti'))) return false
  if (has('exp') ? typeof exp !== 'number' || exp + tolerance < now : needsExp) return false
  if (has('nbf') && (typeof nbf !== 'number' || nbf - tolerance > now)) return false
  if (has('iat') && (typeof iat !== 'number' || iat - tolerance > now)) return false
  if (
    options.maxTokenAge !== undefined &&
    !(typeof iat === 'number' && now - iat < options.maxTokenAge + tolerance)
  )
    return false
  if (options.issuer !== undefined && !all(options.issuer).includes(claim('iss') as string)) return false
  if (options.audience !== undefined && !shares('aud', options.audience)) return false
  const scopes = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : []
  if (options.scope !== undefined && !all(options.scope).every((word) => scopes.includes(word as string)))
    return false
  if (
    options.claims !== undefined &&
    !Object.entries(options.claims).every(([name, value]) => shares(name, value))
  )
    return false
  const { user = 'sub' } = options
  const name = typeof user === 'string' ? claim(user) : user(claims)
  return typeof name === 'string' && name.toLowerCase() === (options.userIs === 'jid' ? 'alice@x' : 'alice')
}
