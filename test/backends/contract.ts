import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Handlers, Operation, PasswordRequest, UserRequest } from '../../src/handlers.ts'

/** A backend with a store behind it, in which alice@example.org has the password `pa:ss wörd`. */
export interface Fixture {
  /** Made with a `patience` of 0, so that a store that is away is not waited for. */
  readonly handlers: Handlers
  /** Takes the store away: it cannot be reached until `restart`. */
  readonly stop: () => Promise<void>
  /** Brings the store back, at the same address, with the same accounts. */
  readonly restart: () => Promise<void>
  /** Makes the store take questions and answer none until `restart`. Left out where the access is synchronous. */
  readonly stall?: () => void | Promise<void>
}

/** What a backend claims to do, and how to set it up with a store of its own for one test. */
export interface Contract {
  readonly name: string
  readonly operations: readonly Operation[]
  readonly setUp: (t: TestContext) => Promise<Fixture>
  /** Skips all, with this reason. */
  readonly skip?: string | undefined
  /** Passwords other than tokens can be told apart by any change; a token-only backend brings its right one. */
  readonly password?: string
  /** A wrong password that cannot be told to be wrong without the store. */
  readonly wrongPassword?: string
}

/** The server of every account of the suite. */
export const SERVER = 'example.org'

/** The password of alice at the beginning of each test, unless the contract says another one. */
export const PASSWORD = 'pa:ss w\u00f6rd'

/** A request that comes with a password. */
export function withPassword(
  operation: PasswordRequest['operation'],
  user: string,
  password: string,
  signal: AbortSignal = new AbortController().signal,
): PasswordRequest {
  return { operation, user, server: SERVER, password, signal }
}

/** A request that names an account and nothing else. */
export function named(
  operation: UserRequest['operation'],
  user: string,
  signal: AbortSignal = new AbortController().signal,
): UserRequest {
  return { operation, user, server: SERVER, signal }
}

/** Text that means something to SQL, LDAP, URLs, file systems or templates. */
const HOSTILE: readonly string[] = [
  "' OR '1'='1",
  "alice' --",
  "alice'/*",
  'alice"',
  'alice`',
  'alice\\',
  "\\' OR 1=1 -- ",
  '$1',
  '?',
  ':user',
  '%u',
  '%s',
  'al%',
  'alic_',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
  '${user}',
  '{user}',
  '*',
  'a*',
  'alice*',
  'alice)(uid=*',
  '*)(|(uid=*',
  'alice,ou=people',
  'alice+cn=bob',
  'uid=alice',
  'alice#',
  'alice?x=1',
  'alice&user=bob',
  'bob&user=alice',
  'alice;',
  'alice%00',
  'alice%2e',
  'alice/../alice',
  './alice',
  '..',
  ' alice',
  'alice ',
  'alice\n',
  'alice\r\nX-Admin: 1',
  'alice\u0000',
  'alice@example.org',
  'alice\\20',
  '\u0430lice',
  'a'.repeat(1023),
]

