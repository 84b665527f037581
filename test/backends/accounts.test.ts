import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { AccountStore } from '../../src/accounts/store.ts'
import { type AccountsOptions, accounts } from '../../src/backends/accounts.ts'
import type { PasswordRequest, UserRequest } from '../../src/handlers.ts'
import { recordSyncs } from '../accounts/injected.ts'
import { temporaryStore } from '../accounts/support.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { PASSWORD, testBackend } from './contract.ts'

const SERVER = 'example.org'

async function setUp(t: TestContext, options: Partial<AccountsOptions> = {}) {
  const store = await temporaryStore(t)
  await store.create('alice', SERVER, cheapHash('right'))
  const handlers = accounts({ directory: store.directory, patience: 0, ...options }) as Required<
    ReturnType<typeof accounts>
  >
  return { store, handlers }
}

testBackend({
  name: 'accounts',
  operations: ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser'],
  setUp: async (t) => {
    const { store, handlers } = await setUp(t)
    await store.change('alice', SERVER, cheapHash(PASSWORD))
    return {
      handlers,
      stop: async () => renameSync(store.directory, `${store.directory}.away`),
      restart: async () => renameSync(`${store.directory}.away`, store.directory),
    }
  },
})

const { signal } = new AbortController()
const withPassword = (
  operation: PasswordRequest['operation'],
  user: string,
  password: string,
  other: Partial<PasswordRequest> = {},
): PasswordRequest => ({ operation, user, server: SERVER, password, signal, ...other })
const auth = (user: string, password: string) => withPassword('auth', user, password)
const named = (operation: UserRequest['operation'], user: string): UserRequest => ({
  operation,
  user,
  server: SERVER,
  signal,
})

const answers = (title: string, user: string, password: string, expected: boolean) =>
  test(`auth: ${title}`, async (t) => {
    const { handlers } = await setUp(t)
    const answer = handlers.auth(auth(user, password))
    assert.ok(answer instanceof Promise, 'the work is done off the event loop')
    assert.equal(await answer, expected)
  })

answers('the right password is allowed', 'alice', 'right', true)
answers('a wrong password is refused', 'alice', 'wrong', false)
answers('an empty password is refused', 'alice', '', false)
answers('an unknown user is refused', 'bob', 'right', false)
answers('a user called .. is refused', '..', 'right', false)
answers('a user without a name is refused', '', 'right', false)

test('auth: a password that was verified is allowed without waiting, and without a look at the signal', async (t) => {
  const { handlers } = await setUp(t)
  assert.equal(await handlers.auth(auth('alice', 'right')), true)
  const request = Object.defineProperty(auth('alice', 'right'), 'signal', {
    get: () => assert.fail('the signal was made'),
  })
  assert.equal(handlers.auth(request), true)
})

test('auth: a wrong password is never allowed, however often the right one was', async (t) => {
  const { handlers } = await setUp(t)
  for (const [password, expected] of [
    ['right', true],
    ['wrong', false],
    ['right', true],
    ['wrong', false],
  ] as const) {
    assert.equal(await handlers.auth(auth('alice', password)), expected)
  }
})

test('auth: a password that another process changed is refused at once', async (t) => {
  const { store, handlers } = await setUp(t)
  await handlers.auth(auth('alice', 'right'))
  await new AccountStore(store.directory).change('alice', SERVER, cheapHash('new'))
  assert.equal(await handlers.auth(auth('alice', 'right')), false)
  assert.equal(await handlers.auth(auth('alice', 'new')), true)
})

test('auth: an account that another process removed is refused at once', async (t) => {
  const { store, handlers } = await setUp(t)
  await handlers.auth(auth('alice', 'right'))
  await new AccountStore(store.directory).remove('alice', SERVER)
  assert.equal(await handlers.auth(auth('alice', 'right')), false)
})

test('auth: a hash that cannot be verified is an error, and never a wrong password', async (t) => {
  const { store, handlers } = await setUp(t)
  await store.create('bob', SERVER, '$2y$10$abcdefghijklmnopqrstuu')
  await store.create('carol', SERVER, '')
  await assert.rejects(async () => handlers.auth(auth('bob', 'right')), { code: 'ERR_HASH' })
  await assert.rejects(async () => handlers.auth(auth('carol', '')), { code: 'ERR_HASH' })
  assert.equal(await handlers.auth(auth('nobody', 'right')), false)
})

test('auth: the same password in another form of Unicode is allowed', async (t) => {
  const { handlers } = await setUp(t)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'bob', 'caf\u00e9 x')), true)
  assert.equal(await handlers.auth(auth('bob', 'cafe\u0301\u00a0x')), true)
})

test('isuser: answers without waiting', async (t) => {
  const { handlers } = await setUp(t)
  assert.equal(handlers.isuser(named('isuser', 'alice')), true)
  assert.equal(handlers.isuser(named('isuser', 'bob')), false)
})

test('setpass: the new password is allowed and the old one refused', async (t) => {
  const { handlers } = await setUp(t)
  assert.equal(await handlers.setpass(withPassword('setpass', 'alice', 'new')), true)
  assert.equal(await handlers.auth(auth('alice', 'new')), true)
  assert.equal(await handlers.auth(auth('alice', 'right')), false)
})

