import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { Frame, FrameDecoder } from '../src/frame.ts'
import type { Operation } from '../src/handlers.ts'
import { isOperation, OPERATIONS, parseRequest, takesPassword } from '../src/request.ts'
import { collectGarbage } from './helpers/garbage.ts'
import { body, frames } from './helpers/wire.ts'

const WITH_PASSWORD = ['auth', 'setpass', 'tryregister', 'removeuser3'] as const
const WITHOUT = ['isuser', 'removeuser'] as const
const ALL: readonly Operation[] = [...WITH_PASSWORD, ...WITHOUT, 'certauth']

interface Parsed {
  operation?: string
  user?: string
  server?: string
  password?: string
  certificate?: string
  reason?: string
}

function parse(frame: Buffer): Parsed {
  return partsOf(Frame.of(frame))
}

function partsOf(frame: Frame): Parsed {
  const request = parseRequest(frame)
  if ('reason' in request) return { ...request }
  const { operation, user, server } = request
  const head = { operation, user, server }
  if ('password' in request) return { ...head, password: request.password }
  if ('certificate' in request)
    return { ...head, certificate: Buffer.from(request.certificate).toString('hex') }
  return head
}

for (const operation of WITH_PASSWORD) {
  const reads = (title: string, user: string, server: string, password: string) =>
    test(`${operation}: ${title}`, () => {
      assert.deepEqual(parse(body(operation, user, server, password)), { operation, user, server, password })
    })
  reads('user, server and password are read', 'alice', 'example.org', 'secret')
  reads('a password may hold colons', 'alice', 'example.org', 'a:b::c:')
  reads('a password may be a colon', 'alice', 'example.org', ':')
  reads('a password may hold line ends', 'alice', 'example.org', 'a\nb\r\n')
  reads('a password may hold NUL', 'alice', 'example.org', 'a\0b\0')
  reads('a password may be blank', 'alice', 'example.org', ' \t ')
  reads('a password may hold emoji', 'alice', 'example.org', '🐘👩‍👩‍👧')
  reads('a password is not normalised', 'alice', 'example.org', 'cafe\u0301 \ufb01')
  reads('a byte-order mark before the password is a part of it', 'alice', 'example.org', '\ufeffpw')
  reads('a password may look like an IPv6 literal', 'alice', 'example.org', '[::1]')
  reads('a password may fill the frame', 'alice', 'example.org', 'p'.repeat(65_500))
  reads('a byte-order mark before the user is a part of it', '\ufeffalice', 'example.org', 'pw')
  reads('a user may be of any script', 'عليّ', 'example.org', 'pw')
  reads('a user may be named as a folder is', '..', 'example.org', 'pw')
  reads('a user may be named as a member of every object is', '__proto__', 'constructor', 'pw')
  reads('a server may be an IPv6 literal', 'alice', '[::1]', 'pw')
  reads('a server may be an IPv6 literal, and the password hold a bracket', 'alice', '[2001:db8::1]', ']:[')
  reads('a server may hold a bracket that closes no literal', 'alice', '[x]y', 'pw')
  reads('a server may begin with a bracket that is never closed', 'alice', '[x', 'pw')
}

for (const operation of WITHOUT) {
  const reads = (title: string, user: string, server: string) =>
    test(`${operation}: ${title}`, () => {
      assert.deepEqual(parse(body(operation, user, server)), { operation, user, server })
    })
  reads('user and server are read', 'alice', 'example.org')
  reads('a server may be an IPv6 literal', 'alice', '[::1]')
  reads('a user may be 1023 bytes long', 'u'.repeat(1023), 'example.org')
}

test('certauth: the certificate is handed over as the bytes that arrived', () => {
  const certificate = Buffer.from('ff00fe3a0a80', 'hex')
  assert.deepEqual(parse(body('certauth', 'alice', 'example.org', certificate)), {
    operation: 'certauth',
    user: 'alice',
    server: 'example.org',
    certificate: 'ff00fe3a0a80',
  })
})

const malformed = (
  title: string,
  frame: string | Buffer,
  reason: RegExp,
  operation: Operation | undefined = undefined,
) =>
  test(`refused: ${title}`, () => {
    const parsed = parseRequest(Frame.of(frame))
    assert.ok('reason' in parsed)
    assert.match(parsed.reason, reason)
    assert.equal(parsed.operation, operation)
  })

