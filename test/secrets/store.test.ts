/** The account store: no password is written anywhere, and a hash nowhere but in the account that it belongs to. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { packageRoot } from '../e2e/support/package.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { PROGRAM } from '../program/support.ts'
import { ask, LOGGINGS, type Logging, Scene, untilLoaded } from './scene.ts'

const LOUD: Logging = { level: 'debug', toFile: true }

/** A scene with an account store, made by hand. */
class StoreScene extends Scene {
  readonly args: readonly string[] = ['--accounts', this.path('accounts')]

  /** Makes an account with a hash, which is a secret, too. */
  account(user: string, hash: string): void {
    const folder = this.path('accounts', 'example.org', user)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(this.path('accounts', '.ejabberd-extauth'), 'ejabberd-extauth accounts, format 1\n')
    writeFileSync(join(folder, 'password'), hash, { mode: 0o600 })
    this.watchHash(user, hash)
  }

  watchHash(user: string, hash: string): void {
    const allowed = [`accounts/example.org/${user}/password`]
    this.marks.watch(`the hash of ${user}`, hash.slice(0, ENOUGH), { raw: WINDOW, allowed })
  }

  /** What the program has stored for a user. */
  hashOf(user: string): string {
    return readFileSync(this.path('accounts', 'example.org', user, 'password'), 'utf8')
  }
}

/** So many characters of a hash in a row: what hashes begin with tells nobody anything. */
const WINDOW = 24
/** So many of its characters are looked for. */
const ENOUGH = 200

async function live(scene: StoreScene, logging: Logging): Promise<void> {
  const mint = (name: string) => scene.marks.mint(name)
  const [old, current, another] = [mint('the old password'), mint('the password'), mint('another password')]
  scene.account('alice', cheapHash(old))
  const running = scene.start(scene.args, logging)
  const says = async (became: string, operation: string, user: string, password?: string) => {
    const rest = password === undefined ? '' : `:${password}`
    assert.equal(
      await ask(running, `${operation}:${user}:example.org${rest}`),
      became,
      `${operation} ${user}`,
    )
  }
  await says('allowed', 'auth', 'alice', old)
  await says('allowed', 'auth', 'alice', old) // this time from memory
  await says('refused', 'auth', 'alice', another)
  await says('refused', 'auth', 'nobody', mint('the password of nobody'))
  await says('allowed', 'setpass', 'alice', current)
  scene.watchHash('alice', scene.hashOf('alice'))
  await says('refused', 'auth', 'alice', old)
  await says('failed', 'setpass', 'nobody', mint('a new password for nobody'))
  await says('allowed', 'tryregister', 'bob', another)
  scene.watchHash('bob', scene.hashOf('bob'))
  await says('allowed', 'tryregister', 'bob', another)
  await says('refused', 'tryregister', 'bob', mint('a second password'))
  await says('allowed', 'isuser', 'bob')
  await says('refused', 'removeuser3', 'bob', mint('a wrong password to remove with'))
  await says('allowed', 'removeuser3', 'bob', another)
  await says('refused', 'certauth', 'alice', mint('a certificate'))
  scene.look(running.process)
  await says('allowed', 'removeuser', 'alice')
  await scene.end(running)
}

describe('no password and no hash is written', { concurrency: 2 }, () => {
  for (const logging of LOGGINGS) {
    test(`at the level ${logging.level}, ${logging.toFile ? 'to a file' : 'to standard error'}`, async (t) => {
      const scene = new StoreScene(t)
      await live(scene, logging)
      scene.assertNothingFound()
    })
  }
})

/** Stored hashes that nobody can verify, made of a text that has no blanks in it. */
const BROKEN: Readonly<Record<string, (text: string) => string>> = {
  'a password in place of a hash': (text) => text,
  'a plain password with its scheme': (text) => `{PLAIN}${text}`,
  'an unknown format': (text) => `$unknown$v=1$${text}$${text}`,
  'scrypt that asks for too much': (text) => `$scrypt$ln=30,r=8,p=1$${text}$${text}`,
  'scrypt that is cut off': (text) => `$scrypt$ln=15,r=8,p=3$${text}`,
  'pbkdf2 without a number': (text) => `$pbkdf2-sha256$i=${text}$${text}$${text}`,
  'bcrypt that is too short': (text) => `$2b$10$${text}`,
  'bcrypt without its package': (text) => `$2b$10$${text.repeat(3).slice(0, 53)}`,
  'argon2 without its package': (text) => `$argon2id$v=19$m=65536,t=3,p=4$${text}$${text}`,
  'a salted digest that is none': (text) => `{SSHA}${text}`,
  'a locked account': (text) => `!${text}`,
  'two lines': (text) => `${text}\n${text}\n`,
  'a file that is far too long': (text) => text.repeat(10_000),
}

