import { strict as assert } from 'node:assert'
import { generateKeyPairSync } from 'node:crypto'
import { createSecureContext, rootCertificates } from 'node:tls'
import { accounts } from '../../../src/backends/accounts.ts'
import { checkHttpOptions } from '../../../src/backends/http/options.ts'
import { checkJwtOptions } from '../../../src/backends/jwt/options.ts'
import { settingsOf } from '../../../src/backends/ldap/settings.ts'
import { oauth } from '../../../src/backends/oauth.ts'
import { sql } from '../../../src/backends/sql.ts'
import { byServer } from '../../../src/combinations/by-server.ts'
import { mapUser } from '../../../src/combinations/map-user.ts'
import { remember } from '../../../src/combinations/remember.ts'
import { slowDown } from '../../../src/combinations/slow-down.ts'
import { MissingPackageError } from '../../../src/errors.ts'
import { checkFormats } from '../../../src/passwords/formats.ts'
import { MARK } from '../behaviours.ts'
import { processorTime } from '../effort.ts'
import { makeText, mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** Whose options, and what was made of them. */
interface Example {
  readonly owner: Owner
  readonly options: unknown
}

type Owner = keyof typeof OWNERS

/** What administrators write into their handlers modules. */
export const options: Target = {
  name: 'options',
  unit: 'cases',
  share: 3,
  count: 1000,
  run: property({ generate, check, show: ({ owner, options }) => `${owner}(${describe(options)})` }),
}

const PASSWORD = `${MARK}-and-more`
const SECRETIVE = { username: 'u', password: PASSWORD }
/** What somebody writes who has not read on: in the place of all options, and of any of them. */
const CONNECTION = `postgres://u:${PASSWORD}@127.0.0.1/x`
const BASE = { isuser: 'none', claims: { a: 1 }, audience: ['x'], clockTolerance: 1 }

const YES = { auth: () => true }

const CERTIFICATES = rootCertificates.slice(0, 2).join('\n')
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const PUBLIC_PEM = String(publicKey.export({ type: 'spki', format: 'pem' }))
const PUBLIC_JWK = publicKey.export({ format: 'jwk' })
const PRIVATE_KEYS = [
  privateKey.export({ type: 'pkcs8', format: 'pem' }),
  privateKey.export({ format: 'jwk' }),
  { ...PUBLIC_JWK, d: PASSWORD },
]

/** Options that are right, and who looks at them. Every password that there is in them is marked. */
const OWNERS = {
  accounts: { right: [{ directory: '/x', patience: 1 }], check: (value: never) => accounts(value).close?.() },
  byServer: {
    right: [
      { 'example.org': YES, '*.example.org': YES, '[::1]': YES, '*': YES },
      { 'b\u00fccher.example': YES },
    ],
    check: (value: never) => byServer(value).close?.(),
  },
  mapUser: {
    right: [{ map: 'jid' }, { map: 'unescape' }, { map: () => 'x' }],
    check: (value: { map: never } | undefined) => mapUser(YES, value?.map as never).close?.(),
  },
  formats: {
    right: [{ pepper: PASSWORD, weak: ['md5'], newHashes: 'ssha512' }],
    check: (value: never) => checkFormats('sql', value),
  },
  http: {
    right: [
      {
        url: 'http://127.0.0.1/',
        credentials: SECRETIVE,
        headers: { 'X-Key': PASSWORD },
        operations: ['auth'],
        maxBodySize: 9,
      },
      {
        api: 'json',
        url: 'http://127.0.0.1/{operation}',
        operations: ['auth'],
        headers: { 'X-Key': PASSWORD },
      },
      { api: 'json', url: { auth: 'http://127.0.0.1/' }, credentials: SECRETIVE },
      { api: 'basic', url: 'https://127.0.0.1/', headers: { Authorisation: PASSWORD } },
      { url: 'https://127.0.0.1/', ca: CERTIFICATES },
    ],
    check: checkHttpOptions,
  },
  jwt: {
    right: [
      { ...BASE, secret: PASSWORD.repeat(5), algorithms: ['HS256'] },
      { ...BASE, jwks: 'https://127.0.0.1/' },
      { ...BASE, publicKey: PUBLIC_PEM },
      { ...BASE, publicKey: PUBLIC_JWK, algorithms: ['EdDSA'] },
      { ...BASE, publicKey: [PUBLIC_JWK, PUBLIC_PEM] },
    ],
    check: checkJwtOptions,
  },
  ldap: {
    right: [
      {
        url: 'ldap://127.0.0.1',
        bindDn: 'cn=x',
        bindPassword: PASSWORD,
        base: 'dc=x',
        filter: '(uid=%u)',
        setpass: true,
      },
      {
        url: ['ldaps://x', 'ldaps://y'],
        userDn: 'uid=%u,dc=x',
        group: { filter: '(member=%D)', base: 'dc=x' },
        timeout: 1,
      },
      { url: 'ldaps://x', userDn: 'uid=%u,dc=x', ca: CERTIFICATES },
    ],
    check: settingsOf,
  },
  oauth: {
    right: [
      {
        ...BASE,
        introspection: {
          url: 'http://127.0.0.1/',
          clientId: 'x',
          clientSecret: PASSWORD,
          clientAuth: 'post',
        },
      },
      { isuser: 'none', userinfo: { url: 'http://127.0.0.1/' } },
    ],
    check: (value: never) => oauth(value).close?.(),
  },
  sql: {
    right: [
      { auth: 'SELECT :user', setpass: 'UPDATE :user :hash', passwords: { pepper: PASSWORD }, patience: 1 },
    ],
    check: (value: never) =>
      sql({ pool: { dialect: 'sqlite', query() {} }, ...(value as object) } as never).close?.(),
  },
  remember: {
    right: [{ allowed: 1, refused: 1, outage: 1, wait: 1, size: 1 }],
    check: (value: never) => remember({ auth: () => true }, value).close?.(),
  },
  slowDown: {
    right: [{}],
    check: (value: never) => slowDown({ auth: () => true }, value).close?.(),
  },
} as const

function generate(random: Random): Example {
  const owner = random.pick(Object.keys(OWNERS) as Owner[])
  const right = random.pick(OWNERS[owner].right as readonly object[])
  if (random.oneIn(60)) return { owner, options: random.oneIn(4) ? CONNECTION : makeValue(random, 2) }
  return { owner, options: random.oneIn(8) ? right : damage(random, right) }
}

/** Puts something else in the place of a value, however deep it is, renames it, or puts something beside it. */
function damage(random: Random, value: object): object {
  const entries = Object.entries(value)
  const at = random.below(entries.length + 1)
  const [name, old] = entries[at] ?? [makeText(random), undefined]
  const isNested = typeof old === 'object' && old !== null && !Array.isArray(old)
  const changed: [string, unknown] = random.oneIn(4)
    ? [mutateText(random, name), old]
    : [name, isNested && random.oneIn(2) ? damage(random, old) : other(random, old)]
  const all = entries.toSpliced(at, 1, changed)
  return random.oneIn(4) ? damage(random, Object.fromEntries(all)) : Object.fromEntries(all)
}

/** Passwords stay passwords, or come in places where texts are, which are theirs. */
function other(random: Random, old: unknown): unknown {
  if (typeof old === 'string' && old.includes(MARK)) {
    return random.pick([
      [old],
      { old },
      Buffer.from(old),
      '',
      `${old}\n`,
      [[old]],
      Symbol(old),
      () => old,
      new String(old),
    ])
  }
  if (typeof old === 'string' && /^(https?|ldaps?):/.test(old) && random.oneIn(2)) {
    const scheme = random.pick([old.replace(/:.*$/, ''), 'ftp', 'x y'])
    return random.pick([
      `${scheme}://u:${PASSWORD}@127.0.0.1/`,
      `${scheme}://127.0.0.1/?key=${PASSWORD}`,
      [old, PASSWORD],
    ])
  }
  if ((old === PUBLIC_PEM || old === PUBLIC_JWK || Array.isArray(old)) && random.oneIn(2)) {
    const key = random.pick([...PRIVATE_KEYS, mutateText(random, PUBLIC_PEM), damage(random, PUBLIC_JWK)])
    return random.pick([key, [key], [PUBLIC_PEM, key]])
  }
  if (typeof old === 'string' && random.oneIn(2)) return mutateText(random, old)
  return makeValue(random, 2)
}

const VALUES: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    false,
    0,
    1,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    10n,
    Symbol('x'),
  ],
  ...[
    '',
    'x',
    '0',
    'true',
    [],
    {},
    [[]],
    new Map(),
    new Date(0),
    /x/,
    () => true,
    Object.create(null),
    Object(true),
  ],
  ...[
    new Uint8Array(3),
    new URL('http://127.0.0.1/'),
    Promise.resolve(),
    new Error('x'),
    'x'.repeat(5000),
    [undefined],
  ],
]