malformed('an empty frame', '', /^empty frame$/)
for (const word of [
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'close',
  'signal',
  'AUTH',
  'Auth',
  ' auth',
  'auth ',
  'auth\0',
  '\ufeffauth',
  'removeuser4',
  'isuse',
  '',
]) {
  malformed(
    `the operation ${JSON.stringify(word)}`,
    body(word, 'alice', 'example.org', 'pw'),
    /^unknown operation/,
  )
}
malformed('bytes that are no text', Buffer.alloc(70, 0xff), /^unknown operation in a frame of 70 bytes$/)

for (const operation of ALL) {
  const last = operation === 'certauth' ? 'certificate' : takesPassword(operation) ? 'password' : undefined
  const refused = (title: string, frame: string | Buffer, reason: RegExp) =>
    malformed(`${operation} ${title}`, frame, reason, operation)
  refused('alone', operation, /^user and server are missing$/)
  refused('and a colon', `${operation}:`, /^server is missing$/)
  refused('without a server', body(operation, 'alice'), /^server is missing$/)
  const rest = last === undefined ? [] : ['pw']
  refused('with an empty user', body(operation, '', 'example.org', ...rest), /^user is empty$/)
  refused('with an empty server', body(operation, 'alice', '', ...rest), /^server is empty$/)
  refused('with a user that is not UTF-8', body(operation, Buffer.of(0xff), 'x', ...rest), /UTF-8/)
  refused('with a server that is not UTF-8', body(operation, 'alice', Buffer.of(0xc3), ...rest), /UTF-8/)
  if (last === undefined) {
    refused('with a field too many', body(operation, 'alice', 'x', ''), /^unexpected bytes after the server$/)
    refused('with bytes after a literal', body(operation, 'alice', '[::1]', 'x'), /^unexpected bytes after/)
  } else {
    refused(`without a ${last}`, body(operation, 'alice', 'x'), new RegExp(`^${last} is missing$`))
    refused(
      `without a ${last} after a literal`,
      body(operation, 'a', '[::1]'),
      new RegExp(`^${last} is missing$`),
    )
    refused(`with an empty ${last}`, body(operation, 'alice', 'x', ''), new RegExp(`^${last} is empty$`))
  }
}
for (const [title, hex] of [
  ['a lone continuation byte', '80'],
  ['a sequence cut off', '61c3'],
  ['bytes that never occur', 'fffe'],
  ['an overlong colon', 'c0ba'],
  ['half a surrogate pair', 'eda080'],
  ['a code point too high', 'f4908080'],
] as const) {
  malformed(
    `a password with ${title}`,
    body('auth', 'alice', 'x', Buffer.from(hex, 'hex')),
    /^not valid UTF-8$/,
    'auth',
  )
}

test('the operations are those seven', () => {
  assert.deepEqual([...OPERATIONS].sort(), [...ALL].sort())
  assert.deepEqual(ALL.filter(takesPassword), WITH_PASSWORD)
  assert.equal(isOperation('constructor'), false)
})

const REASON =
  /^(empty frame|unknown operation in a frame of \d+ bytes|user and server are missing|not valid UTF-8|unexpected bytes after the server|(user|server|password|certificate) is (missing|empty))$/

const anyFrame = fc.oneof(
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.constantFrom(...ALL), fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }))
    .map(([operation, fields]) => body(operation, ...fields)),
)

test('any frame is a request or is refused in words that are none of its own', () =>
  fc.assert(
    fc.property(anyFrame, (frame) => {
      const parsed = parseRequest(Frame.of(frame))
      if ('reason' in parsed) assert.match(parsed.reason, REASON)
      else assert.notEqual(parsed.user, '')
    }),
    { numRuns: 2000 },
  ))

test('a frame is the same request alone and beside others in its chunk', () =>
  fc.assert(
    fc.property(anyFrame, fc.constantFrom('isuser:a:b', 'isuser:ä:b', 'x'.repeat(200)), (bytes, other) => {
      const [, between] = new FrameDecoder().push(frames(other, bytes, 'isuser:a:b'))
      assert.deepEqual(partsOf(between as Frame), parse(bytes))
    }),
    { numRuns: 2000 },
  ))

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => !/[:[]/.test(text))
const password = fc.string({ unit: 'binary', minLength: 1 })

