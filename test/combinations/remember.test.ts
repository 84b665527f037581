import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { clock } from '../../src/clock.ts'
import { firstOf } from '../../src/combinations/first-of.ts'
import { type RememberOptions, remember } from '../../src/combinations/remember.ts'
import { slowDown } from '../../src/combinations/slow-down.ts'
import { HashError } from '../../src/errors.ts'
import type { Handlers, Request } from '../../src/handlers.ts'
import { type Clock, holdTime } from '../helpers/clock.ts'
import { type Deferred, defer, settled } from '../helpers/turns.ts'
import { auth, behave, isuser, kind, memoryStore, request } from './support.ts'

/** A store with alice in it, what remembers it, and the time. */
function setUp(t: TestContext, options: RememberOptions = {}) {
  const clock = holdTime(t)
  t.mock.method(Math, 'random', () => 0)
  const store = memoryStore(['alice', 'right'])
  const handlers = remember(store.handlers, options) as Required<Handlers>
  const ask = (user: string, password?: string) =>
    kind(
      handlers,
      password === undefined ? request('isuser', user) : request('auth', user, 'example.org', password),
    )
  return { clock, store, handlers, ask }
}

/** Asks several times, and tells how often the store was asked. */
const asks = (
  title: string,
  options: RememberOptions,
  user: string,
  password: string | undefined,
  steps: readonly (readonly [wait: number, expected: 'allowed' | 'refused', asked: number])[],
) =>
  test(`remember: ${title}`, async (t) => {
    const { clock, store, ask } = setUp(t, options)
    for (const [wait, expected, asked] of steps) {
      await clock.advance(wait)
      assert.equal(await ask(user, password), expected)
      assert.equal(store.heard.length, asked)
    }
  })

asks('a right password is asked for once within `allowed`', { allowed: 1000 }, 'alice', 'right', [
  [0, 'allowed', 1],
  [999, 'allowed', 1],
  [1, 'allowed', 2],
  [999, 'allowed', 2],
])
asks('a wrong password is asked for once within `refused`', { refused: 1000 }, 'alice', 'wrong', [
  [0, 'refused', 1],
  [999, 'refused', 1],
  [1, 'refused', 2],
])
asks('a user who is there is asked for once within `allowed`', { allowed: 1000 }, 'alice', undefined, [
  [0, 'allowed', 1],
  [999, 'allowed', 1],
  [1, 'allowed', 2],
])
asks('a user who is not there is asked for once within `refused`', { refused: 1000 }, 'nobody', undefined, [
  [0, 'refused', 1],
  [999, 'refused', 1],
  [1, 'refused', 2],
])
asks('with an `allowed` of 0 it asks each time', { allowed: 0, outage: 1000 }, 'alice', 'right', [
  [0, 'allowed', 1],
  [0, 'allowed', 2],
])
asks('with a `refused` of 0 it asks each time', { refused: 0 }, 'alice', 'wrong', [
  [0, 'refused', 1],
  [0, 'refused', 2],
])
asks('the default of `allowed` is half a minute', {}, 'alice', 'right', [
  [0, 'allowed', 1],
  [29_999, 'allowed', 1],
  [1, 'allowed', 2],
])
asks('the default of `refused` is three seconds', {}, 'alice', 'wrong', [
  [0, 'refused', 1],
  [2999, 'refused', 1],
  [1, 'refused', 2],
])

test('remember: times are cut short at random, by a tenth at most', async (t) => {
  const { clock, store, ask } = setUp(t, { allowed: 1000 })
  t.mock.method(Math, 'random', () => 0.999)
  await ask('alice', 'right')
  await clock.advance(900)
  await ask('alice', 'right')
  assert.equal(store.heard.length, 1)
  await clock.advance(1)
  await ask('alice', 'right')
  assert.equal(store.heard.length, 2)
})

