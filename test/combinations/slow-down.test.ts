import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { remember } from '../../src/combinations/remember.ts'
import { type SlowDownOptions, slowDown } from '../../src/combinations/slow-down.ts'
import { UnavailableError } from '../../src/errors.ts'
import type { Handlers } from '../../src/handlers.ts'
import { holdTime } from '../helpers/clock.ts'
import { type Deferred, defer, settled } from '../helpers/turns.ts'
import { auth, behave, kind, memoryStore, outcome, request } from './support.ts'

function setUp(t: TestContext, options: SlowDownOptions = {}) {
  const clock = holdTime(t)
  const store = memoryStore(['alice', 'right'], ['bob', 'b'])
  const handlers = slowDown(store.handlers, options)
  const login = (password: string, user = 'alice') =>
    kind(handlers, request('auth', user, 'example.org', password))
  let guesses = 0
  const guess = () => login(`guess ${++guesses}`)
  return { clock, store, handlers, login, guess }
}

test('slowDown: after so many wrong passwords there is a pause, which each further one doubles up to the longest', async (t) => {
  const { clock, store, guess } = setUp(t, { after: 3, pause: 1000, longest: 5000 })
  for (let first = 0; first < 3; first++) assert.equal(await guess(), 'refused')
  for (const pause of [1000, 2000, 4000, 5000, 5000]) {
    assert.equal(await guess(), 'failed')
    await clock.advance(pause - 1)
    const asked = store.heard.length
    assert.equal(await guess(), 'failed')
    assert.equal(store.heard.length, asked, 'the store is not asked')
    await clock.advance(1)
    assert.equal(await guess(), 'refused')
  }
})

test('slowDown: by default ten wrong passwords are taken, then the pause is a second', async (t) => {
  const { clock, guess } = setUp(t)
  for (let first = 0; first < 10; first++) assert.equal(await guess(), 'refused')
  assert.equal(await guess(), 'failed')
  await clock.advance(1000)
  assert.equal(await guess(), 'refused')
})

test('slowDown: in a pause the right password fails, too, at once and without a promise', async (t) => {
  const { handlers, login, guess } = setUp(t, { after: 1 })
  await guess()
  assert.equal(await login('right'), 'failed')
  assert.throws(() => handlers.auth?.(auth('alice', 'right')), { code: 'ERR_TOO_MANY_REFUSALS' })
})

test('slowDown: the message says how long, and neither the password nor the user', async (t) => {
  const { handlers, guess } = setUp(t, { after: 1, pause: 2500 })
  await guess()
  assert.deepEqual(await outcome(handlers, request('auth')), {
    kind: 'failed',
    reason: 'too many wrong passwords for this user: none is taken for another 3 s',
  })
})

test('slowDown: between pauses the right password is taken, and all is forgotten', async (t) => {
  const { clock, login, guess } = setUp(t, { after: 2, pause: 1000 })
  await guess()
  await guess()
  await clock.advance(1000)
  assert.equal(await login('right'), 'allowed')
  assert.equal(await login('right'), 'allowed')
  assert.equal(await guess(), 'refused')
  assert.equal(await guess(), 'refused')
  assert.equal(await guess(), 'failed')
})

test('slowDown: other users, and the same name on another server, are not braked', async (t) => {
  const { handlers, login, guess } = setUp(t, { after: 1 })
  await guess()
  assert.equal(await login('b', 'bob'), 'allowed')
  assert.equal(await kind(handlers, request('auth', 'alice', 'example.net', 'right')), 'allowed')
  assert.equal(await login('right'), 'failed')
})

test('slowDown: a wrong password that comes again counts once', async (t) => {
  const { login } = setUp(t, { after: 2 })
  for (let again = 0; again < 20; again++) assert.equal(await login('an old one'), 'refused')
  assert.equal(await login('another old one'), 'refused')
  assert.equal(await login('right'), 'failed')
})

test('slowDown: one that comes again prolongs no pause', async (t) => {
  const { clock, login } = setUp(t, { after: 1, pause: 1000 })
  await login('an old one')
  await clock.advance(1000)
  assert.equal(await login('an old one'), 'refused')
  assert.equal(await login('right'), 'allowed')
})

