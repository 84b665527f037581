import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AccountStore } from '../../src/accounts/store.ts'
import { canRun } from '../e2e/support/account.ts'
import { finish, PROGRAM } from '../program/support.ts'
import { finished, start, temporaryDirectory } from './support.ts'

const ROOT = process.geteuid?.() === 0
const SOMEBODY = 65_533
const NOBODY = 65_534

/** Root may do everything: what is about rights is done as somebody who may not. */
async function as<Result>(uid: number, run: () => Promise<Result>): Promise<Result> {
  if (!ROOT) return run()
  process.setegid?.(uid)
  process.seteuid?.(uid)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
  }
}

async function storeOf(t: TestContext, uid: number): Promise<AccountStore> {
  const parent = temporaryDirectory(t)
  if (ROOT) chownSync(parent, uid, uid)
  const store = new AccountStore(join(parent, 'store'))
  await as(uid, async () => {
    await store.initialise()
    await store.create('alice', 'example.org', 'one')
  })
  return store
}

const unreadable = (path: string) =>
  test(`${path || 'a store'} that cannot be read is a StoreError for everything, and nobody is refused`, async (t) => {
    const store = await storeOf(t, NOBODY)
    chmodSync(join(store.directory, path), 0o000)
    const expected = { code: 'ERR_STORE', message: /\/.*, got EACCES \(permission denied\)/ }
    await as(NOBODY, async () => {
      assert.throws(() => store.read('alice', 'example.org'), expected)
      assert.throws(() => [...store.list(), store.read('alice', 'example.org')], expected)
      if (path.endsWith('password')) return
      assert.throws(() => store.has('alice', 'example.org'), expected)
      await assert.rejects(store.change('alice', 'example.org', 'two'), expected)
      if (path.endsWith('alice')) return
      await assert.rejects(store.create('bob', 'example.org', 'two'), expected)
      await assert.rejects(store.remove('alice', 'example.org'), expected)
    }).finally(() => chmodSync(join(store.directory, path), 0o700))
  })

unreadable('')
unreadable('example.org')
unreadable('example.org/alice')
unreadable('example.org/alice/password')

test('a store that cannot be written can be read, and a write is a StoreError that keeps its cause', async (t) => {
  const store = await storeOf(t, NOBODY)
  chmodSync(join(store.directory, 'example.org'), 0o500)
  await as(NOBODY, async () => {
    assert.equal(store.read('alice', 'example.org'), 'one')
    await assert.rejects(store.remove('alice', 'example.org'), (error: Error) => {
      assert.match(
        error.message,
        /^Expected to be able to remove the account alice@example.org in \/.*, got EACCES/,
      )
      return (error.cause as NodeJS.ErrnoException).code === 'EACCES'
    })
  }).finally(() => chmodSync(join(store.directory, 'example.org'), 0o700))
})

test('a store of somebody else is a StoreError', { skip: !ROOT }, async (t) => {
  const store = await storeOf(t, SOMEBODY)
  chmodSync(store.directory, 0o755)
  chmodSync(join(store.directory, '.ejabberd-extauth'), 0o644)
  chmodSync(dirname(store.directory), 0o755)
  await as(NOBODY, async () => {
    assert.throws(() => store.check(), {
      code: 'ERR_STORE',
      message: /belong to uid 65534 or to root, got uid 65533/,
    })
  })
})

test('root refuses a store of somebody else, and says as whom to run', { skip: !ROOT }, async (t) => {
  const store = new AccountStore((await storeOf(t, NOBODY)).directory)
  const expected = { code: 'ERR_STORE', message: /belong to root, .* got uid 65534; .*sudo -u '#65534'/ }
  assert.throws(() => store.check(), expected)
  assert.throws(() => store.read('alice', 'example.org'), expected)
  await assert.rejects(store.change('alice', 'example.org', 'two'), expected)
  const parent = temporaryDirectory(t)
  chownSync(parent, NOBODY, NOBODY)
  await assert.rejects(new AccountStore(parent).initialise(), expected)
})