test('remember: what is remembered is answered without a promise and without a look at the signal', async (t) => {
  const { handlers } = setUp(t)
  assert.equal(await handlers.auth(auth('alice', 'right')), true)
  const blind = Object.defineProperty(auth('alice', 'right'), 'signal', {
    get: () => assert.fail('the signal was made'),
  })
  assert.equal(handlers.auth(blind), true)
})

test('remember: a synchronous answer stays one', (t) => {
  holdTime(t)
  const handlers = remember({ auth: () => true, isuser: () => false })
  assert.equal(handlers.auth?.(auth('alice', 'right')), true)
  assert.equal(handlers.isuser?.(isuser('alice')), false)
})

test('remember: another password, user, server or operation is another question, however they are put together', async (t) => {
  holdTime(t)
  const heard: string[] = []
  const handler = ({ operation, user, server, ...rest }: Request) =>
    heard.push(operation + user + server + rest) > 0
  const handlers = remember({ auth: handler, isuser: handler }) as Required<Handlers>
  const { signal } = new AbortController()
  const questions = [
    ['a', 'b', 'c'],
    ['ab', 'c', 'c'],
    ['a', 'bc', 'c'],
    ['a', 'b', 'cc'],
    ['a', 'b","c', 'd'],
    ['a","b', 'c', 'd'],
    ['a', 'b', '\ud800'],
    ['a', 'b', '\ud801'],
    ['a', 'b', '\ufffd'],
    ['a', 'b', ''],
  ] as const
  for (const [index, [user, server, password]] of questions.entries()) {
    for (let again = 0; again < 2; again++)
      await handlers.auth({ operation: 'auth', user, server, password, signal })
    assert.equal(heard.length, index + 1, `${user} ${server} ${password}`)
  }
  await handlers.isuser({ operation: 'isuser', user: 'a', server: 'b', signal })
  assert.equal(heard.length, questions.length + 1)
})

test('remember: a wrong password is never answered with the memory of the right one', async (t) => {
  const { store, ask } = setUp(t, { outage: 1e6 })
  assert.equal(await ask('alice', 'right'), 'allowed')
  assert.equal(await ask('alice', 'wrong'), 'refused')
  store.stop()
  assert.equal(await ask('alice', 'right'), 'allowed')
  assert.equal(await ask('alice', 'other'), 'failed')
  assert.equal(await ask('bob', 'right'), 'failed')
})

test('remember: who guesses pushes no right password out; beyond `size` the least recently used goes', async (t) => {
  const { store, ask } = setUp(t, { size: 2, refused: 0 })
  store.passwords.set('bob', 'b').set('carol', 'c')
  await ask('alice', 'right')
  for (let guess = 0; guess < 10; guess++) await ask('alice', `guess ${guess}`)
  store.stop()
  assert.equal(await ask('alice', 'right'), 'allowed')
  store.restart()
  await ask('bob', 'b')
  await ask('alice', 'right')
  await ask('carol', 'c')
  store.stop()
  assert.equal(await ask('alice', 'right'), 'allowed')
  assert.equal(await ask('carol', 'c'), 'allowed')
  assert.equal(await ask('bob', 'b'), 'failed')
})

for (const says of ['throws', undefined, 'yes'] as const)
  for (const late of [false, true])
    test(`remember: a handler that ${says === 'throws' ? says : `returns ${says}`}${late ? ' later' : ''} is a failure, and none that is remembered`, async (t) => {
      const clock = holdTime(t)
      let calls = 0
      let handler = behave({ says, late }, () => calls++)
      const handlers = remember({ auth: (asked) => handler(asked) }, { allowed: 0, outage: 1000 })
      const ask = () => kind(handlers, request('auth'))
      assert.equal(await ask(), 'failed')
      assert.equal(await ask(), 'failed')
      assert.equal(calls, 2)
      const failing = handler
      handler = () => true
      assert.equal(await ask(), 'allowed')
      handler = failing
      await clock.advance(999)
      assert.equal(await ask(), 'allowed')
      assert.equal(calls, 3)
      await clock.advance(1)
      assert.equal(await ask(), 'failed')
    })

