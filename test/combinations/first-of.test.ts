import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firstOf } from '../../src/combinations/first-of.ts'
import {
  BackendError,
  HashError,
  StoreError,
  TooManyRefusalsError,
  UnavailableError,
} from '../../src/errors.ts'
import type { Handlers, Operation, Request } from '../../src/handlers.ts'
import { defer, settled } from '../helpers/turns.ts'
import { type Behaviour, behave, kind, memoryStore, OPERATIONS, outcome, request } from './support.ts'

const SAYS = [true, false, undefined, 'yes', 'throws'] as const

test('auth, isuser and certauth: allowed by any, refused by all, otherwise failed, and nobody is asked in vain', async () => {
  const behaviour = fc.record({ says: fc.constantFrom(...SAYS), late: fc.boolean() })
  const members = fc.array(fc.option(behaviour, { nil: 'lacks it' as const }), { minLength: 1, maxLength: 5 })
  const operation = fc.constantFrom('auth', 'isuser', 'certauth')
  await fc.assert(
    fc.asyncProperty(operation, members, async (name, behaviours) => {
      const asked: number[] = []
      const handlers = firstOf(
        ...behaviours.map(
          (one, index): Handlers =>
            one === 'lacks it' ? { setpass: () => true } : { [name]: behave(one, () => asked.push(index)) },
        ),
      )
      const able = behaviours.flatMap((one, index) => (one === 'lacks it' ? [] : [{ ...one, index }]))
      const yes = able.findIndex(({ says }) => says === true)
      const expected =
        yes !== -1 ? 'allowed' : able.every(({ says }) => says === false) ? 'refused' : 'failed'
      assert.equal(await kind(handlers, request(name)), expected)
      assert.deepEqual(
        asked,
        able.slice(0, yes === -1 ? undefined : yes + 1).map(({ index }) => index),
      )
    }),
  )
})

test('synchronous answers stay synchronous, also behind a member that fails', () => {
  const handlers = firstOf(
    { auth: behave({ says: 'throws', late: false }) },
    { auth: () => false },
    { auth: () => true },
  )
  assert.equal(handlers.auth?.(request('auth') as never), true)
})

test('the next member is not asked before the one before it has answered', async () => {
  const first = defer<boolean>()
  const asked: string[] = []
  const handlers = firstOf({ auth: () => first.promise }, { auth: () => asked.push('second') > 0 })
  const answer = kind(handlers, request('auth'))
  await settled()
  assert.deepEqual(asked, [])
  first.resolve(false)
  assert.equal(await answer, 'allowed')
  assert.deepEqual(asked, ['second'])
})

for (const operation of ['auth', 'setpass', 'tryregister'] as const)
  test(`${operation}: no further member is asked for a request that was given up`, async () => {
    const first = defer<boolean>()
    const asked: string[] = []
    const member: Handlers = {
      auth: () => asked.push('auth') > 0,
      isuser: () => asked.push('isuser') > 0,
      setpass: () => asked.push('setpass') > 0,
      tryregister: () => asked.push('tryregister') > 0,
    }
    const slow = () => first.promise
    const handlers = firstOf({ auth: slow, isuser: slow }, member) as Required<Handlers>
    const incoming = request(operation)
    const answer = (async () => handlers[operation](incoming as never))()
    incoming.abort(new Error('the deadline'))
    first.resolve(false)
    await assert.rejects(answer, { message: 'the deadline' })
    await settled()
    assert.deepEqual(asked, [])
  })

test('removeuser: all members are asked at once, so that a slow one keeps it from none of them', async () => {
  const slow = defer<boolean>()
  const store = memoryStore(['alice', 'secret'])
  const handlers = firstOf({ removeuser: () => slow.promise }, store.handlers)
  const incoming = request('removeuser')
  const answer = kind(handlers, incoming)
  await settled()
  assert.deepEqual([...store.passwords], [], 'before the deadline: beyond it a store may refuse to begin')
  incoming.abort(new Error('the deadline'))
  slow.reject(new Error('the deadline'))
  assert.equal(await answer, 'failed')
})

const fails = (error: unknown) => ({
  auth: () => {
    throw error
  },
})

test('one failure is told as it is', async () => {
  const failure = new BackendError('no such table')
  await assert.rejects(
    async () => firstOf({ auth: () => false }, fails(failure)).auth?.(request('auth') as never),
    (error) => error === failure,
  )
})

