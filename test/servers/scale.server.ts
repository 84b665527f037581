/** Two ejabberd servers, each with workers of its own, on one PostgreSQL. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { verifyPassword } from '../../src/passwords/registry.ts'
import { type Edit, HOST, replace } from '../e2e/support/configuration.ts'
import type { Ejabberd } from '../e2e/support/ejabberd.ts'
import { login } from '../e2e/support/login.ts'
import { assertRefused } from '../e2e/support/stanzas.ts'
import { until } from '../e2e/support/wait.ts'
import { Actor } from '../faults/support/actor.ts'
import { assertNothingRefused } from '../faults/support/checks.ts'
import { Journal } from '../faults/support/journal.ts'
import type { Account } from '../faults/support/ledger.ts'
import { Story } from '../faults/support/story.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { startEjabberdWith } from './support/ejabberds.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'

/** The arithmetic of docs/scale.md. */
const SERVERS = 2
const WORKERS = 5
const MAX = 2
const MOST_CONNECTIONS = SERVERS * WORKERS * MAX

/** At each server, at the same time: enough to keep every worker busy. */
const CLIENTS = 20

const handlers = (port: number) => `
import { sql } from 'ejabberd-extauth'
import pg from 'pg'

export default sql({
  pool: new pg.Pool({ host: '127.0.0.1', port: ${port}, user: 'ejabberd', database: 'postgres', max: ${MAX} }),
  auth: 'SELECT password FROM customers WHERE login = :user',
  setpass: 'UPDATE customers SET password = :hash WHERE login = :user',
  tryregister: 'INSERT INTO customers (login, password) VALUES (:user, :hash)',
  removeuser: 'DELETE FROM customers WHERE login = :user',
  passwords: { newHashes: 'ssha512' },
})
`

/** The clients of a load come from one address, are wrong on purpose, and register all the time. */
const EDITS: readonly Edit[] = [
  (text) => replace(text, 'c2s_max_auth_failures: 10', 'c2s_max_auth_failures: 1000000'),
  (text) => replace(text, 'registration_timeout: 60 ', 'registration_timeout: infinity '),
]

let database: Postgres
let servers: Ejabberd[] = []
before(async () => {
  database = await startPostgres()
  await database.query('CREATE TABLE customers (login text PRIMARY KEY, password text NOT NULL)')
  await database.query('CREATE ROLE ejabberd LOGIN')
  await database.query('GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO ejabberd')
  for (let server = 0; server < SERVERS; server++) {
    servers.push(await startEjabberdWith(handlers(database.port), ['pg'], EDITS))
  }
})
after(async () => {
  for (const server of servers) await server.dispose()
  servers = []
  await database?.dispose()
})

const visit = async (server: Ejabberd, user: string, password: string) => {
  await (await login(server, 'tcp', { user, password })).stop()
}

/** As often as it takes for each worker to be asked, twice on average. */
const everywhere = async (ask: (server: Ejabberd) => Promise<unknown>) => {
  for (const server of servers) for (let time = 0; time < 2 * WORKERS; time++) await ask(server)
}

async function tell(server: Ejabberd, ...command: string[]): Promise<void> {
  const { status, stdout, stderr } = await server.ctl(...command)
  assert.equal(status, 0, `${command[0]}: ${stdout}${stderr}`)
}

