import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { AccountStore } from '../../src/accounts/store.ts'
import { account } from '../../src/commands/account.ts'
import { verifyPassword } from '../../src/passwords/registry.ts'
import { temporaryDirectory } from '../accounts/support.ts'

const HASH = `$pbkdf2-sha256$i=1$c2FsdA$${'A'.repeat(43)}`
const OTHER_HASH = `$pbkdf2-sha256$i=1$c2FsdA$${'B'.repeat(42)}A`

function collect() {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  return { stream, text: () => text }
}

/** Runs commands on a store that is not there yet. */
function setUp(t: TestContext) {
  const directory = join(temporaryDirectory(t), 'store')
  const run = async (command: string, input: string | Iterable<string | Uint8Array> = '') => {
    const stdout = collect()
    const stderr = collect()
    const args = ['--accounts', directory, ...command.split(' ').filter((word) => word !== '')]
    const stdin = Readable.from(typeof input === 'string' ? [Buffer.from(input)] : input)
    const status = await account(args, { stdin, stdout: stdout.stream, stderr: stderr.stream })
    return { status, stdout: stdout.text(), stderr: stderr.text() }
  }
  return { directory, store: new AccountStore(directory), run }
}

for (const address of ['alice example.org', 'alice@example.org', 'ALICE Example.ORG']) {
  test(`add ${address} makes the store and the account`, async (t) => {
    const { store, run } = setUp(t)
    const { status, stdout, stderr } = await run(`add ${address}`, 'secret\n')
    assert.deepEqual([status, stdout], [0, 'Added alice@example.org\n'])
    assert.match(stderr, /^Made the account store \//)
    assert.equal(await verifyPassword(store.read('alice', 'example.org') ?? '', 'secret'), true)
  })
}

test('add refuses an account that is there, and leaves it alone', async (t) => {
  const { store, run } = setUp(t)
  await run('add alice@example.org', 'secret\n')
  const hash = store.read('alice', 'example.org')
  const { status, stdout, stderr } = await run('add alice@example.org', 'other\n')
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /alice@example.org is there already/)
  assert.equal(store.read('alice', 'example.org'), hash)
})

test('add without a password makes no account', async (t) => {
  const { store, run } = setUp(t)
  await assert.rejects(run('add alice@example.org', '\n'), { code: 'ERR_USAGE' })
  assert.equal(store.has('alice', 'example.org'), false)
})

test('add does not make a store of a directory with something else in it', async (t) => {
  const { directory, run } = setUp(t)
  mkdirSync(directory)
  writeFileSync(join(directory, 'letter.txt'), 'x')
  await assert.rejects(run('add alice@example.org', 'secret\n'), { code: 'ERR_STORE' })
})

test('passwd changes the password', async (t) => {
  const { store, run } = setUp(t)
  await run('add alice@example.org', 'secret\n')
  const { status, stdout } = await run('passwd alice example.org', 'other\n')
  assert.deepEqual([status, stdout], [0, 'Changed the password of alice@example.org\n'])
  assert.equal(await verifyPassword(store.read('alice', 'example.org') ?? '', 'other'), true)
})

test('passwd and remove refuse an account that is not there', async (t) => {
  const { store, run } = setUp(t)
  await store.initialise()
  for (const command of ['passwd', 'remove']) {
    const { status, stderr } = await run(`${command} alice@example.org`, 'other\n')
    assert.deepEqual([status, stderr], [1, 'There is no account alice@example.org\n'])
  }
})

test('remove removes an account', async (t) => {
  const { store, run } = setUp(t)
  await run('add alice@example.org', 'secret\n')
  assert.equal((await run('remove alice@example.org')).status, 0)
  assert.equal(store.has('alice', 'example.org'), false)
})

async function three(t: TestContext) {
  const { store, ...rest } = setUp(t)
  await store.initialise()
  await store.create('alice', 'one.example', HASH)
  await store.create('#bob', 'one.example', HASH)
  await store.create('carol', 'two.example', OTHER_HASH)
  return { store, ...rest }
}

const sorted = (text: string) => text.split('\n').slice(0, -1).sort()

const prints = (command: string, expected: readonly string[]) =>
  test(`${command} prints ${expected.length} lines`, async (t) => {
    const { run } = await three(t)
    const { status, stdout, stderr } = await run(command)
    assert.deepEqual([status, stderr], [0, ''])
    assert.deepEqual(sorted(stdout), expected)
  })