test('several failures are told in one message, without the password', async () => {
  const handlers = firstOf(
    fails(new BackendError('no such table')),
    { auth: () => undefined as never },
    fails(new Error("cannot bind with 'hunter2hunter2'")),
  )
  const { reason } = (await outcome(handlers, request('auth', 'alice', 'example.org', 'hunter2hunter2'))) as {
    reason: string
  }
  assert.equal(
    reason,
    '3 members failed: no such table; a handler returned undefined instead of true or false; ' +
      'Error (the message may quote the password and is left out)',
  )
})

const classOfSeveral = (title: string, failures: readonly unknown[], code: string) =>
  test(`several failures, ${title}, are ${code}`, async () => {
    await assert.rejects(async () => firstOf(...failures.map(fails)).auth?.(request('auth') as never), {
      code,
    })
  })
classOfSeveral('one of them an outage', [new BackendError('x'), new UnavailableError('y')], 'ERR_UNAVAILABLE')
classOfSeveral(
  'one of them a store that is away',
  [new BackendError('x'), new StoreError('y')],
  'ERR_UNAVAILABLE',
)
classOfSeveral(
  'one of them a hash that cannot be verified',
  [new UnavailableError('x'), new HashError('y')],
  'ERR_HASH',
)
classOfSeveral(
  'one of them a brake',
  [new UnavailableError('x'), new TooManyRefusalsError('y')],
  'ERR_TOO_MANY_REFUSALS',
)
classOfSeveral('none of them an outage', [new BackendError('x'), new TypeError('y')], 'ERR_BACKEND')

/** What became of a write, and who was asked what. */
const writes = (
  title: string,
  operation: Operation,
  members: readonly Readonly<Partial<Record<Operation, Behaviour['says']>>>[],
  expected: 'allowed' | 'refused' | 'failed',
  ...expectedCalls: readonly string[]
) =>
  test(`${operation}: ${title}`, async () => {
    for (const late of [false, true]) {
      const calls: string[] = []
      const made = members.map((member, index) =>
        Object.fromEntries(
          Object.entries(member).map(([name, says]) => [
            name,
            behave({ says, late }, () => calls.push(`${index + 1} ${name}`)),
          ]),
        ),
      )
      assert.equal(await kind(firstOf(...made), request(operation)), expected)
      assert.deepEqual(calls, expectedCalls)
    }
  })

const all = { isuser: true, setpass: true } as const
const absent = { isuser: false, setpass: true } as const
writes(
  'goes to the member that knows the user',
  'setpass',
  [absent, all],
  'allowed',
  '1 isuser',
  '2 isuser',
  '2 setpass',
)
writes(
  'goes to the first of two that know the user',
  'setpass',
  [all, all],
  'allowed',
  '1 isuser',
  '1 setpass',
)
writes('nobody knows the user', 'setpass', [absent, absent], 'refused', '1 isuser', '2 isuser')
writes(
  'who knows the user cannot change passwords',
  'setpass',
  [{ isuser: true }, all],
  'refused',
  '1 isuser',
)
writes(
  'who knows the user refuses',
  'setpass',
  [{ isuser: true, setpass: false }, all],
  'refused',
  '1 isuser',
  '1 setpass',
)
writes(
  'who knows the user fails',
  'setpass',
  [{ isuser: true, setpass: 'throws' }, all],
  'failed',
  '1 isuser',
  '1 setpass',
)
writes('who might know the user fails', 'setpass', [{ ...all, isuser: 'throws' }, all], 'failed', '1 isuser')
writes(
  'who might know the user gives no answer',
  'setpass',
  [{ ...all, isuser: 'yes' }, all],
  'failed',
  '1 isuser',
)
writes(
  'who cannot be asked for users is asked to change',
  'setpass',
  [{ setpass: true }, all],
  'allowed',
  '1 setpass',
)
writes(
  'and refuses for one it does not know',
  'setpass',
  [{ setpass: false }, all],
  'allowed',
  '1 setpass',
  '2 isuser',
  '2 setpass',
)
writes('who has neither is passed over', 'setpass', [{ auth: true }, all], 'allowed', '2 isuser', '2 setpass')

const free = { isuser: false, tryregister: true } as const
writes(
  'goes to the first member that has it, when the others know nobody of that name',
  'tryregister',
  [{ isuser: false }, free, free],
  'allowed',
  '1 isuser',
  '3 isuser',
  '2 tryregister',
)
writes(
  'a name that an earlier member knows is taken',
  'tryregister',
  [{ isuser: true }, free],
  'refused',
  '1 isuser',
)
writes(
  'a name that a later member knows is taken',
  'tryregister',
  [free, { isuser: true }],
  'refused',
  '2 isuser',
)
writes(
  'a member that fails might know the name',
  'tryregister',
  [free, { isuser: 'throws' }],
  'failed',
  '2 isuser',
)
writes(
  'a member that gives no answer might know the name',
  'tryregister',
  [free, { isuser: undefined }],
  'failed',
  '2 isuser',
)
writes(
  'who registers is not asked for users, but repeats what it did',
  'tryregister',
  [{ isuser: true, tryregister: true }],
  'allowed',
  '1 tryregister',
)
writes(
  'is refused by who registers',
  'tryregister',
  [{ isuser: false, tryregister: false }, free],
  'refused',
  '2 isuser',
  '1 tryregister',
)
writes(
  'with a member that cannot be asked for users, nobody is registered',
  'tryregister',
  [free, { auth: true }],
  'refused',
)

