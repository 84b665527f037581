import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { HandlersError } from '../src/errors.ts'
import { placeOf, reasonOf, reasonOfUnknownOrigin, typeName } from '../src/reason.ts'

const described = (title: string, thrown: unknown, reason: string) =>
  test(`${title}: ${reason.slice(0, 60)}`, () => assert.equal(reasonOf(thrown), reason))

described('an error', new Error('no database'), 'Error: no database')
described('an error without a message', new TypeError(), 'TypeError')
described('an error with an odd name', Object.assign(new Error(), { name: Symbol('x') }), 'Symbol(x)')
described(
  'an error with a code',
  Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' }),
  'Error ECONNREFUSED: connect failed',
)
described(
  'an error whose message has the code',
  Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' }),
  'Error: ENOENT: no such file',
)
described('an error with a code that is no text', Object.assign(new Error('x'), { code: 7 }), 'Error: x')
described('one of our own', new HandlersError('no handlers', { cause: new Error('x') }), 'no handlers')
described(
  'an error and its causes',
  new Error('a', { cause: new Error('b', { cause: 'c' }) }),
  "Error: a, because of Error: b, because of a thrown string 'c'",
)
described(
  'several errors in one',
  new AggregateError([new Error('to ::1'), new Error('to 127.0.0.1')], ''),
  'AggregateError, because of Error: to ::1',
)
described('an object', { status: 500 }, 'a thrown object { status: 500 }')
described('an object in an object', { a: { b: 1 } }, 'a thrown object { a: [Object] }')
described('nothing', undefined, 'a thrown undefined')
described('null', null, 'a thrown null')
described('a long message is cut', new Error('x'.repeat(600)), `Error: ${'x'.repeat(493)}...`)

for (const [title, message, told] of [
  ['a password', 'no https://bob:s3cret@db:1/x?y=1, sorry', 'no https://...@db:1/x?y=1, sorry'],
  ['a token', "fetch('https://t0ken@example.org')", "fetch('https://...@example.org')"],
  ['an @ in a password', 'postgresql://bob:s@3cret@db/shop', 'postgresql://...@db/shop'],
  [
    'one that begins like a port',
    'no postgres://chat:12/pq9x@db.example.org/x',
    'no postgres://...@db.example.org/x',
  ],
  ['one like a port, without a user', 'no redis://:4711?secret@h:6379', 'no redis://...@h:6379'],
  ['one like a port and a fragment', 'no mysql://u:99#kfj@h/x', 'no mysql://...@h/x'],
  ['one like a port, with a blank', 'no postgres://chat:12/p q9x@db/x', 'no postgres://...@db/x'],
  ['a / in a token', 'no https://t0/ken@example.org', 'no https://...@example.org'],
  [
    'an @ in a path, which looks the same',
    'GET http://db:80/users/bob@example.org',
    'GET http://...@example.org',
  ],
  ['two URLs', 'a://b:c@d or e://f:g@h', 'a://...@d or e://...@h'],
  [
    'a / in a password',
    'Failed to parse URL from https://bob:s3/cret@db/',
    'Failed to parse URL from https://...@db/',
  ],
  ['a ? in a password', 'no https://bob:s3?cret@db/', 'no https://...@db/'],
  ['a # in a password', 'no https://bob:#s3cret@db/', 'no https://...@db/'],
  ['a blank in a password', 'no https://bob:s3 cret@db/', 'no https://...@db/'],
] as const) {
  described(
    `what stands before the host of a URL is left out: ${title}`,
    new Error(message),
    `Error: ${told}`,
  )
  described(
    `of a cause, too: ${title}`,
    new Error('x', { cause: message }),
    `Error: x, because of a thrown string ${inspect(told)}`,
  )
}

for (const told of [
  'GET http://db:80/users: no such bob',
  'GET http://db/users says no to bob@example.org',
  'bob@example.org is not at http://db:80/users',
]) {
  described('a URL without anything before its host is told', new Error(told), `Error: ${told}`)
}

for (const text of [
  '{"password": hunter2 , "a": "long long long long"}',
  '{"pass":hunter2}',
  'hunter2',
  '{"pass":"hun" ter2"}',
]) {
  test(`what JSON.parse quotes of ${text} is left out`, () => {
    const parse = () => JSON.parse(text)
    assert.throws(parse, (error) => {
      assert.match(
        reasonOf(error),
        /^SyntaxError: (Unexpected token '.', \.\.\. is not valid JSON|Expected .* in JSON at)/,
      )
      assert.doesNotMatch(reasonOf(new Error('x', { cause: error })), /hunter2|pass/)
      return true
    })
  })
}