test('no stored hash is written that cannot be verified, nor is the password', async (t) => {
  const scene = new StoreScene(t)
  const names = Object.keys(BROKEN)
  for (const [index, name] of names.entries()) {
    const word = scene.marks.mintWord(name, [`accounts/example.org/user${index}/password`])
    scene.account(`user${index}`, BROKEN[name]?.(word) ?? '')
  }
  scene.account('alice', cheapHash('sesame'))
  const running = scene.start(scene.args, LOUD, { program: programAlone(scene) })
  // What follows takes as long as this one.
  assert.equal(await ask(running, 'auth:alice:example.org:sesame'), 'allowed')
  for (const [index, name] of names.entries()) {
    for (const operation of ['auth', 'removeuser3', 'tryregister']) {
      const password = scene.marks.mint(`${name}, ${operation}`)
      const became = await ask(running, `${operation}:user${index}:example.org:${password}`)
      assert.notEqual(became, 'allowed', name)
    }
  }
  await scene.end(running)
  scene.assertNothingFound()
  assert.match(scene.log(), /outcome=failed .*bcrypt/)
})

/** A copy of the program that has none of the packages that it can do without. */
function programAlone(scene: Scene): string {
  const copy = scene.path('given', 'package')
  for (const part of ['dist', 'package.json'])
    cpSync(join(packageRoot(), part), join(copy, part), { recursive: true })
  return `'${join(copy, 'dist', 'cli.js')}'`
}

/** What can be wrong with a store, while it is in use. */
const TROUBLES: Readonly<Record<string, (accounts: string, away: string) => void>> = {
  'is away': (accounts, away) => renameSync(accounts, away),
  'has become a file': (accounts, away) => {
    renameSync(accounts, away)
    writeFileSync(accounts, '')
  },
  'has a file where a server has its folder': (accounts, away) => {
    renameSync(join(accounts, 'example.org'), away)
    writeFileSync(join(accounts, 'example.org'), '')
  },
  'has a folder where an account has its file': (accounts, away) => {
    renameSync(join(accounts, 'example.org', 'alice', 'password'), away)
    mkdirSync(join(accounts, 'example.org', 'alice', 'password'))
  },
}

for (const [title, spoil] of Object.entries(TROUBLES)) {
  test(`no password is written when the store ${title}`, async (t) => {
    const scene = new StoreScene(t)
    const password = scene.marks.mint('the password')
    scene.account('alice', cheapHash(password))
    const running = scene.start([...scene.args, '--timeout', '0.3'], LOUD)
    await untilLoaded(running)
    spoil(scene.path('accounts'), scene.path('given', 'away'))
    assert.equal(await ask(running, `auth:alice:example.org:${password}`), 'failed')
    for (const operation of ['setpass', 'tryregister', 'removeuser3'])
      await ask(running, `${operation}:alice:example.org:${scene.marks.mint(operation)}`)
    await scene.end(running)
    scene.assertNothingFound()
  })
}

/** What keeps a program from writing; root would not be kept by the mode of a file. */
const SHACKLES: Readonly<Record<string, string>> = {
  'takes no more bytes': 'ulimit -f 0',
  'can only be read': `chmod -R a-w ../accounts${process.getuid?.() === 0 ? '; set -- setpriv --bounding-set=-dac_override -- "$@"' : ''}`,
}

for (const [title, shackle] of Object.entries(SHACKLES)) {
  test(`no password is written when the store ${title}`, async (t) => {
    const scene = new StoreScene(t)
    const password = scene.marks.mint('the password')
    scene.account('alice', cheapHash(password))
    const program = `sh -c '${shackle}; exec "$@"' sh '${PROGRAM}'`
    const running = scene.start([...scene.args, '--timeout', '1'], LOUD, { program })
    await untilLoaded(running)
    assert.equal(await ask(running, `auth:alice:example.org:${password}`), 'allowed')
    for (const user of ['alice', 'bob']) {
      for (const operation of ['setpass', 'tryregister'])
        assert.notEqual(
          await ask(running, `${operation}:${user}:example.org:${scene.marks.mint(`${operation} ${user}`)}`),
          'allowed',
        )
    }
    await ask(running, 'removeuser:alice:example.org')
    await scene.end(running)
    scene.assertNothingFound()
  })
}
