import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { escapeName, unescapeName } from '../../src/combinations/jid-escaping.ts'
import { mapUser, type UserMap } from '../../src/combinations/map-user.ts'
import type { Handlers, Request } from '../../src/handlers.ts'
import { kind, memoryStore, OPERATIONS, outcome, request } from './support.ts'

/** What a request becomes, or what became of it instead. */
async function mapped(map: Parameters<typeof mapUser>[1], user: string, server = 'example.org') {
  const seen: Request[] = []
  const handlers = mapUser({ auth: (asked) => seen.push(asked) > 0 }, map)
  const became = await kind(handlers, request('auth', user, server))
  return seen[0]?.user ?? became
}

const maps = (map: 'jid' | 'lowercase' | 'unescape', user: string, expected: string) =>
  test(`${map}: ${user} becomes ${expected}`, async () => assert.equal(await mapped(map, user), expected))

maps('jid', 'alice', 'alice@example.org')
maps('lowercase', 'Alice', 'alice')
maps('lowercase', 'alice', 'alice')

// Those of XEP-0106, sections 3 and 5, and its edges.
const NAMES: readonly (readonly [localPart: string, name: string])[] = [
  ['alice', 'alice'],
  ['space\\20cadet', 'space cadet'],
  ['call\\20me\\20\\22ishmael\\22', 'call me "ishmael"'],
  ['at\\26t\\20guy', 'at&t guy'],
  ['d\\27artagnan', "d'artagnan"],
  ['\\2f.fanboy', '/.fanboy'],
  ['\\3a\\3afoo\\3a\\3a', '::foo::'],
  ['\\3cfoo\\3e', '<foo>'],
  ['user\\40host', 'user@host'],
  ['c\\3a\\net', 'c:\\net'],
  ['c\\3a\\\\net', 'c:\\\\net'],
  ['c\\3a\\cool\\20stuff', 'c:\\cool stuff'],
  ['c\\3a\\5c5commas', 'c:\\5commas'],
  ['\\5c20alice', '\\20alice'],
  ['\\5c5c', '\\5c'],
  ['\\2plus\\2is\\4', '\\2plus\\2is\\4'],
  ['foo\\bar', 'foo\\bar'],
  ['foo\\41r', 'foo\\41r'],
  ['foo\\2F', 'foo\\2F'],
  ['\\', '\\'],
]
for (const [localPart, name] of NAMES)
  test(`unescape: ${localPart} stands for ${name}, and for no other name`, async () => {
    assert.equal(await mapped('unescape', localPart), name)
    assert.equal(escapeName(name), localPart)
  })

for (const user of ['\\20alice', 'alice\\20', '\\20', 'a\\5cb', 'alice\\5c', '\\5c', 'a\\5c\\20b'])
  test(`unescape: no name is written ${user}: it is refused`, async () =>
    assert.equal(await mapped('unescape', user), 'refused'))

const character = fc.oneof(
  fc.constantFrom(...'\\ "&\'/:<>@02567abcdef'),
  fc.string({ unit: 'binary', maxLength: 1 }),
)
const anyName = fc.array(character, { minLength: 1, maxLength: 12 }).map((characters) => characters.join(''))

test('unescape: every name but one with a space at an end comes back from its escaped form, which has nothing to escape', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const escaped = escapeName(name)
      assert.doesNotMatch(escaped, /[ "&'/:<>@]/)
      assert.equal(unescapeName(escaped), /^ | $/.test(name) ? undefined : name)
    }),
  )
})

test('unescape: two local parts never stand for the same name', () => {
  fc.assert(
    fc.property(anyName, (localPart) => {
      const name = unescapeName(localPart)
      if (name !== undefined) assert.equal(escapeName(name), localPart)
    }),
    { numRuns: 1000 },
  )
})

const own = (title: string, map: UserMap, expected: string) =>
  test(`a function of one's own ${title}`, async () => assert.equal(await mapped(map, 'alice'), expected))
own('is given user and server', (user, server) => `${server}\\${user}`, 'example.org\\alice')
own('that returns undefined: refused', () => undefined, 'refused')
own('that returns an empty name: failed', () => '', 'failed')
own('that returns null: failed', () => null as never, 'failed')
own('that returns a number: failed', () => 7 as never, 'failed')
own('that is asynchronous: failed', (async () => 'alice') as never, 'failed')
own(
  'that throws: failed',
  () => {
    throw new Error('no')
  },
  'failed',
)

for (const operation of OPERATIONS)
  test(`${operation}: all but the name stays as it was, and the password is as hidden as before`, () => {
    const seen: Request[] = []
    const handlers = mapUser(
      { [operation]: (asked: Request) => seen.push(asked) > 0 },
      'jid',
    ) as Required<Handlers>
    const incoming = request(operation)
    assert.equal(handlers[operation](incoming as never), true)
    const [became] = seen
    assert.ok(became !== undefined)
    const { user, server } = became
    assert.deepEqual([became.operation, user, server], [operation, 'alice@example.org', 'example.org'])
    if ('password' in incoming) assert.equal((became as typeof incoming).password, incoming.password)
    if ('certificate' in incoming) assert.equal((became as typeof incoming).certificate, incoming.certificate)
    for (const shown of [inspect(became, { depth: 9 }), JSON.stringify(became), inspect({ ...became })])
      assert.doesNotMatch(shown, /secret/)
    const reason = new Error('the deadline')
    incoming.abort(reason)
    assert.equal(became.signal, incoming.signal)
    assert.equal(became.signal.reason, reason)
  })

test('the signal is made when the handler looks at it, and not before', () => {
  const plain = Object.defineProperty(
    { operation: 'isuser', user: 'alice', server: 'example.org' },
    'signal',
    {
      get: () => assert.fail('the signal was made'),
    },
  )
  assert.equal(mapUser({ isuser: () => true }, 'jid').isuser?.(plain as never), true)
})

test('a plain object of a request has its password hidden, too', () => {
  const seen: Request[] = []
  const { signal } = new AbortController()
  const handlers = mapUser({ auth: (asked) => seen.push(asked) > 0 }, 'jid')
  void handlers.auth?.({
    operation: 'auth',
    user: 'alice',
    server: 'example.org',
    password: 'secret',
    signal,
  })
  assert.doesNotMatch(inspect(seen), /secret/)
  assert.equal(seen[0]?.signal, signal)
})

test('accounts are registered, changed and removed under the name elsewhere', async () => {
  const store = memoryStore()
  const handlers = mapUser(store.handlers, 'unescape')
  for (const operation of ['tryregister', 'setpass', 'auth', 'isuser'] as const)
    assert.equal(await kind(handlers, request(operation, 'd\\27artagnan')), 'allowed', operation)
  assert.deepEqual([...store.passwords], [["d'artagnan", 'secret']])
  assert.equal(await kind(handlers, request('removeuser', 'd\\27artagnan')), 'allowed')
  assert.deepEqual([...store.passwords], [])
})

for (const map of ['JID', 'constructor', '', undefined, null, 1])
  test(`the map ${String(map)} is a TypeError at the start`, () =>
    assert.throws(() => mapUser({ auth: () => true }, map as never), TypeError))

test('what is no name is named by its type', async () => {
  const handlers = mapUser({ auth: () => true }, (async () => 'x') as never)
  assert.deepEqual(await outcome(handlers, request('auth')), {
    kind: 'failed',
    reason: 'TypeError: mapUser got object instead of a name or undefined',
  })
})