test('a chain of causes that leads back to itself ends', () => {
  const error = new Error('a')
  error.cause = error
  assert.equal(reasonOf(error).split('because of').length, 5)
})

const throws = (what: string) => () => {
  throw new Error(what)
}
const hostile = (title: string, thrown: unknown) =>
  test(`what cannot be described is described all the same: ${title}`, () => {
    assert.match(reasonOf(thrown, 'secret'), /an error that cannot be described/)
    assert.match(reasonOfUnknownOrigin(thrown), /^(an error that cannot be described|Error|a thrown object)/)
    placeOf(thrown)
  })
const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()
hostile('a message that throws', Object.defineProperty(new Error('x'), 'message', { get: throws('message') }))
hostile('a name that throws', Object.defineProperty(new Error('x'), 'name', { get: throws('name') }))
hostile('a message that is no text', Object.assign(new Error('x'), { message: Symbol('x') }))
hostile('a name that makes no text', Object.assign(new Error(), { name: { toString: throws('toString') } }))
hostile('a Proxy', new Proxy(new Error('x'), { getPrototypeOf: throws('trap') }))
hostile('a revoked Proxy', revoked)
hostile('an object that cannot be shown', { [inspect.custom]: throws('inspect') })

test('a cause and a stack that cannot be read are left out', () => {
  const error = Object.defineProperties(new Error('x'), {
    cause: { get: throws('cause') },
    stack: { get: throws('stack') },
  })
  assert.equal(reasonOf(error), 'Error: x')
  assert.equal(reasonOfUnknownOrigin(error), 'Error')
})

const SECRET = `It's "Tür" & 100%\\ zu +/?`

const SPELLINGS: readonly (readonly [string, (secret: string) => string])[] = [
  ['as it is', (secret) => secret],
  ['in upper case', (secret) => secret.toUpperCase()],
  ['in JSON', (secret) => JSON.stringify({ secret })],
  ['in JSON in JSON', (secret) => JSON.stringify(JSON.stringify({ secret }))],
  ['inspected', (secret) => inspect({ secret })],
  ['in a query', (secret) => String(new URLSearchParams({ secret }))],
  ['in a part of a URL', (secret) => `/check/${encodeURIComponent(secret)}/x`],
  ['in a path of a URL', (secret) => encodeURI(`GET /check/${secret}`)],
  ['in SQL', (secret) => `near '${secret.replaceAll("'", "''")}'`],
  ['in SQL with backslashes', (secret) => `near '${secret.replace(/['"\\]/g, '\\$&')}'`],
  ['in hexadecimal', (secret) => Buffer.from(secret).toString('hex')],
  ['in hexadecimal, upper case', (secret) => `\\x${Buffer.from(secret).toString('hex').toUpperCase()}`],
  ['in Base64', (secret) => Buffer.from(secret).toString('base64')],
  ['in Base64 for URLs', (secret) => Buffer.from(secret).toString('base64url')],
  ['behind a user in Base64', (secret) => `Basic ${Buffer.from(`bob:${secret}`).toString('base64')}`],
  ['behind a longer user in Base64', (secret) => Buffer.from(`alice:${secret}`).toString('base64')],
  ['between NULs in Base64', (secret) => Buffer.from(`\0bob\0${secret}\0`).toString('base64')],
]

const QUOTED = /\(the message may quote the password and is left out\)$/

for (const [title, spell] of SPELLINGS) {
  const quoting = spell(SECRET)
  const hidden = (where: string, thrown: unknown) =>
    test(`a password is kept out of the reason, quoted ${title}, in ${where}`, () => {
      const reason = reasonOf(thrown, SECRET)
      assert.match(reason, QUOTED)
      assert.ok(!reason.includes(quoting))
    })
  hidden('a message', new Error(`cannot log in: ${quoting}, sorry`))
  hidden('the message of a cause', new Error('x', { cause: new Error(quoting) }))
  hidden('a thrown text', quoting)
  hidden('a thrown object', { message: quoting })
  hidden('the name of an error', Object.assign(new Error('x'), { name: quoting }))
  hidden('the code of an error', Object.assign(new Error('x'), { code: quoting }))
  hidden('one of our own errors', new HandlersError(quoting))
}