test('remember: an outage is counted from the last answer of the store, not from the last use of the memory', async (t) => {
  const { clock, store, ask } = setUp(t, { allowed: 0, outage: 1000 })
  await ask('alice', 'right')
  await clock.advance(500)
  await ask('alice', 'right')
  store.stop()
  await clock.advance(999)
  assert.equal(await ask('alice', 'right'), 'allowed')
  await clock.advance(1)
  assert.equal(await ask('alice', 'right'), 'failed')
})

test('remember: without an `outage` an outage is one', async (t) => {
  const { clock, store, ask } = setUp(t, { allowed: 1000 })
  await ask('alice', 'right')
  await ask('alice')
  store.stop()
  await clock.advance(1000)
  assert.equal(await ask('alice', 'right'), 'failed')
  assert.equal(await ask('alice'), 'failed')
})

test('remember: a refusal makes it forget that the store once allowed', async (t) => {
  const { store, ask } = setUp(t, { allowed: 0, refused: 0, outage: 1e6 })
  await ask('alice', 'right')
  store.passwords.set('alice', 'changed')
  assert.equal(await ask('alice', 'right'), 'refused')
  store.stop()
  assert.equal(await ask('alice', 'right'), 'failed')
})

test('remember: in an outage nobody is refused from memory', async (t) => {
  const { clock, store, ask } = setUp(t, { refused: 1000, outage: 1e6 })
  await ask('nobody')
  await ask('alice', 'wrong')
  store.stop()
  await clock.advance(1000)
  assert.equal(await ask('nobody'), 'failed')
  assert.equal(await ask('alice', 'wrong'), 'failed')
})

for (const operation of ['setpass', 'tryregister', 'removeuser'] as const)
  for (const trouble of [false, true])
    test(`remember: ${operation} forgets all about the user${trouble ? ', also when it fails' : ''}, and nothing about others`, async (t) => {
      const { store, ask, handlers } = setUp(t, { outage: 1e6 })
      store.passwords.set('bob', 'b')
      for (const [user, password] of [
        ['alice', 'right'],
        ['alice', 'wrong'],
        ['alice'],
        ['bob', 'b'],
      ] as const)
        await ask(user, password)
      if (trouble) store.stop()
      assert.equal(
        await kind(handlers, request(operation)),
        trouble ? 'failed' : operation === 'tryregister' ? 'refused' : 'allowed',
      )
      store.stop()
      assert.equal(await ask('alice', 'right'), 'failed')
      assert.equal(await ask('alice', 'wrong'), 'failed')
      assert.equal(await ask('alice'), 'failed')
      assert.equal(await ask('bob', 'b'), 'allowed')
    })

test('remember: removeuser3 forgets all about the user, and certauth is asked each time', async (t) => {
  holdTime(t)
  let calls = 0
  const count = () => calls++ >= 0
  const handlers = remember({ auth: count, removeuser3: count, certauth: count })
  for (const operation of ['auth', 'auth', 'removeuser3', 'auth', 'certauth', 'certauth'] as const)
    await kind(handlers, request(operation))
  assert.equal(calls, 5)
})

/** A store whose answers come when they are told to. */
function slowStore() {
  const asked: { readonly request: Request; readonly answer: Deferred<boolean> }[] = []
  const wait = (incoming: Request) => {
    const answer = defer<boolean>()
    asked.push({ request: incoming, answer })
    return answer.promise
  }
  return { asked, handlers: { auth: wait, isuser: wait, setpass: wait } satisfies Handlers }
}

function setUpSlow(t: TestContext, options: RememberOptions = {}) {
  const clock: Clock = holdTime(t)
  t.mock.method(Math, 'random', () => 0)
  const store = slowStore()
  const handlers = remember(store.handlers, options) as Required<Handlers>
  const login = (signal?: AbortSignal) => Promise.resolve(handlers.auth(auth('alice', 'right', signal)))
  const answer = (index: number, says: boolean) => store.asked[index]?.answer.resolve(says)
  return { clock, store, handlers, login, answer }
}