const connections = async () =>
  Number((await database.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'ejabberd'"))[0]?.[0])

describe('two servers on one database', () => {
  test('who registers at one logs in at the other at once', async () => {
    const [one, other] = servers as [Ejabberd, Ejabberd]
    await tell(one, 'register', 'alice', HOST, 'of alice')
    await visit(other, 'alice', 'of alice')
    await tell(other, 'register', 'bob', HOST, 'of bob')
    await visit(one, 'bob', 'of bob')
    await assertRefused(visit(one, 'bob', 'of alice'))
  })

  test('nobody registers the same name at the other', async () => {
    const [, other] = servers as [Ejabberd, Ejabberd]
    const { status } = await other.ctl('register', 'alice', HOST, 'of somebody else')
    assert.notEqual(status, 0)
    await everywhere((server) => assertRefused(visit(server, 'alice', 'of somebody else')))
  })

  test('a changed password holds at both at once: the old one is refused, the new one allowed', async () => {
    await everywhere((server) => visit(server, 'alice', 'of alice')) // each worker remembers it
    for (const [index, server] of servers.entries()) {
      const [old, changed] = [index === 0 ? 'of alice' : 'changed 0', `changed ${index}`]
      await tell(server, 'change_password', 'alice', HOST, changed)
      await everywhere(async (each) => {
        await assertRefused(visit(each, 'alice', old))
        await visit(each, 'alice', changed)
      })
    }
  })

  test('who is removed at one is refused at the other at once', async () => {
    const [one] = servers as [Ejabberd]
    await tell(one, 'unregister', 'bob', HOST)
    await everywhere((server) => assertRefused(visit(server, 'bob', 'of bob')))
  })
})

/** Clients of one server that log in, fail to, register, change passwords and leave, each with an account of its own. */
class Load {
  readonly story = new Story()
  readonly journal: Journal
  readonly #actors: readonly Actor[]
  readonly #working: Promise<unknown>
  #isOver = false

  constructor(name: string, server: Ejabberd) {
    this.journal = new Journal(server.installation.places.programLog)
    this.#actors = Array.from(
      { length: CLIENTS },
      (_, number) => new Actor(`${name}-${number}`, server, this.journal, this.story),
    )
    this.#working = Promise.all(this.#actors.map((actor) => this.#live(actor)))
    this.#working.catch(() => {}) // `end` tells
  }

  /** How many were let in, and how many were told that a write is done. */
  get done(): { readonly logins: number; readonly writes: number } {
    const writes = this.story.count('register', 'done') + this.story.count('change password', 'done')
    return { logins: this.story.count('right password', 'done'), writes }
  }

  /** Lets them finish what they are at; rejects if one was let in, or told something, that cannot be. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#working
  }

  /** What each was told is what is in the database. */
  async settle(): Promise<void> {
    for (const { account } of this.#actors) account.settle(await passwordOf(account))
  }

  async #live(actor: Actor): Promise<void> {
    // A statement that was given up may still be on its way to the database.
    actor.account.hasLateWrites = true
    while (!this.#isOver) {
      await actor.act()
      await pause(randomInt(300))
    }
  }
}

/** Which of the passwords that an account has or had is in the database. */
async function passwordOf(account: Account): Promise<string | null> {
  const [row] = await database.query('SELECT password FROM customers WHERE login = $1', [account.user])
  if (row === undefined) return null
  for (const password of [...account.possible, account.former]) {
    if (typeof password === 'string' && (await verifyPassword(String(row[0]), password))) return password
  }
  throw account.violation('in the database is the hash of none of its passwords')
}

describe('the database is restarted under load', () => {
  before(() => database.query('INSERT INTO customers VALUES ($1, $2)', ['carol', cheapHash('right')]))

  for (const [title, signal] of [
    ['stopped', 'SIGINT'],
    ['killed', 'SIGKILL'],
  ] as const) {
    test(`${title}: what clients are told is true, all works again by itself, connections stay within the bound`, async () => {
      const workers = servers.map((server) => server.workers().map(({ pid }) => pid))
      const counts: number[] = []
      const loads = servers.map((server, index) => new Load(`${title}${index}`, server))
      const moreOfAll = async () => {
        const enough = loads.map(({ done }) => ({ logins: done.logins + 20, writes: done.writes + 20 }))
        await until('logins and writes to work', async () => {
          counts.push(await connections())
          return loads.every(({ done }, index) => {
            const { logins = 0, writes = 0 } = enough[index] ?? {}
            return done.logins >= logins && done.writes >= writes
          })
        })
      }
      try {
        await moreOfAll()
        await database.daemon.stop(signal)
        await database.daemon.start()
        await moreOfAll()
      } finally {
        await Promise.all(loads.map((load) => load.end()))
      }
      for (const load of loads) {
        await load.settle()
        assertNothingRefused(load, load.story)
      }
      const most = Math.max(...counts)
      assert.ok(most > (SERVERS * WORKERS) / 2 && most <= MOST_CONNECTIONS, String(counts))
      await everywhere((server) => visit(server, 'carol', 'right'))
      await everywhere((server) => assertRefused(visit(server, 'carol', 'wrong')))
      assert.deepEqual(
        servers.map((server) => server.workers().map(({ pid }) => pid)),
        workers,
        'the workers are those of before',
      )
      console.log(
        String(counts),
        loads.map(String),
        loads.map((l) => String(l.story)),
      )
    })
  }
})