/** The conformance suite: what every backend promises, whatever is behind it. */
export function testBackend({
  name,
  operations,
  setUp,
  skip,
  password = PASSWORD,
  wrongPassword = 'other',
}: Contract): void {
  const claims = (operation: Operation) => operations.includes(operation)
  type Body = (fixture: Fixture & { ask: Required<Handlers> }, t: TestContext) => Promise<void>
  const check = (title: string, body: Body) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const fixture = await setUp(t)
      await body({ ...fixture, ask: fixture.handlers as Required<Handlers> }, t)
    })

  check('has the operations it claims, and no others', async ({ handlers }) => {
    const present = Object.keys(handlers).filter((key) => handlers[key as keyof Handlers] !== undefined)
    assert.deepEqual(present.filter((key) => key !== 'close').sort(), [...operations].sort())
  })

  check('allows the right password', async ({ ask }) => {
    assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
    assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
  })

  check('refuses a wrong password and an unknown user alike', async ({ ask }) => {
    const wrong = [`${password}x`, password.slice(0, -1), password.slice(1), 'x', ` ${password}`, '\u0000']
    for (const other of wrong)
      assert.equal(await ask.auth(withPassword('auth', 'alice', other)), false, other)
    assert.equal(await ask.auth(withPassword('auth', 'nobody', password)), false)
    assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
    assert.equal(await ask.auth(withPassword('auth', 'alice', wrong[0] ?? '')), false)
  })

  check('allows nobody whose name is an attack', async ({ ask }) => {
    // Where passwords of strangers are held against a hash like the last one, it is a cheap one from now on.
    assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
    for (const user of HOSTILE) {
      const answer = await Promise.resolve(ask.auth(withPassword('auth', user, password))).catch(
        () => 'failed',
      )
      assert.notEqual(answer, true, user)
      if (!claims('isuser')) continue
      const exists = await Promise.resolve(ask.isuser(named('isuser', user))).catch(() => 'failed')
      assert.notEqual(exists, true, user)
    }
    assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
  })

  const writes = (['setpass', 'removeuser3', 'tryregister', 'removeuser'] as const).filter(claims)
  for (const operation of writes) {
    check(
      `${operation} for a name that is an attack changes nothing for anybody else`,
      async ({ handlers, ask }) => {
        const secret = operation === 'removeuser3' ? password : 'other'
        // Some are good names for accounts of their own.
        await Promise.allSettled(HOSTILE.map(async (user) => askAny(handlers, operation, user, secret)))
        assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
        assert.equal(await ask.auth(withPassword('auth', 'alice', 'other')), false)
        if (claims('isuser')) assert.equal(await ask.isuser(named('isuser', 'alice')), true)
      },
    )
  }

  check('allows no password that is an attack', async ({ ask }) => {
    for (const attack of HOSTILE) {
      const answer = await Promise.resolve(ask.auth(withPassword('auth', 'alice', attack))).catch(
        () => 'failed',
      )
      assert.notEqual(answer, true, attack)
    }
  })

  check(
    'throws for every operation when its store is away, refuses nobody, and answers when it is back',
    async ({ handlers, stop, restart, ask }) => {
      assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
      await stop()
      // Some remember who was allowed.
      const remembered = (async () => ask.auth(withPassword('auth', 'alice', password)))()
      assert.notEqual(await remembered.catch(() => 'failed'), false)
      for (const operation of operations) {
        await assert.rejects(
          async () => askAny(handlers, operation, 'carol', wrongPassword),
          `${operation} while it is away`,
        )
      }
      await restart()
      assert.equal(await ask.auth(withPassword('auth', 'alice', 'wrong')), false)
      assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
    },
  )

  check(
    'lets go of a store that does not answer when the signal is aborted, and works again afterwards',
    async ({ handlers, stall, restart, ask }, t) => {
      if (stall === undefined) return t.skip('the access is synchronous')
      assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
      await stall()
      for (const operation of operations) {
        const controller = new AbortController()
        const answer = (async () => askAny(handlers, operation, 'carol', wrongPassword, controller.signal))()
        setTimeout(() => controller.abort(new Error('the deadline')), 100)
        await assert.rejects(answer, /the deadline/, operation)
      }
      await restart()
      assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
    },
  )

  if (claims('isuser')) {
    check('knows who exists', async ({ ask }) => {
      assert.equal(await ask.isuser(named('isuser', 'alice')), true)
      assert.equal(await ask.isuser(named('isuser', 'nobody')), false)
    })
  }

  if (claims('setpass')) {
    check('changes a password: the new one is allowed, the old one refused', async ({ ask }) => {
      for (const changed of [
        'new',
        "' OR '1'='1",
        '\\',
        ':hash',
        '%u',
        '*)(|(uid=*',
        'a&b=c d%00+',
        '\u0430\n',
      ]) {
        assert.equal(await ask.setpass(withPassword('setpass', 'alice', changed)), true, changed)
        assert.equal(await ask.auth(withPassword('auth', 'alice', changed)), true, changed)
        assert.equal(await ask.auth(withPassword('auth', 'alice', password)), false, changed)
      }
    })

    check('refuses to change the password of an unknown user, and creates nobody', async ({ ask }) => {
      assert.equal(await ask.setpass(withPassword('setpass', 'nobody', 'new')), false)
      assert.equal(await ask.auth(withPassword('auth', 'nobody', 'new')), false)
      if (claims('isuser')) assert.equal(await ask.isuser(named('isuser', 'nobody')), false)
    })
  }

  if (claims('tryregister')) {
    check(
      'registers an account once: again with the same password is the same, with another one refused',
      async ({ ask }) => {
        assert.equal(await ask.tryregister(withPassword('tryregister', 'bob', 'right')), true)
        assert.equal(await ask.auth(withPassword('auth', 'bob', 'right')), true)
        if (claims('isuser')) assert.equal(await ask.isuser(named('isuser', 'bob')), true)
        assert.equal(await ask.tryregister(withPassword('tryregister', 'bob', 'right')), true)
        assert.equal(await ask.tryregister(withPassword('tryregister', 'bob', 'other')), false)
        assert.equal(await ask.auth(withPassword('auth', 'bob', 'right')), true)
        assert.equal(await ask.auth(withPassword('auth', 'bob', 'other')), false)
      },
    )
  }

  if (claims('removeuser')) {
    check(
      'removes an account: nobody has it any more, and to remove it again is no fault',
      async ({ ask }) => {
        assert.equal(await ask.removeuser(named('removeuser', 'alice')), true)
        assert.equal(await ask.auth(withPassword('auth', 'alice', password)), false)
        if (claims('isuser')) assert.equal(await ask.isuser(named('isuser', 'alice')), false)
        assert.equal(await ask.removeuser(named('removeuser', 'alice')), true)
      },
    )
  }

  if (claims('removeuser3')) {
    check('removes an account with its password only', async ({ ask }) => {
      assert.equal(await ask.removeuser3(withPassword('removeuser3', 'alice', 'wrong')), false)
      assert.equal(await ask.auth(withPassword('auth', 'alice', password)), true)
      assert.equal(await ask.removeuser3(withPassword('removeuser3', 'alice', password)), true)
      assert.equal(await ask.auth(withPassword('auth', 'alice', password)), false)
      if (claims('isuser')) assert.equal(await ask.isuser(named('isuser', 'alice')), false)
    })
  }
}

/** Asks for any operation. */
function askAny(
  handlers: Handlers,
  operation: Operation,
  user: string,
  password: string,
  signal?: AbortSignal,
): unknown {
  switch (operation) {
    case 'isuser':
    case 'removeuser':
      return handlers[operation]?.(named(operation, user, signal))
    case 'certauth':
      throw new Error('no backend claims certauth')
    default:
      return handlers[operation]?.(withPassword(operation, user, password, signal))
  }
}