test('remember: the same question is asked once, however many wait for it', async (t) => {
  const { store, handlers, login, answer } = setUpSlow(t)
  const waiting = [login(), login(), login()]
  const other = handlers.auth(auth('alice', 'wrong'))
  assert.equal(store.asked.length, 2)
  answer(0, true)
  answer(1, false)
  assert.deepEqual(await Promise.all([...waiting, other]), [true, true, true, false])
})

test('remember: all who wait hear of a failure, and the next one asks anew', async (t) => {
  const { store, login } = setUpSlow(t)
  const waiting = [login(), login()]
  store.asked[0]?.answer.reject(new Error('away'))
  for (const one of waiting) await assert.rejects(one, { message: 'away' })
  void login()
  assert.equal(store.asked.length, 2)
})

test('remember: one who gives up leaves the others their answer', async (t) => {
  const { store, login, answer } = setUpSlow(t)
  const controller = new AbortController()
  const [first, second] = [login(controller.signal), login()]
  controller.abort(new Error('the deadline'))
  await assert.rejects(first, { message: 'the deadline' })
  assert.equal(store.asked[0]?.request.signal.aborted, false)
  answer(0, true)
  assert.equal(await second, true)
  assert.equal(await login(), true)
  assert.equal(store.asked.length, 1)
})

test('remember: when all have given up the store is told, its late answer is dropped, and the next one asks anew', async (t) => {
  const { store, login, answer } = setUpSlow(t)
  const controllers = [new AbortController(), new AbortController()]
  const waiting = controllers.map(({ signal }) => login(signal))
  const seen = store.asked[0]?.request.signal
  const reasons = controllers.map(() => new Error('the deadline'))
  for (const [index, controller] of controllers.entries()) controller.abort(reasons[index])
  for (const one of waiting) await assert.rejects(one, { message: 'the deadline' })
  assert.equal(seen?.reason, reasons[1])
  answer(0, true)
  await settled()
  const next = login()
  assert.equal(store.asked.length, 2)
  answer(1, false)
  assert.equal(await next, false)
})

test('remember: a request that was given up before it came is not waited for', async (t) => {
  const { store, login } = setUpSlow(t)
  await assert.rejects(login(AbortSignal.abort(new Error('the deadline'))), { message: 'the deadline' })
  assert.equal(store.asked[0]?.request.signal.aborted, true)
})

test('remember: the answer to a question from before a change is not remembered, and not waited for by later ones', async (t) => {
  const { store, handlers, login, answer } = setUpSlow(t, { outage: 1e6 })
  const before = login()
  const change = handlers.setpass({ ...auth('alice', 'new'), operation: 'setpass' })
  const during = login()
  assert.equal(store.asked.length, 3)
  answer(2, true)
  assert.equal(await during, true)
  answer(1, true)
  assert.equal(await change, true)
  answer(0, true)
  assert.equal(await before, true)
  const after = login()
  assert.equal(store.asked.length, 4)
  answer(3, false)
  assert.equal(await after, false)
})

test('remember: a store that does not answer is waited for as long as `wait`, then left alone for a while', async (t) => {
  const { clock, store, login, answer } = setUpSlow(t, { allowed: 0, outage: 1e6, wait: 1500 })
  const first = login()
  answer(0, true)
  assert.equal(await first, true)

  const stalled = login()
  let done = false
  void stalled.then(() => {
    done = true
  })
  await clock.advance(1499)
  assert.equal(done, false)
  await clock.advance(1)
  assert.equal(await stalled, true)
  assert.equal(store.asked[1]?.request.signal.aborted, true)
  assert.equal(await login(), true)
  assert.equal(store.asked.length, 2)

  await clock.advance(5000)
  const again = login()
  assert.equal(store.asked.length, 3)
  answer(2, false)
  assert.equal(await again, false)
})