for (const says of ['throws', undefined, 'yes'] as const)
  test(`slowDown: the failure (${says}) of a password that was counted before counts for nothing`, async (t) => {
    const clock = holdTime(t)
    let handler: Handlers['auth'] = () => false
    const handlers = slowDown({ auth: (asked) => handler?.(asked) as boolean }, { after: 1, pause: 1000 })
    const ask = () => kind(handlers, request('auth'))
    assert.equal(await ask(), 'refused')
    await clock.advance(1000)
    handler = behave({ says, late: true })
    for (let again = 0; again < 5; again++) {
      assert.deepEqual(
        await outcome(handlers, request('auth')),
        await outcome({ auth: behave({ says, late: true }) }, request('auth')),
      )
    }
    handler = () => true
    assert.equal(await ask(), 'allowed')
  })

test('slowDown: wrong passwords are forgotten when there was none for so long', async (t) => {
  const { clock, guess, login } = setUp(t, { after: 2, pause: 1000, longest: 1000, within: 3000 })
  await guess()
  await clock.advance(3000)
  await guess()
  assert.equal(await login('right'), 'failed')
  await clock.advance(1000)
  await guess()
  await clock.advance(3001)
  await guess()
  assert.equal(await login('right'), 'allowed')
})

test('slowDown: counts for so many users at most', async (t) => {
  const { handlers, login, guess } = setUp(t, { after: 1, size: 2 })
  await guess()
  for (const user of ['carol', 'dave']) await kind(handlers, request('auth', user, 'example.org', 'wrong'))
  assert.equal(await login('right'), 'allowed')
  assert.equal(await login('wrong', 'dave'), 'failed')
})

test('slowDown: who logs in with the right password pushes nobody out', async (t) => {
  const { store, login, guess } = setUp(t, { after: 1, size: 2 })
  await guess()
  for (const user of ['carol', 'dave', 'erin']) {
    store.passwords.set(user, 'right')
    assert.equal(await login('right', user), 'allowed')
  }
  assert.equal(await login('right'), 'failed')
})

test('slowDown: the last sixteen wrong passwords are known again', async (t) => {
  const { login } = setUp(t, { after: 18 })
  for (let guess = 1; guess <= 17; guess++) await login(`wrong ${guess}`)
  for (let guess = 2; guess <= 17; guess++) assert.equal(await login(`wrong ${guess}`), 'refused')
  assert.equal(await login('wrong 1'), 'refused')
  assert.equal(await login('right'), 'failed')
})

test('slowDown: guesses at the same time are no way around it, and count when they fail', async (t) => {
  holdTime(t)
  const asked: Deferred<boolean>[] = []
  const handlers = slowDown(
    {
      auth: () => {
        const answer = defer<boolean>()
        asked.push(answer)
        return answer.promise
      },
    },
    { after: 3 },
  )
  const ask = (password: string) => Promise.resolve().then(() => handlers.auth?.(auth('alice', password)))
  const first = ['1', '2', '3', '4', '5'].map(ask)
  const results = Promise.allSettled(first)
  await settled()
  assert.equal(asked.length, 3)
  for (const answer of asked) answer.reject(new Error('away'))
  assert.deepEqual(
    (await results).map((result) =>
      result.status === 'rejected' ? (result.reason as Error).message : result.value,
    ),
    [
      'away',
      'away',
      'away',
      ...Array(2).fill('too many wrong passwords for this user: none is taken for another 1 s'),
    ],
  )
  await assert.rejects(ask('6'), { code: 'ERR_TOO_MANY_REFUSALS' })
})

test('slowDown: in an outage that a memory bridges, guesses are braked, and the right password works again', async (t) => {
  const clock = holdTime(t)
  let away = false
  const store: Handlers = {
    auth: ({ password }) => {
      if (away) throw new UnavailableError('away')
      return password === 'right'
    },
  }
  const handlers = slowDown(remember(store, { allowed: 0, outage: 3_600_000 }), { after: 3, pause: 1000 })
  const login = (password: string) => kind(handlers, request('auth', 'alice', 'example.org', password))
  assert.equal(await login('right'), 'allowed')
  away = true
  for (const guess of ['1', '2', '3']) assert.equal(await login(guess), 'failed')
  assert.equal(await login('right'), 'failed')
  await clock.advance(1000)
  assert.equal(await login('right'), 'allowed')
})