test('setpass: an unknown user is refused, and not created', async (t) => {
  const { store, handlers } = await setUp(t)
  assert.equal(await handlers.setpass(withPassword('setpass', 'bob', 'new')), false)
  assert.equal(store.has('bob', SERVER), false)
})

test('tryregister: a new account is there, with a hash that is worth something', async (t) => {
  const { store, handlers } = await setUp(t)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'bob', 'pw')), true)
  assert.match(store.read('bob', SERVER) ?? '', /^\$scrypt\$ln=15,r=8,p=3\$/)
  assert.equal(await handlers.auth(auth('bob', 'pw')), true)
})

test('tryregister: the same account with the same password is allowed again, with another one refused', async (t) => {
  const { handlers } = await setUp(t)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'alice', 'right')), true)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'alice', 'other')), false)
  assert.equal(await handlers.auth(auth('alice', 'right')), true)
})

test('tryregister: an account that is there already is on the disk before it is allowed again', async (t) => {
  const { store, handlers } = await setUp(t)
  const syncs = recordSyncs(t, store.directory)
  assert.equal(await handlers.tryregister(withPassword('tryregister', 'alice', 'right')), true)
  assert.deepEqual(syncs, [SERVER, '', `${SERVER}/.tmp/*/password`, `${SERVER}/.tmp/*`, SERVER])
})

for (const user of ['', 'a b', 'a\nb', 'a\u00a0b', 'a\0b']) {
  test(`tryregister: ${JSON.stringify(user)} is nobody's name`, async (t) => {
    const { handlers } = await setUp(t)
    assert.equal(await handlers.tryregister(withPassword('tryregister', user, 'pw')), false)
  })
}

test('removeuser: afterwards there is no such account, whether there was one or not', async (t) => {
  const { handlers } = await setUp(t)
  assert.equal(await handlers.removeuser(named('removeuser', 'alice')), true)
  assert.equal(handlers.isuser(named('isuser', 'alice')), false)
  assert.equal(await handlers.removeuser(named('removeuser', 'alice')), true)
})

const everything = (handlers: Required<ReturnType<typeof accounts>>) => [
  () => handlers.auth(auth('alice', 'right')),
  () => handlers.isuser(named('isuser', 'alice')),
  () => handlers.setpass(withPassword('setpass', 'alice', 'right')),
  () => handlers.tryregister(withPassword('tryregister', 'alice', 'right')),
  () => handlers.removeuser(named('removeuser', 'alice')),
]

test('a store that is away fails every request, and refuses none', async (t) => {
  const { store, handlers } = await setUp(t)
  renameSync(store.directory, `${store.directory}.away`)
  for (const ask of everything(handlers)) await assert.rejects(async () => ask(), { code: 'ERR_STORE' })
})

test('a request that meets a store that is away for a moment is answered when it is back', async (t) => {
  const { store, handlers } = await setUp(t, { patience: 60_000 })
  for (const ask of everything(handlers)) {
    renameSync(store.directory, `${store.directory}.away`)
    const answer = Promise.resolve(ask())
    setImmediate(() => renameSync(`${store.directory}.away`, store.directory))
    assert.equal(await answer, true)
  }
})

test('a request that is aborted does not wait for the store any longer', async (t) => {
  const { store, handlers } = await setUp(t, { patience: 60_000 })
  renameSync(store.directory, `${store.directory}.away`)
  const controller = new AbortController()
  const answer = handlers.auth(withPassword('auth', 'alice', 'right', { signal: controller.signal }))
  controller.abort()
  await assert.rejects(async () => answer, { code: 'ERR_STORE' })
})

for (const operation of ['setpass', 'tryregister'] as const) {
  test(`${operation}: a request that is aborted while its password is hashed writes nothing`, async (t) => {
    const { store, handlers } = await setUp(t)
    const before = store.read('alice', SERVER)
    const user = operation === 'setpass' ? 'alice' : 'bob'
    const late = withPassword(operation, user, 'late', { signal: AbortSignal.abort() })
    await assert.rejects(async () => handlers[operation](late), { name: 'AbortError' })
    assert.equal(store.read('alice', SERVER), before)
    assert.equal(store.has('bob', SERVER), false)
  })
}

const misuse = (title: string, options: unknown, message: string) =>
  test(`${title} is a TypeError`, () => {
    assert.throws(() => accounts(options as AccountsOptions), { name: 'TypeError', message })
  })

misuse('no options', undefined, 'Expected the options of accounts to be an object, got nothing')
misuse('no directory', {}, 'Expected `directory` of accounts to be an absolute path, got nothing')
misuse(
  'a relative directory',
  { directory: 'x' },
  'Expected `directory` of accounts to be an absolute path, got `x` (string)',
)
misuse(
  'a patience that is no number',
  { directory: '/x', patience: '5' },
  'Expected `patience` of accounts to be a number of milliseconds from 0 up, got `5` (string)',
)
for (const patience of [-1, Number.NaN])
  misuse(
    `a patience of ${patience}`,
    { directory: '/x', patience },
    `Expected \`patience\` of accounts to be a number of milliseconds from 0 up, got \`${patience}\` (number)`,
  )
misuse(
  'an option that there is not',
  { directory: '/x', patiense: 0 },
  'accounts has no option `patiense`: did you mean patience?',
)
