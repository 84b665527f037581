/** Whether a store can have become what it is by what processes were told. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { AccountStore } from '../../../src/accounts/store.ts'
import { accounts } from '../../../src/backends/accounts.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { possibleStates, type State } from '../../accounts/history.ts'
import { named, withPassword } from '../../backends/contract.ts'
import { abandon, files, leftovers } from './leftovers.ts'
import { assertKeeper, type Deed, SERVER, userName } from './load.ts'

/** Of so many of the passwords that were tried or stored last, the one that is stored opens the account. */
const TRIED = 4

/** What is known about the accounts of a store while nobody works on it. */
export class Belief {
  readonly #directory: string
  readonly #states: Map<string, State>

  /** The accounts do not exist yet. */
  constructor(directory: string, population: number) {
    this.#directory = directory
    this.#states = new Map(Array.from({ length: population }, (_, number) => [userName(number), null]))
  }

  /** Throws if the deeds that were done since the last time cannot have led to what there is now. */
  async assertPossible(deeds: readonly Deed[]): Promise<void> {
    const store = new AccountStore(this.#directory)
    const handlers = accounts({ directory: this.#directory }) as Required<Handlers>
    await assertKeeper(handlers)
    for (const [user, before] of this.#states) {
      const own = deeds.filter((deed) => deed.user === user)
      const now = store.read(user, SERVER) ?? null
      const possible = possibleStates(own, before)
      assert.ok(
        possible.has(now),
        `${user} cannot be ${now}, but ${[...possible]}:\n${describe(before, own)}`,
      )
      this.#states.set(user, now)
      await assertLogins(handlers, user, now, own)
    }
    const existing = [...this.#states].filter(([, state]) => state !== null)
    assert.deepEqual(
      [...store.list(SERVER)].map(({ user }) => user).sort(),
      existing.map(([user]) => user).sort(),
    )
  }

  /** Throws if something remains of writes that were cut off, once it has become old, and each account was changed. */
  async assertSwept(): Promise<number> {
    const found = leftovers(this.#directory).length
    abandon(this.#directory)
    const store = new AccountStore(this.#directory)
    for (const [user, state] of this.#states) if (state !== null) await store.change(user, SERVER, state)
    await store.create('visitor', SERVER, 'hash')
    await store.remove('visitor', SERVER)
    const expected = [...this.#states].flatMap(([user, state]) =>
      state === null ? [] : [join(SERVER, user), join(SERVER, user, 'password')],
    )
    assert.deepEqual(
      files(this.#directory).filter((path) => path.startsWith(SERVER) || path.includes('.unfinished')),
      [SERVER, join(SERVER, '.tmp'), ...expected].sort(),
    )
    return found
  }
}

async function assertLogins(
  { auth, isuser }: Required<Handlers>,
  user: string,
  state: State,
  deeds: readonly Deed[],
): Promise<void> {
  assert.equal(await isuser(named('isuser', user)), state !== null)
  const last = deeds.filter(({ password }) => password !== '').slice(-TRIED)
  const right = deeds.filter(({ hash }) => hash === state)
  for (const { password, hash } of [...last, ...right.slice(-1)]) {
    assert.equal(await auth(withPassword('auth', user, password)), hash === state, `${user}: ${password}`)
  }
}

function describe(before: State, deeds: readonly Deed[]): string {
  const lines = [...deeds]
    .sort((a, b) => a.begin - b.begin)
    .map(
      ({ kind, password, hash, result, begin, end }) =>
        `${begin}-${end} ${kind} ${password} (${hash}): ${result}`,
    )
  return [`${before} at first`, ...lines].join('\n')
}