test('slowDown: a request that was given up counts for nothing', async (t) => {
  holdTime(t)
  const late = defer<boolean>()
  let handler: Handlers['auth'] = () => late.promise
  const handlers = slowDown({ auth: (asked) => handler?.(asked) as boolean }, { after: 1 })
  const incoming = request('auth')
  const answer = Promise.resolve(handlers.auth?.(incoming as never))
  incoming.abort(new Error('the deadline'))
  late.resolve(false)
  await assert.rejects(answer, { message: 'the deadline' })
  handler = () => true
  assert.equal(await kind(handlers, request('auth')), 'allowed')
})

/** A store that ignores that a request was given up while it hangs. */
function setUpHanging(t: TestContext, options: SlowDownOptions) {
  holdTime(t)
  const asked: Deferred<boolean>[] = []
  const store: { says: boolean | 'hangs' } = { says: 'hangs' }
  const auth = () => {
    const answer = defer<boolean>()
    asked.push(answer)
    return store.says === 'hangs' ? answer.promise : store.says
  }
  const handlers = slowDown({ auth }, options)
  const login = (user = 'alice') => {
    const incoming = request('auth', user)
    return { kind: kind(handlers, incoming), giveUp: () => incoming.abort(new Error('the deadline')) }
  }
  return { asked, store, login }
}

test('slowDown: a request that was given up counts for nothing, although its handler never settles', async (t) => {
  const { store, login } = setUpHanging(t, { after: 3 })
  for (let hung = 0; hung < 20; hung++) login().giveUp()
  store.says = true
  assert.equal(await login().kind, 'allowed')
})

test('slowDown: a request that was given up makes room for one guess, and for none when its handler settles', async (t) => {
  const { asked, login } = setUpHanging(t, { after: 3 })
  const first = login()
  login()
  first.giveUp()
  login()
  asked[0]?.resolve(false)
  await settled()
  login()
  const oneTooMany = login()
  assert.equal(asked.length, 4)
  assert.equal(await oneTooMany.kind, 'failed')
})

test('slowDown: who guessed is not pushed out by requests that were given up', async (t) => {
  const { store, login } = setUpHanging(t, { after: 1, size: 2 })
  store.says = false
  assert.equal(await login().kind, 'refused')
  store.says = 'hangs'
  for (const user of ['carol', 'dave', 'erin']) login(user).giveUp()
  store.says = true
  assert.equal(await login().kind, 'failed')
})

test('slowDown: a synchronous answer stays one', () => {
  assert.equal(slowDown({ auth: () => true }).auth?.(auth('alice', 'right')), true)
})

test('slowDown: removeuser3 is a way to guess as well; what takes no password is not braked', async (t) => {
  holdTime(t)
  const handlers = slowDown(
    {
      auth: () => true,
      removeuser3: () => false,
      isuser: () => false,
      setpass: () => false,
      tryregister: () => false,
    },
    { after: 1 },
  )
  assert.equal(await kind(handlers, request('removeuser3')), 'refused')
  assert.equal(await kind(handlers, request('removeuser3')), 'failed')
  assert.equal(await kind(handlers, request('auth')), 'failed')
  for (const operation of ['isuser', 'setpass', 'tryregister'] as const)
    for (let again = 0; again < 3; again++) assert.equal(await kind(handlers, request(operation)), 'refused')
})

const wrong = (title: string, options: unknown, message: RegExp) =>
  test(`slowDown: ${title} is a TypeError at the start`, () => {
    assert.throws(
      () => slowDown({ auth: () => true }, options as never),
      (error) => error instanceof TypeError && message.test(error.message),
    )
  })
wrong('an after of 0', { after: 0 }, /`after` of slowDown/)
wrong('a pause below 0', { pause: -1 }, /`pause` of slowDown/)
wrong('a longest that is no number', { longest: '1' }, /`longest` of slowDown/)
wrong(
  'a within below the longest pause',
  { within: 999, longest: 1000 },
  /`within` of slowDown to be at least `longest` \(1000\)/,
)
wrong('a size of 0', { size: 0 }, /`size` of slowDown/)
wrong('an option that is none', { befor: 1 }, /slowDown has no option/)
test('slowDown: handlers that are none are a TypeError at the start', () => {
  assert.throws(() => slowDown(undefined as never), TypeError)
})
