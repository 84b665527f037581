/** `account` and `call` take passwords from standard input, write them nowhere, and do not show them to `ps`. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { PROGRAM } from '../program/support.ts'
import { Scene } from './scene.ts'

/** A scene in which the program is run by hand. */
class CommandScene extends Scene {
  readonly store: readonly string[] = ['--accounts', this.path('accounts')]

  /** Runs it to its end. While it waits for its input everybody may look at it. */
  async run(args: readonly string[], input: string | Uint8Array = ''): Promise<number | null> {
    const program = this.spawn(PROGRAM, args)
    if (input !== '') this.look(program)
    program.stdin.on('error', () => {}).end(input)
    await once(program, 'close')
    return program.exitCode
  }

  account(words: string, input?: string | Uint8Array): Promise<number | null> {
    return this.run(['account', ...words.split(' '), ...this.store], input)
  }

  /** A hash is a secret, too; it may be where it is stored. */
  watchHash(user: string): void {
    const place = `accounts/example.org/${user}/password`
    const hash = readFileSync(this.path(place), 'utf8')
    this.marks.watch(`the hash of ${user}`, hash, { raw: 16, allowed: [place] })
  }
}

test('account writes no password', async (t) => {
  const scene = new CommandScene(t)
  const line = (name: string) => `${scene.marks.mint(name).replaceAll('\n', '\t')}\n`
  assert.equal(await scene.account('add alice example.org', line('the password')), 0)
  assert.equal(await scene.account('add alice example.org', line('a second one')), 1)
  assert.equal(await scene.account('passwd alice@example.org', line('the new password')), 0)
  scene.watchHash('alice')
  assert.equal(await scene.account('passwd bob example.org', line('a password for nobody')), 1)
  assert.equal(await scene.account('list example.org --json'), 0)
  assert.equal(await scene.account('count'), 0)
  assert.equal(await scene.account('remove alice example.org', line('what nobody asks for')), 0)
  scene.assertNothingFound()
})

test('account writes no password that it cannot take', async (t) => {
  const scene = new CommandScene(t)
  const [broken, large] = [scene.marks.mintWord('no UTF-8'), scene.marks.mintWord('far too long')]
  const inputs = [Buffer.concat([Buffer.from(broken), Buffer.of(0xff)]), large.repeat(4000)]
  for (const input of inputs) assert.equal(await scene.account('add alice example.org', input), 2)
  scene.assertNothingFound()
})

test('account export writes hashes, which it is for, and nothing else does', async (t) => {
  const scene = new CommandScene(t)
  await scene.account('add alice example.org', 'sesame\n')
  scene.watchHash('alice')
  scene.assertNothingFound()
  assert.equal(await scene.account('export'), 0)
  assert.deepEqual(scene.found(), ['the hash of alice'])
})

/** Lines of an import, right and wrong, with a secret that is a word. */
const LINES: Readonly<Record<string, (word: string) => string>> = {
  'a password': (word) => `alice example.org ${word}`,
  'another password for the same': (word) => `alice example.org ${word}`,
  'a hash': (word) => `bob example.org ${cheapHash(word)}`,
  'a password alone': (word) => word,
  'a password behind a user': (word) => `carol ${word}`,
  'a password behind a colon': (word) => `carol:${word}`,
  'a user that is none': (word) => `c@rol example.org ${word}`,
  'a server that is none': (word) => `carol exa/mple ${word}`,
  'a password with a control character': (word) => `carol example.org ${word}\u0007`,
  'a hash that is cut off': (word) => `carol example.org $scrypt$ln=15,r=8,p=3$${word}`,
  'a hash of an unknown format': (word) => `carol example.org $unknown$${word}$${word}`,
  'a hash of an unknown scheme': (word) => `carol example.org {UNKNOWN}${word}`,
  'a hash that asks for too much': (word) => `carol example.org $pbkdf2-sha256$i=99999999999$${word}$${word}`,
}

/** Sources of an import that are no lines. */
const SOURCES: Readonly<Record<string, (word: string) => string>> = {
  'a dump of ejabberd': (word) =>
    `{passwd,{<<"dora">>,<<"example.org">>},<<"${word}">>}.\n{passwd,{<<"e">>,<<"x">>},<<"${word}">>,}.\n{passwd,<<"${word}">>\n`,
  'an htpasswd file': (word) => `frank:${word}\nfrank:{SHA}${word}\n${word}\ngeorge:$apr1$${word}\n`,
  'bytes that are no text': (word) => `\u0000\u0001${word}\n\u0000 ${word} x\n`,
}

