import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { byServer } from '../../src/combinations/by-server.ts'
import type { Handlers } from '../../src/handlers.ts'
import { behave, kind, OPERATIONS, outcome, request } from './support.ts'

/** Handlers that allow nobody and tell which of them was asked. */
function recorded(patterns: readonly string[]) {
  const asked: string[] = []
  const hosts = Object.fromEntries(
    patterns.map((pattern) => [pattern, { auth: () => asked.push(pattern) < 0 } as Handlers]),
  )
  return { asked, handlers: byServer(hosts) }
}

const PATTERNS = ['example.org', '*.example.org', '*.a.example.org', 'b.example.org', '[::1]', '*']

const goes = (server: string, expected: string, patterns: readonly string[] = PATTERNS) =>
  test(`${server} goes to ${expected}, of ${patterns.join(' ')}`, async () => {
    const { asked, handlers } = recorded(patterns)
    assert.equal(await kind(handlers, request('auth', 'alice', server)), 'refused')
    assert.deepEqual(asked, [expected])
  })

goes('example.org', 'example.org')
goes('b.example.org', 'b.example.org')
goes('c.example.org', '*.example.org')
goes('a.example.org', '*.example.org')
goes('x.a.example.org', '*.a.example.org')
goes('x.y.a.example.org', '*.a.example.org')
goes('x.b.example.org', '*.example.org')
goes('example.net', '*')
goes('notexample.org', '*')
goes('example.org.example.net', '*')
goes('[::1]', '[::1]')
goes('localhost', '*')
goes('constructor', '*')
goes('__proto__', '*')
goes('constructor', 'constructor', ['constructor', '*'])
goes('müller.example', 'müller.example', ['müller.example', '*'])

for (const server of [
  'example.net',
  'x.example.org',
  'EXAMPLE.ORG',
  'constructor',
  '__proto__',
  'toString',
  '*',
])
  for (const operation of OPERATIONS)
    test(`${operation} of ${server}, which no pattern matches, is refused, and nobody is asked`, async () => {
      const yes = Object.fromEntries(OPERATIONS.map((name) => [name, () => assert.fail('was asked')]))
      assert.equal(
        await kind(byServer({ 'example.org': yes }), request(operation, 'alice', server)),
        'refused',
      )
    })

test('each request goes to the longest pattern that matches its host, or is refused', async () => {
  const host = fc
    .array(fc.constantFrom('a', 'b', 'org'), { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join('.'))
  const pattern = fc.oneof(
    host,
    host.map((name) => `*.${name}`),
    fc.constant('*'),
  )
  const matches = (server: string, known: string) =>
    known === '*' || (known.startsWith('*') ? server.endsWith(known.slice(1)) : server === known)
  // A host itself goes before all wildcards, and is never longer than one that matches it.
  const rank = (known: string) => (known.startsWith('*') ? known.length : 1000)
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(pattern, { minLength: 1, maxLength: 8 }),
      host,
      async (patterns, server) => {
        const { asked, handlers } = recorded(patterns)
        const best = patterns.filter((known) => matches(server, known)).sort((a, b) => rank(b) - rank(a))[0]
        assert.equal(await kind(handlers, request('auth', 'alice', server)), 'refused')
        assert.deepEqual(asked, best === undefined ? [] : [best])
      },
    ),
  )
})

test('what a member says is handed on: allowed, refused, and what is no answer fails', async () => {
  for (const late of [false, true]) {
    for (const [says, expected] of [
      [true, 'allowed'],
      [false, 'refused'],
      [undefined, 'failed'],
      ['yes', 'failed'],
      ['throws', 'failed'],
    ] as const) {
      assert.equal(await kind(byServer({ '*': { auth: behave({ says, late }) } }), request('auth')), expected)
    }
  }
})

test('a synchronous answer stays one', () => {
  const handlers = byServer({ '*': { auth: () => true } })
  assert.equal(handlers.auth?.(request('auth') as never), true)
})

test('an operation is there if one member has it, and is refused where a member lacks it', async () => {
  const handlers = byServer({ 'a.example': { auth: () => true }, 'b.example': { isuser: () => true } })
  assert.deepEqual(Object.keys(handlers).sort(), ['auth', 'isuser'])
  assert.equal(await kind(handlers, request('auth', 'alice', 'a.example')), 'allowed')
  assert.equal(await kind(handlers, request('auth', 'alice', 'b.example')), 'refused')
  assert.equal(await kind(handlers, request('isuser', 'alice', 'a.example')), 'refused')
  assert.equal(await kind(handlers, request('isuser', 'alice', 'b.example')), 'allowed')
})