test('any user, server and password come out as they went in', () =>
  fc.assert(
    fc.property(
      fc.constantFrom(...WITH_PASSWORD),
      name,
      name,
      password,
      (operation, user, server, secret) => {
        const expected = { operation, user, server, password: secret }
        assert.deepEqual(parse(body(operation, user, server, secret)), expected)
      },
    ),
  ))

const SECRET = 'hunter2-hunter2'

const hides = (title: string, show: (request: object) => string) =>
  test(`a password does not show: ${title}`, () => {
    const request = parseRequest(Frame.of(body('auth', 'alice', 'example.org', SECRET)))
    for (const shown of [show(request), show({ request }), show([request])])
      assert.doesNotMatch(shown, /hunter2/)
    assert.match(show(request), /example\.org/)
  })
hides('JSON.stringify', (request) => JSON.stringify(request))
hides('util.inspect', (request) => inspect(request))
hides('util.inspect with all it can show', (request) =>
  inspect(request, { showHidden: true, getters: true, depth: Number.POSITIVE_INFINITY }),
)
hides('util.inspect with customInspect off, as console.dir', (request) =>
  inspect(request, { customInspect: false, showHidden: true }),
)
hides('a copy', (request) => JSON.stringify({ ...request }) + inspect({ ...request }))
hides('its members one by one', (request) => JSON.stringify(Object.entries(request)))

test('a certificate does not show either', () => {
  const request = parseRequest(Frame.of(body('certauth', 'alice', 'example.org', SECRET)))
  assert.doesNotMatch(
    inspect(request, { customInspect: false }) + JSON.stringify(request),
    /hunter2|104, ?117|68 75/,
  )
})

test('the signal is aborted with the reason, also when somebody looks at it only afterwards', () => {
  const [early, late] = [
    parseRequest(Frame.of(body('isuser', 'a', 'b'))),
    parseRequest(Frame.of(body('isuser', 'a', 'b'))),
  ]
  assert.ok(!('reason' in early) && !('reason' in late))
  const { signal } = early
  assert.equal(signal.aborted, false)
  const reason = new Error('late')
  early.abort(reason)
  late.abort(reason)
  assert.equal(signal.reason, reason)
  assert.equal(late.signal.reason, reason)
  assert.equal(late.signal, late.signal)
})

describe('what is kept', () => {
  const others = body('isuser', 'u'.repeat(100), 'example.org').toString()
  const chunk = (user: string) =>
    frames(
      body('auth', user, 'a-long-name.example.org', 'and a long password'),
      ...Array.from({ length: 400 }, () => others),
    )

  test('who keeps a name or a password keeps nothing of the frames that came with it', () => {
    const keep = (user: string) => {
      const [frame] = new FrameDecoder().push(chunk(user))
      const request = parseRequest(frame as Frame)
      if (!('password' in request)) throw new Error('expected a request with a password')
      return [request.user, request.server, request.password]
    }
    assert.ok(memoryOf((i) => keep(`somebody-with-a-long-name-${i}`)) < 0.1 * 400 * others.length)
  })

  test('a decoder that has nothing left keeps nothing of what it had', () => {
    const keep = (user: string) => {
      const decoder = new FrameDecoder().push(chunk(user))
      for (const frame of decoder) parseRequest(frame)
      return decoder
    }
    assert.ok(memoryOf((i) => keep(`somebody-with-a-long-name-${i}`)) < 0.1 * 400 * others.length)
  })

  test('no password is left in the memory that small buffers of the process share', () => {
    for (const password of ['a password with ASCII in it', 'a päßword with more in it']) {
      const text = `auth:alice:example.org:${password}`
      const bytes = Buffer.alloc(Buffer.byteLength(text))
      bytes.write(text)
      const request = parseRequest(Frame.of(bytes))
      assert.ok('password' in request && request.password === password)
      assert.ok(
        !Buffer.from(Buffer.from('x').buffer).includes(bytes.subarray('auth:alice:example.org:'.length)),
      )
    }
  })
})

/** How many bytes of the heap it takes to keep one such thing. */
function memoryOf(make: (number: number) => unknown): number {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const kept = Array.from({ length: 500 }, (_, number) => make(number))
  collectGarbage()
  return (process.memoryUsage().heapUsed - before) / kept.length
}