describe('account import writes nothing of what it cannot take', () => {
  test('in lines', async (t) => {
    const scene = new CommandScene(t)
    const lines = Object.entries(LINES).map(([name, write]) => write(scene.marks.mintWord(name)))
    const file = scene.give('accounts.txt', `${lines.join('\n')}\n`)
    assert.equal(await scene.account(`import ${file}`), 1)
    assert.equal(await scene.account(`import ${file} --replace --json`), 1)
    for (const user of ['alice', 'bob']) scene.watchHash(user)
    scene.assertNothingFound()
  })

  for (const [name, write] of Object.entries(SOURCES)) {
    test(`in ${name}`, async (t) => {
      const scene = new CommandScene(t)
      const file = scene.give('source', write(scene.marks.mintWord(name)))
      for (const option of ['', ' --server example.org']) await scene.account(`import ${file}${option}`)
      await scene.account('import -', readFileSync(file))
      scene.assertNothingFound()
    })
  }

  test('in the files of Prosody', async (t) => {
    const scene = new CommandScene(t)
    const folder = join('data', 'example%2eorg', 'accounts')
    mkdirSync(scene.path('given', folder), { recursive: true })
    const word = (name: string) => scene.marks.mintWord(name)
    scene.give(join(folder, 'alice.dat'), `return { ["password"] = "${word('a password')}"; };\n`)
    scene.give(join(folder, 'bob.dat'), `return { ["password"] = "${word('a broken file')}" "; };\n`)
    scene.give(
      join(folder, 'carol.dat'),
      `return { ["salt"] = "x"; ["stored_key"] = "${word('a broken key')}"; };\n`,
    )
    assert.equal(await scene.account(`import ${scene.path('given', 'data')}`), 1)
    scene.assertNothingFound()
  })
})

test('what is typed behind a command by mistake is not written, as it may be a password', async (t) => {
  const scene = new CommandScene(t)
  await scene.account('add alice example.org', 'sesame')
  const mistakes = [
    'account add alice example.org PASSWORD',
    'account passwd alice@example.org PASSWORD',
    'account remove alice example.org PASSWORD',
    'account list example.org PASSWORD',
    'account import - PASSWORD',
    'account add alice example.org --password=PASSWORD',
    'account add alice example.org --json=PASSWORD',
    'call auth alice example.org PASSWORD',
    'call auth alice@example.org PASSWORD',
    'call isuser alice example.org PASSWORD',
    'call auth alice example.org --password PASSWORD',
    'call auth alice example.org --strict=PASSWORD',
  ]
  for (const mistake of mistakes) {
    const args = mistake.replace('PASSWORD', scene.marks.mintWord(mistake)).split(' ')
    assert.equal(await scene.run(mistake.startsWith('call') ? args : [...args, ...scene.store]), 2, mistake)
  }
  scene.assertNothingFound()
})

test('a password that is typed on a terminal is not shown', async (t) => {
  const scene = new CommandScene(t)
  const line = `'${PROGRAM}' account add alice example.org ${scene.store.join(' ')}`
  const terminal = scene.spawn('script', ['-qec', line, '/dev/null'])
  let shown = ''
  terminal.stdout.on('data', (chunk: Buffer) => {
    shown += chunk
  })
  const ended = once(terminal, 'close')
  const password = `${scene.marks.mintWord('typed')}\r`
  for (const question of ['Password for alice', 'The same again']) {
    while (!shown.includes(question)) await once(terminal.stdout, 'data')
    terminal.stdin.write(password)
  }
  await ended
  assert.match(shown, /Added alice@example\.org/)
  scene.assertNothingFound()
})

/** What handlers do, as in the tests of handlers, and the exit status of `call`. */
const CALLS: Readonly<Record<string, number>> = {
  'says yes': 0,
  'says no': 1,
  'in a message': 3,
  'in a thrown object': 3,
  'as SASL PLAIN': 3,
  'in a returned text': 3,
  'fails too late': 3,
  'prints the request': 0,
  'warns of it': 0,
  'throws it out of nowhere': 0,
}

describe('call writes no password', () => {
  for (const [name, status] of Object.entries(CALLS)) {
    test(`when a handler does this: ${name}`, async (t) => {
      const scene = new CommandScene(t)
      const handlers = fileURLToPath(new URL('leaky.js', import.meta.url))
      const options = [
        '--handlers',
        handlers,
        '--log-level',
        'debug',
        '--timeout',
        name.includes('late') ? '0.2' : '20',
      ]
      const password = scene.marks.mint(name).replaceAll('\n', '\t')
      assert.equal(
        await scene.run(['call', 'auth', name, 'example.org', ...options], `${password}\n`),
        status,
      )
      scene.assertNothingFound()
    })
  }

  test('nor shows it to a program of others but on its input', async (t) => {
    const scene = new CommandScene(t)
    const code = `require('node:fs').writeFileSync('seen', [...process.argv, ...Object.entries(process.env)].join());
      process.stdin.once('data', () => process.stdout.write('\\0\\x02\\0\\x01'))`
    const args = ['call', 'setpass', 'alice', 'example.org', '--', process.execPath, '-e', code]
    assert.equal(await scene.run(args, `${scene.marks.mintWord('for another program')}\n`), 0)
    assert.match(readFileSync(scene.path('work', 'seen'), 'utf8'), /node/)
    scene.assertNothingFound()
  })
})