test('removeuser3 is auth and removeuser where only another member has it, and no removal without the password', async () => {
  const removed: string[] = []
  const handlers = byServer({
    'a.example': { removeuser3: () => true },
    'b.example': {
      auth: ({ password }) => password === 'right',
      removeuser: ({ user }) => removed.push(user) > 0,
    },
    'c.example': { auth: () => true },
  })
  assert.equal(await kind(handlers, request('removeuser3', 'alice', 'b.example', 'wrong')), 'refused')
  assert.deepEqual(removed, [])
  assert.equal(await kind(handlers, request('removeuser3', 'alice', 'b.example', 'right')), 'allowed')
  assert.deepEqual(removed, ['alice'])
  assert.equal(await kind(handlers, request('removeuser3', 'alice', 'c.example', 'right')), 'refused')
})

test('a member is never asked for something else than what was asked', async () => {
  for (const lacking of OPERATIONS.filter((name) => name !== 'removeuser3')) {
    const trap = Object.fromEntries(
      OPERATIONS.filter((name) => name !== lacking).map((name) => [name, () => assert.fail(name)]),
    )
    const handlers = byServer({ 'a.example': trap, 'b.example': { [lacking]: () => true } })
    assert.equal(await kind(handlers, request(lacking, 'alice', 'a.example')), 'refused')
  }
})

test('members are called as methods', async () => {
  class Own {
    readonly password = 'right'
    auth({ password }: { password: string }) {
      return password === this.password
    }
  }
  const handlers = byServer({ '*': new Own() })
  assert.equal(await kind(handlers, request('auth', 'alice', 'example.org', 'right')), 'allowed')
})

test('the operation that was called is asked for, whatever the request says', async () => {
  const handlers = byServer({ '*': { auth: () => true, setpass: () => assert.fail('changed') } })
  assert.equal(await handlers.auth?.(request('setpass') as never), true)
})

test('close closes each member once, also one that stands in several places, and although one fails', async () => {
  const closed: string[] = []
  const member = (name: string): Handlers => ({ auth: () => true, close: () => void closed.push(name) })
  const [one, two] = [member('one'), member('two')]
  const broken: Handlers = {
    auth: () => true,
    close: () => {
      closed.push('broken')
      throw new Error('cannot')
    },
  }
  const inner = byServer({ 'a.example': one, 'b.example': broken })
  const outer = byServer({ 'a.example': inner, 'b.example': one, 'c.example': two, 'd.example': two })
  await assert.rejects(async () => outer.close?.(), { message: 'cannot' })
  await assert.rejects(async () => outer.close?.(), { message: 'cannot' })
  assert.deepEqual(closed.sort(), ['broken', 'one', 'two'])
})

test('without a member to close there is no close', () => {
  assert.equal(byServer({ '*': { auth: () => true } }).close, undefined)
})

const wrong = (title: string, hosts: unknown, message: RegExp) =>
  test(`${title} is a TypeError at the start`, () => {
    assert.throws(
      () => byServer(hosts as never),
      (error) => error instanceof TypeError && message.test(error.message),
    )
  })

const yes = { auth: () => true }
wrong('nothing', undefined, /got undefined/)
wrong('a list', [yes], /got array/)
wrong('no host', {}, /at least one host/)
for (const pattern of [
  '',
  '.',
  '*.',
  '**',
  '*.*',
  '*example.org',
  'a*.example.org',
  'a.*.org',
  '*.*.org',
  'a..b',
  '.a',
  'a.',
  'a b',
  'a\n',
  'alice@example.org',
  'example.org/x',
  'example.org:5222',
  '::1',
  '[::1',
  '[x]',
  'a[::1]',
])
  wrong(`the pattern ${JSON.stringify(pattern)}`, { [pattern]: yes }, /Expected a host of byServer/)
wrong('a pattern in upper case', { 'Example.org': yes }, /lower case/)
wrong(
  'a host without handlers',
  { 'example.org': undefined },
  /`example\.org` of byServer to be handlers, got undefined/,
)
wrong('a factory that was not called', { 'example.org': () => yes }, /a function: call it/)
wrong('handlers that were not awaited', { 'example.org': Promise.resolve(yes) }, /a promise: await it/)
wrong('handlers without an operation', { 'example.org': { close() {} } }, /at least one handler/)
wrong('a handler that is no function', { 'example.org': { auth: true } }, /auth to be a function/)
wrong('a handler with a slip in its name', { 'example.org': { isUser: () => true } }, /write isuser/)

test('what a member fails of stands in the outcome', async () => {
  const handlers = byServer({ '*': { auth: behave({ says: 'throws', late: true }) } })
  assert.deepEqual(await outcome(handlers, request('auth')), { kind: 'failed', reason: 'the store is away' })
})