test('remember: an answer of the store ends the time for which it is left alone', async (t) => {
  const { clock, store, handlers, login, answer } = setUpSlow(t, { allowed: 0, outage: 1e6, wait: 1500 })
  const first = login()
  answer(0, true)
  await first
  const stalled = login()
  await clock.advance(1500)
  await stalled
  const other = handlers.auth(auth('bob', 'b'))
  answer(2, false)
  await other
  void login()
  assert.equal(store.asked.length, 4)
})

test('remember: an answer in time ends the waiting: the store is told nothing more', async (t) => {
  const { clock, store, login, answer } = setUpSlow(t, { allowed: 0, outage: 1e6, wait: 1500 })
  for (const index of [0, 1]) {
    const waiting = login()
    answer(index, true)
    assert.equal(await waiting, true)
  }
  await clock.advance(1500)
  assert.equal(store.asked[1]?.request.signal.aborted, false)
})

test('remember: a request that is given up is not allowed from memory', async (t) => {
  const { login, answer } = setUpSlow(t, { allowed: 0, outage: 1e6 })
  const first = login()
  answer(0, true)
  await first
  const controller = new AbortController()
  const waiting = login(controller.signal)
  controller.abort(new Error('the deadline'))
  await assert.rejects(waiting, { message: 'the deadline' })
})

test('remember: who was never allowed waits for a store that does not answer', async (t) => {
  const { clock, store, login } = setUpSlow(t, { outage: 1e6 })
  const controller = new AbortController()
  const waiting = login(controller.signal)
  await clock.advance(10_000)
  assert.equal(store.asked[0]?.request.signal.aborted, false)
  controller.abort(new Error('the deadline'))
  await assert.rejects(waiting, { message: 'the deadline' })
})

test('remember: a password that was changed while the store stalls is not allowed from memory', async (t) => {
  const { clock, handlers, login, answer } = setUpSlow(t, { allowed: 0, outage: 1e6, wait: 1500 })
  const first = login()
  answer(0, true)
  await first
  const stalled = login()
  void Promise.resolve(handlers.setpass({ ...auth('alice', 'new'), operation: 'setpass' })).catch(() => {})
  const rejected = assert.rejects(stalled, { code: 'ERR_UNAVAILABLE' })
  await clock.advance(1500)
  await rejected
})

test('remember: a brake below is no outage', async (t) => {
  holdTime(t)
  const braked = slowDown({ auth: ({ password }) => password === 'right' }, { after: 1 })
  const handlers = remember(braked, { allowed: 0, refused: 0, outage: 1e6 })
  const ask = (password: string) => kind(handlers, request('auth', 'alice', 'example.org', password))
  assert.equal(await ask('right'), 'allowed')
  assert.equal(await ask('wrong'), 'refused')
  assert.equal(await ask('right'), 'failed')
})

test('remember: a stored hash that cannot be verified is no outage, as it is another one than before', async (t) => {
  holdTime(t)
  let isLocked = false
  const auth = () => {
    if (isLocked) throw new HashError('the hash is of no format that is understood')
    return true
  }
  const handlers = remember({ auth }, { allowed: 0, outage: 1e6 })
  assert.equal(await kind(handlers, request('auth')), 'allowed')
  isLocked = true
  assert.equal(await kind(handlers, request('auth')), 'failed')
})

test('an account that is locked in one member of firstOf is locked, although another member is away', async (t) => {
  holdTime(t)
  const staff = memoryStore(['alice', 'secret'])
  const guests = memoryStore()
  let isLocked = false
  const lockable: Handlers = {
    auth: (asked) => {
      if (isLocked) throw new HashError('the account is locked')
      return staff.handlers.auth(asked)
    },
  }
  const handlers = remember(firstOf(lockable, guests.handlers), { allowed: 0, outage: 1e6 })
  assert.equal(await kind(handlers, request('auth')), 'allowed')
  isLocked = true
  guests.stop()
  assert.equal(await kind(handlers, request('auth')), 'failed')
})