/** Runs `account` in a process of its own, as it does not come back from being somebody else. */
async function runAccount(store: AccountStore, command: string, input = '') {
  const child = start('account-process', ['--accounts', store.directory, ...command.split(' ')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  child.stdin?.end(input)
  return { ...(await finished(child)), stderr }
}

const HASH = `$pbkdf2-sha256$i=1$c2FsdA$${'A'.repeat(43)}`

test('what root makes with `account` belongs to the owner of the store, or of its parent', {
  skip: !ROOT,
}, async (t) => {
  const parent = temporaryDirectory(t)
  chownSync(parent, NOBODY, NOBODY)
  const store = new AccountStore(join(parent, 'store'))
  const file = join(temporaryDirectory(t), 'readable-by-root-only')
  writeFileSync(file, `bob example.org ${HASH}\n${'a'.repeat(1023)} ${'b'.repeat(1023)} ${HASH}\n`, {
    mode: 0o600,
  })
  for (const [command, input] of [
    ['add alice example.org', 'one\n'],
    ['passwd alice example.org', 'two\n'],
    [`import ${file}`, ''],
  ] as const) {
    const { code, stderr } = await runAccount(store, command, input)
    assert.equal(code, 0, stderr)
    assert.doesNotMatch(stderr, /belongs to root/)
  }
  const files = readdirSync(store.directory, { recursive: true }) as string[]
  assert.ok(files.length > 10)
  for (const each of ['.', ...files]) {
    const { uid, gid } = statSync(join(store.directory, each))
    assert.deepEqual([uid, gid], [NOBODY, NOBODY], each)
  }
  await as(NOBODY, async () => assert.equal(store.count(), 3))
})

test('a store that root makes in a directory of root says to whom to give it', { skip: !ROOT }, async (t) => {
  const store = new AccountStore(join(temporaryDirectory(t), 'store'))
  const { code, stderr } = await runAccount(store, 'add alice example.org', 'one\n')
  assert.equal(code, 0)
  assert.equal(
    stderr,
    `Made the account store ${store.directory}; it belongs to root: chown -R ejabberd: ${store.directory}\n`,
  )
})

/** As that of Debian 13 answers: https://nodejs.org/en/blog/vulnerability/february-2024-security-releases */
const REFUSING = `data:text/javascript,process.setgroups = () => {
  throw Object.assign(new Error('setgroups() disabled: io_uring may be enabled'), { code: 'ERR_INVALID_STATE' })
}`

test('what root makes belongs to the owner of the store, too, where Node.js does not let root become somebody else', {
  skip:
    !ROOT || !canRun({ name: '', ids: { uid: NOBODY, gid: NOBODY } }, process.execPath, PROGRAM, '--version'),
}, async (t) => {
  const parent = temporaryDirectory(t)
  chownSync(parent, NOBODY, NOBODY)
  const store = new AccountStore(join(parent, 'store'))
  const options = { env: { ...process.env, NODE_OPTIONS: `--import=${encodeURI(REFUSING)}` } }
  const run = (command: string, input = '') => {
    const args = ['account', ...command.split(' '), '--accounts', store.directory]
    return finish(PROGRAM, args, Buffer.from(input), options)
  }
  const added = await run('add alice example.org', 'one\n')
  assert.deepEqual([added.stdout.toString(), added.status], ['Added alice@example.org\n', 0], added.stderr)
  assert.equal((await run('add alice example.org', 'one\n')).status, 1)
  const file = join(temporaryDirectory(t), 'readable-by-root-only')
  writeFileSync(file, `bob example.org ${HASH}\n`, { mode: 0o600 })
  assert.equal((await run('import -', readFileSync(file, 'utf8'))).status, 0)
  const refused = await run(`import ${file}`)
  assert.match(refused.stderr, /to be a file that can be read, got EACCES/)
  assert.equal(refused.status, 2)
  for (const each of ['.', ...(readdirSync(store.directory, { recursive: true }) as string[])])
    assert.equal(statSync(join(store.directory, each)).uid, NOBODY, each)
})

const doesNotFollow = (
  title: string,
  command: string,
  link: (store: AccountStore, foreign: string) => void,
) =>
  test(`root does not follow a link that the owner of the store made: ${title}`, {
    skip: !ROOT,
  }, async (t) => {
    const store = await storeOf(t, NOBODY)
    const foreign = temporaryDirectory(t)
    writeFileSync(join(foreign, 'password'), 'secret\n')
    mkdirSync(join(foreign, '.unfinished-old'))
    utimesSync(join(foreign, '.unfinished-old'), 0, 0)
    link(store, foreign)
    const { code, output, stderr } = await runAccount(store, command, 'new\n')
    assert.equal(code, 3)
    assert.match(stderr, /EACCES/)
    assert.doesNotMatch(output, /secret/)
    assert.deepEqual(readdirSync(foreign).sort(), ['.unfinished-old', 'password'])
    assert.equal(readFileSync(join(foreign, 'password'), 'utf8'), 'secret\n')
  })

doesNotFollow('an account', 'passwd eve example.org', (store, foreign) =>
  symlinkSync(foreign, join(store.directory, 'example.org/eve')),
)
doesNotFollow('a password', 'export', (store, foreign) => {
  mkdirSync(join(store.directory, 'example.org/eve'))
  chownSync(join(store.directory, 'example.org/eve'), NOBODY, NOBODY)
  symlinkSync(join(foreign, 'password'), join(store.directory, 'example.org/eve/password'))
})
doesNotFollow('where accounts are made', 'add eve example.org', (store, foreign) => {
  rmSync(join(store.directory, 'example.org/.tmp'), { recursive: true })
  symlinkSync(foreign, join(store.directory, 'example.org/.tmp'))
})
doesNotFollow('the store itself', 'add eve example.org', (store, foreign) => {
  rmSync(store.directory, { recursive: true })
  symlinkSync(foreign, store.directory)
  lchownSync(store.directory, NOBODY, NOBODY)
})

test('an empty directory that others can write does not become a store', async (t) => {
  const directory = join(temporaryDirectory(t), 'open')
  mkdirSync(directory)
  chmodSync(directory, 0o777)
  await assert.rejects(new AccountStore(directory).initialise(), { code: 'ERR_STORE', message: /mode 777/ })
})