prints('list', ['#bob@one.example', 'alice@one.example', 'carol@two.example'])
prints('list TWO.example', ['carol@two.example'])
prints('list two.example --json', ['{"user":"carol","server":"two.example"}'])
prints('count', ['3 accounts'])
prints('count two.example', ['1 account'])
prints('count --json', ['{"count":3}'])
prints('export', [
  ` #bob one.example ${HASH}`,
  `alice one.example ${HASH}`,
  `carol two.example ${OTHER_HASH}`,
])
prints('export two.example', [`carol two.example ${OTHER_HASH}`])
prints('export two.example --json', [`{"user":"carol","server":"two.example","hash":"${OTHER_HASH}"}`])

test('list says so where there is nothing to list', async (t) => {
  const { run } = await three(t)
  assert.deepEqual(await run('list three.example'), {
    status: 0,
    stdout: '',
    stderr: 'There is no account of three.example\n',
  })
})

test('what was exported is imported into another store, and once more without a fault', async (t) => {
  const { stdout } = await (await three(t)).run('export')
  const { store, run } = setUp(t)
  await store.initialise()
  assert.deepEqual(await run('import -', stdout), {
    status: 0,
    stdout: 'imported 3, already there 0, not taken 0\n',
    stderr: '',
  })
  assert.deepEqual(sorted((await run('export')).stdout), sorted(stdout))
  assert.deepEqual(await run('import - --json', stdout), {
    status: 0,
    stdout: '{"imported":0,"alreadyThere":3,"notTaken":0}\n',
    stderr: '',
  })
})

test('an import goes on after a bad line, and tells of it without quoting it', async (t) => {
  const { store, run } = await three(t)
  const { status, stdout, stderr } = await run(
    'import -',
    [
      '# a comment',
      '',
      `dave one.example ${HASH}`,
      'erin one.example hunter2 hunter2',
      'frank hunter2',
      'grace one.example $2y$10$hunter2',
      `carol two.example ${HASH}`,
      'hei:di one.example hunter2',
      '',
    ].join('\n'),
  )
  assert.deepEqual([status, stdout], [1, 'imported 2, already there 1, not taken 3\n'])
  assert.deepEqual(
    sorted(stderr).map((line) => line.replace(/(line \d+): .*/, '$1')),
    ['line 5', 'line 6', 'line 7', 'line 8'],
  )
  assert.doesNotMatch(stderr, /hunter2/)
  assert.equal(store.read('dave', 'one.example'), HASH)
  assert.equal(await verifyPassword(store.read('erin', 'one.example') ?? '', 'hunter2 hunter2'), true)
  assert.equal(store.read('carol', 'two.example'), OTHER_HASH)
})

test('an import with --replace gives accounts the new password, the last one if there are two', async (t) => {
  const { store, run } = await three(t)
  const lines = `carol two.example ${HASH}\nalice one.example ${HASH}\nalice one.example ${OTHER_HASH}\n`
  assert.deepEqual(await run('import - --replace', lines), {
    status: 0,
    stdout: 'imported 3, already there 0, not taken 0\n',
    stderr: '',
  })
  assert.equal(store.read('carol', 'two.example'), HASH)
  assert.equal(store.read('alice', 'one.example'), OTHER_HASH)
})

test('a password that is there already is no fault, another one is', async (t) => {
  const { store, run } = setUp(t)
  await store.initialise()
  const { status, stdout } = await run(
    'import -',
    'a example.org one\na example.org one\na example.org two\n',
  )
  assert.deepEqual([status, stdout], [1, 'imported 1, already there 2, not taken 0\n'])
})

test('an htpasswd file is imported for a server, and only its hashes', async (t) => {
  const { directory, store, run } = setUp(t)
  await store.initialise()
  const file = `${directory}.htpasswd`
  writeFileSync(file, `Alice:${HASH}\r\nbob:hunter2\ncarol:$y$hunter2\n`)
  const { status, stdout, stderr } = await run(`import ${file} --server Example.org`)
  assert.deepEqual([status, stdout], [1, 'imported 1, already there 0, not taken 2\n'])
  assert.match(stderr, /^line 2: .*\nline 3: .*yescrypt.*\n$/)
  assert.doesNotMatch(stderr, /hunter2/)
  assert.equal(store.read('alice', 'example.org'), HASH)
})