for (const length of [99, 101, 499, 501, 5000, 65_000]) {
  test(`of a password of ${length} bytes not even the beginning is told`, () => {
    const secret = 'pass'.repeat(length / 4) + '!'.repeat(length % 4)
    for (const thrown of [secret, new Error(secret), { secret }, new Error(`${'x'.repeat(480)}${secret}`)]) {
      const reason = reasonOf(thrown, secret)
      assert.match(reason, QUOTED)
      assert.doesNotMatch(reason, /passp/)
    }
  })
}

test('the other form of a composed letter is recognised', () => {
  assert.match(reasonOf(new Error('caf\u00e9'), 'cafe\u0301'), QUOTED)
})
test('a message that does not quote the password is told', () => {
  assert.equal(reasonOf(new Error('no database'), 'hunter2'), 'Error: no database')
})
test('of several secrets each is left out', () => {
  for (const message of ['login hunter2', 'service t0psecret'])
    assert.match(reasonOf(new Error(message), 'hunter2', undefined, 't0psecret'), QUOTED)
  assert.equal(reasonOf(new Error('no database'), 'hunter2', undefined, 't0psecret'), 'Error: no database')
})
test('names and codes are told where the message is left out', () => {
  const error = Object.assign(new TypeError('hunter2'), { code: 'EBAD', cause: new RangeError('y') })
  assert.equal(
    reasonOf(error, 'hunter2'),
    'TypeError EBAD, because of RangeError (the message may quote the password and is left out)',
  )
})

test('no password is told in any spelling, whatever stands around it', () =>
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ minLength: 4 }), fc.string({ unit: 'binary', minLength: 4, maxLength: 200 })),
      fc.constantFrom(...SPELLINGS.map(([, spell]) => spell)),
      fc.string(),
      fc.string(),
      (text, spell, before, after) => {
        const secret = Buffer.from(text).toString()
        const reason = reasonOf(new Error(before + spell(secret) + after), secret)
        assert.match(reason, QUOTED)
      },
    ),
    { numRuns: 2000 },
  ))

test('an error out of nowhere is told by its name and its line, without its message', () => {
  const error = Object.assign(new TypeError('hunter2'), { code: 'EBAD' })
  const reason = reasonOfUnknownOrigin(error)
  assert.match(reason, /^TypeError EBAD at .*reason\.test\.[jt]s:\d+:\d+\)?$/)
})
test('a message that looks like a line of the stack is not taken for one', () => {
  const reason = reasonOfUnknownOrigin(new Error('x\n    at hunter2 (y)'))
  assert.match(reason, /^Error at .*reason\.test/)
})
test('what is no error and comes out of nowhere is told by its type', () => {
  assert.equal(reasonOfUnknownOrigin('hunter2'), 'a thrown string')
  assert.equal(reasonOfUnknownOrigin({ password: 'hunter2' }), 'a thrown object')
})

test('a value is named by its type', () => {
  const values = [undefined, null, true, 1, 'x', [], {}, () => {}]
  assert.deepEqual(values.map(typeName), [
    'undefined',
    'null',
    'boolean',
    'number',
    'string',
    'array',
    'object',
    'function',
  ])
})

/** What handlers and the libraries they use do to a password on its way into a message. */
const SHORTENED: readonly (readonly [
  title: string,
  password: string,
  thrown: (password: string) => unknown,
])[] = [
  [
    'by Node',
    'correct horse battery staple',
    (password) => new TypeError(`type string ('${password.slice(0, 22)}...')`),
  ],
  ['by a database', "pa'shunter2", () => new Error("syntax error near 'shunter2' at line 1")],
  ['as a Buffer', 'hunter2hunter2', (password) => ({ sent: Buffer.from(password) })],
  ['as a Buffer in JSON', 'hunter2hunter2', (password) => new Error(JSON.stringify(Buffer.from(password)))],
  ['in ASCII', 'pässwörter', () => new Error('p\\u00e4ssw\\u00f6rter')],
  ['at the end of what is kept', 'hunter2hunter2', (password) => new Error(`${'x'.repeat(480)}${password}`)],
]
for (const [title, password, thrown] of SHORTENED) {
  test(`a password that is quoted in part is left out: ${title}`, () => {
    assert.match(reasonOf(thrown(password), password), QUOTED)
  })
}

test('a message that quotes nothing is kept, however short the password is', () => {
  for (const password of ["'", 'q', '\\', 'xyzzy']) {
    assert.equal(reasonOf(new Error('no database'), password), 'Error: no database')
  }
})