writes(
  'goes to all that have it',
  'removeuser',
  [{ removeuser: true }, { auth: true }, { removeuser: true }],
  'allowed',
  '1 removeuser',
  '3 removeuser',
)
writes(
  'goes to the others when one refuses',
  'removeuser',
  [{ removeuser: false }, { removeuser: true }],
  'refused',
  '1 removeuser',
  '2 removeuser',
)
writes(
  'goes to the others when one fails',
  'removeuser',
  [{ removeuser: 'throws' }, { removeuser: true }],
  'failed',
  '1 removeuser',
  '2 removeuser',
)
writes(
  'no answer is no removal',
  'removeuser',
  [{ removeuser: 'yes' }, { removeuser: true }],
  'failed',
  '1 removeuser',
  '2 removeuser',
)

writes(
  'is auth by any, then removeuser of all',
  'removeuser3',
  [
    { auth: false, removeuser: true, removeuser3: true },
    { auth: true, removeuser: true },
  ],
  'allowed',
  '1 auth',
  '2 auth',
  '1 removeuser',
  '2 removeuser',
)
writes(
  'removes nobody without the password',
  'removeuser3',
  [{ auth: false, removeuser: true }],
  'refused',
  '1 auth',
)

test('an operation that no member has is not there', () => {
  for (const operation of OPERATIONS) {
    const only = firstOf({ [operation]: () => true })
    assert.deepEqual(Object.keys(only), operation === 'removeuser3' ? [] : [operation])
  }
})

test('two stores are one user base: whoever is in one of them logs in, changes the password there, and is removed', async () => {
  const [staff, guests] = [memoryStore(['alice', 'a']), memoryStore(['bob', 'b'])]
  const handlers = firstOf(staff.handlers, guests.handlers)
  const ask = (operation: Operation, user: string, password = 'x') =>
    kind(
      handlers,
      request(
        operation,
        user,
        'example.org',
        ...(operation === 'isuser' || operation === 'removeuser' ? [] : [password]),
      ),
    )
  assert.equal(await ask('auth', 'alice', 'a'), 'allowed')
  assert.equal(await ask('auth', 'bob', 'b'), 'allowed')
  assert.equal(await ask('setpass', 'bob', 'new'), 'allowed')
  assert.deepEqual([...guests.passwords], [['bob', 'new']])
  assert.equal(await ask('tryregister', 'bob', 'mine'), 'refused')
  assert.equal(await ask('tryregister', 'carol', 'c'), 'allowed')
  assert.equal(await ask('tryregister', 'carol', 'c'), 'allowed')
  assert.deepEqual(
    [...staff.passwords],
    [
      ['alice', 'a'],
      ['carol', 'c'],
    ],
  )
  guests.stop()
  assert.equal(await ask('tryregister', 'dave', 'd'), 'failed')
  assert.equal(await ask('auth', 'carol', 'c'), 'allowed')
  assert.equal(await ask('auth', 'carol', 'wrong'), 'failed')
  guests.restart()
  assert.equal(await ask('removeuser', 'bob'), 'allowed')
  assert.deepEqual([...guests.passwords], [])
})

test('the request is handed on as it is', () => {
  const seen: Request[] = []
  const incoming = request('auth')
  void firstOf({ auth: (asked) => seen.push(asked) < 0 }, { auth: (asked) => seen.push(asked) > 0 }).auth?.(
    incoming as never,
  )
  assert.deepEqual(seen, [incoming, incoming])
})

const wrong = (title: string, members: readonly unknown[], message: RegExp) =>
  test(`firstOf: ${title} is a TypeError at the start`, () => {
    assert.throws(
      () => firstOf(...(members as Handlers[])),
      (error) => error instanceof TypeError && message.test(error.message),
    )
  })
wrong('no member', [], /at least one member/)
wrong('a list of members', [[{ auth: () => true }]], /member 1 of firstOf to be handlers, got array/)
wrong(
  'a second member that is none',
  [{ auth: () => true }, undefined],
  /member 2 of firstOf to be handlers, got undefined/,
)