test('a line that is not UTF-8 is told, and not taken', async (t) => {
  const { run } = await three(t)
  const { status, stderr } = await run('import -', [Buffer.of(0x61, 0xff, 0x0a)])
  assert.deepEqual([status, stderr], [1, 'line 1: Expected a line of text in UTF-8, got something else\n'])
})

test('a store that fails midway says up to which line all is done', async (t) => {
  const { directory, store, run } = setUp(t)
  await store.initialise()
  const line = (i: number) => `user${i} example.org ${HASH}\n`
  function* input() {
    yield Buffer.from('# a comment\n')
    for (let i = 0; i < 130; i++) yield Buffer.from(line(i))
    renameSync(directory, `${directory}.away`)
    for (let i = 130; i < 200; i++) yield Buffer.from(line(i))
  }
  await assert.rejects(run('import -', input()), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ERR_STORE')
    const stop = Number(
      /^The import stopped at line (\d+); all before it is done\. /.exec(error.message)?.[1],
    )
    renameSync(`${directory}.away`, directory)
    for (let i = 0; i < stop - 2; i++) assert.ok(store.has(`user${i}`, 'example.org'))
    assert.ok(stop > 2)
    return !store.has(`user${stop - 2}`, 'example.org')
  })
})

test('many lines are imported', async (t) => {
  const { store, run } = setUp(t)
  await store.initialise()
  const lines = Array.from({ length: 2000 }, (_, i) => `user${i} ${i % 3}.example ${HASH}\n`)
  assert.equal(
    (await run('import -', lines.join(''))).stdout,
    'imported 2000, already there 0, not taken 0\n',
  )
  assert.equal(store.count(), 2000)
  assert.equal(store.count('0.example'), 667)
})

const misuse = (command: string, message: RegExp) =>
  test(`account ${command} is a UsageError`, async (t) => {
    const { directory, run } = setUp(t)
    await assert.rejects(run(command), { code: 'ERR_USAGE', message })
    assert.equal(existsSync(directory), false)
  })

misuse('', /one of add, passwd, remove, list, count, import, export, got nothing/)
misuse('rename', /got rename/)
misuse('constructor', /got constructor/)
misuse('add', /USER SERVER or USER@SERVER, got 0 words/)
misuse('add alice', /got 1 words/)
misuse('add alice example.org hunter2', /got 3 words; a password is asked for/)
misuse('add al:ice example.org', /user name .* got ":"/)
misuse('add alice@', /server name to have 1 to 1023 bytes, got 0/)
misuse('add alice@b@c', /server name .* got "@"/)
misuse('list a b', /\[SERVER\], got 2 words/)
misuse('import', /FILE, or - .*got 0 words/)
misuse('add alice example.org --json', /without --json/)
misuse('list --replace', /without --replace/)
misuse('list --colour', /--colour/)
misuse('list --accounts=', /accounts/)

for (const command of ['passwd a b', 'remove a b', 'list', 'count', 'export']) {
  test(`account ${command} without a store is a StoreError that says how to make one`, async (t) => {
    await assert.rejects(setUp(t).run(command), { code: 'ERR_STORE', message: /sudo install -d/ })
  })
}

test('import makes the store, as add does', async (t) => {
  const { run } = setUp(t)
  const { status, stdout, stderr } = await run('import -', `alice example.org ${HASH}\n`)
  assert.equal(status, 0, stderr)
  assert.match(stderr, /^Made the account store /)
  assert.match(stdout, /^imported 1,/)
})

test('a file that cannot be read is a UsageError', async (t) => {
  const { directory, run } = await three(t)
  await assert.rejects(run(`import ${directory}/none`), { code: 'ERR_USAGE', message: /ENOENT/ })
})

test('the store is private', async (t) => {
  const { directory, run } = setUp(t)
  await run('add alice@example.org', 'secret\n')
  assert.match(readFileSync(join(directory, 'example.org/alice/password'), 'utf8'), /^\$scrypt\$.*\n$/)
  chmodSync(directory, 0o770)
  await assert.rejects(run('list'), { code: 'ERR_STORE', message: /mode 770/ })
})