/** What happens to the store and in front of it, in the property below. */
type Step =
  | { readonly does: 'waits'; readonly ms: number }
  | { readonly does: 'goes' | 'comes' }
  | {
      readonly does: 'changes elsewhere' | 'sets' | 'logs in'
      readonly user: string
      readonly password: string
    }
  | { readonly does: 'asks for' | 'removes'; readonly user: string }

const user = fc.constantFrom('alice', 'bob')
const password = fc.constantFrom('one', 'two')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('waits' as const), ms: fc.constantFrom(1, 50, 100, 300, 1000) }),
  fc.record({ does: fc.constantFrom('goes' as const, 'comes' as const) }),
  fc.record({ does: fc.constantFrom('changes elsewhere' as const, 'sets' as const), user, password }),
  fc.record({ does: fc.constantFrom('asks for' as const, 'removes' as const), user }),
  { weight: 4, arbitrary: fc.record({ does: fc.constant('logs in' as const), user, password }) },
)

test('remember does what its options say, whatever happens', async (t) => {
  let now = 0
  t.mock.method(clock, 'now', () => now)
  t.mock.method(Math, 'random', () => 0)
  const times = { allowed: 300, refused: 100, outage: 1000 }
  const run = async (steps: readonly Step[]) => {
    const store = memoryStore(['alice', 'one'])
    const handlers = remember(store.handlers, times)
    const model = new Map<string, { readonly said: boolean; readonly at: number }>()
    let up = true
    let asked = 0
    const forget = (name: string) => {
      for (const key of model.keys()) if (key.startsWith(`${name} `)) model.delete(key)
    }
    const expect = (key: string, truth: boolean) => {
      const last = model.get(key)
      if (last !== undefined && now < last.at + (last.said ? times.allowed : times.refused))
        return last.said ? 'allowed' : 'refused'
      asked++
      if (!up) return last?.said === true && now < last.at + times.outage ? 'allowed' : 'failed'
      model.set(key, { said: truth, at: now })
      return truth ? 'allowed' : 'refused'
    }
    for (const one of steps) {
      switch (one.does) {
        case 'waits':
          now += one.ms
          break
        case 'goes':
          store.stop()
          up = false
          break
        case 'comes':
          store.restart()
          up = true
          break
        case 'changes elsewhere':
          store.passwords.set(one.user, one.password)
          break
        case 'sets':
          forget(one.user)
          asked++
          await kind(handlers, request('setpass', one.user, 'example.org', one.password))
          break
        case 'removes':
          forget(one.user)
          asked++
          await kind(handlers, request('removeuser', one.user))
          break
        case 'asks for': {
          const expected = expect(`${one.user} isuser`, store.passwords.has(one.user))
          assert.equal(await kind(handlers, request('isuser', one.user)), expected)
          break
        }
        case 'logs in': {
          const expected = expect(
            `${one.user} auth ${one.password}`,
            store.passwords.get(one.user) === one.password,
          )
          assert.equal(await kind(handlers, request('auth', one.user, 'example.org', one.password)), expected)
        }
      }
      assert.equal(store.heard.length, asked)
    }
  }
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), run), { numRuns: 300 })
})

const wrong = (title: string, options: unknown, message: RegExp) =>
  test(`remember: ${title} is a TypeError at the start`, () => {
    assert.throws(
      () => remember({ auth: () => true }, options as never),
      (error) => error instanceof TypeError && message.test(error.message),
    )
  })
for (const name of ['allowed', 'refused', 'outage', 'wait'])
  for (const value of [-1, Number.NaN, '1000', null])
    wrong(`${name} of ${JSON.stringify(value)}`, { [name]: value }, new RegExp(`\`${name}\` of remember`))
wrong('a size of 0', { size: 0 }, /`size` of remember/)
wrong('a size of 1.5', { size: 1.5 }, /`size` of remember/)
wrong('a wait of 30 001 ms', { wait: 30_001 }, /`wait` of remember/)
wrong('an option that is none', { alowed: 1 }, /did you mean allowed/)
test('remember: handlers that are none are a TypeError at the start', () => {
  assert.throws(() => remember(undefined as never), TypeError)
})