function makeValue(random: Random, depth: number): unknown {
  if (depth > 0 && random.oneIn(6)) return random.list(random.below(4), () => makeValue(random, depth - 1))
  return random.oneIn(4) ? makeText(random) : random.pick(VALUES)
}

/** Most time of a processor that a look may take, in milliseconds. */
const MOST = 500

function check({ owner, options }: Example): void {
  const time = processorTime()
  try {
    void OWNERS[owner].check(options as never)
    checkTaken(options as TakenOptions)
  } catch (error) {
    assert.ok(!(OWNERS[owner].right as readonly unknown[]).includes(options), String(error))
    if (!(error instanceof TypeError || error instanceof MissingPackageError)) throw error
    assert.ok(!error.message.includes(MARK), `an error prints a password: ${error.message}`)
    assert.match(error.message, OURS)
  }
  assert.ok(time() < MOST, `it took ${time()} ms`)
}

interface TakenOptions {
  readonly ca?: string
  readonly publicKey?: unknown
}

/** What is taken can be used, all of it, and is nothing that nobody but its owner should have. */
function checkTaken({ ca, publicKey }: TakenOptions = {}): void {
  if (ca !== undefined) {
    createSecureContext({ ca })
    const found = (pattern: RegExp) => String(ca).match(pattern)?.length ?? 0
    const marks = found(/-----(BEGIN|END) /g)
    assert.equal(2 * found(/^-----BEGIN [A-Z\d ]+-----/gm), marks, 'a certificate is passed over')
  }
  const keys = [publicKey].flat()
  assert.ok(!PRIVATE_KEYS.some((key) => keys.includes(key)), 'a private key is taken')
}

/** An error that we have written, not one of the engine's about what is no function or cannot be read. */
const OURS = /^(Expected|[a-zA-Z ]+(\(api: \w+\) )?has no option|`graceTime`|The options? |the package )/

function describe(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, each) => (typeof each === 'bigint' || typeof each === 'symbol' ? String(each) : each),
    2,
  )
}
