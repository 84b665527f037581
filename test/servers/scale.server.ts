/** Two ejabberd servers, each with workers of its own, on one PostgreSQL. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Edit, HOST, replace } from '../e2e/support/configuration.ts'
import type { Ejabberd } from '../e2e/support/ejabberd.ts'
import { login } from '../e2e/support/login.ts'
import { assertRefused } from '../e2e/support/stanzas.ts'
import { until } from '../e2e/support/wait.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { startEjabberdWith } from './support/ejabberds.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'

/** The arithmetic of docs/scale.md. */
const SERVERS = 2
const WORKERS = 5
const MAX = 2
const MOST_CONNECTIONS = SERVERS * WORKERS * MAX

const handlers = (port: number) => `
import { sql } from 'ejabberd-extauth'
import pg from 'pg'

export default sql({
  pool: new pg.Pool({ host: '127.0.0.1', port: ${port}, user: 'ejabberd', database: 'postgres', max: ${MAX} }),
  auth: 'SELECT password FROM customers WHERE login = :user',
  setpass: 'UPDATE customers SET password = :hash WHERE login = :user',
  tryregister: 'INSERT INTO customers (login, password) VALUES (:user, :hash)',
  removeuser: 'DELETE FROM customers WHERE login = :user',
})
`

/** The clients of a load come from one address, and half of them are wrong on purpose. */
const withoutBan: Edit = (text) =>
  replace(text, 'c2s_max_auth_failures: 10', 'c2s_max_auth_failures: 1000000')

let database: Postgres
let servers: Ejabberd[] = []
before(async () => {
  database = await startPostgres()
  await database.query('CREATE TABLE customers (login text PRIMARY KEY, password text NOT NULL)')
  await database.query('CREATE ROLE ejabberd LOGIN')
  await database.query('GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO ejabberd')
  for (let server = 0; server < SERVERS; server++) {
    servers.push(await startEjabberdWith(handlers(database.port), ['pg'], [withoutBan]))
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

/** Clients that log in all the time, and what became of them. */
class Load {
  readonly admitted = { right: 0, wrong: 0 }
  readonly #clients: Promise<void>[]
  #isOver = false

  constructor() {
    this.#clients = servers.flatMap((server) =>
      (['right', 'wrong'] as const).map((kind) => this.#logIn(server, kind)),
    )
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients)
  }

  async #logIn(server: Ejabberd, kind: 'right' | 'wrong'): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const password = kind === 'right' ? 'right' : `wrong ${number}`
      await visit(server, 'carol', password).then(
        () => this.admitted[kind]++,
        () => {},
      )
    }
  }
}

describe('the database is restarted under load', () => {
  before(() => database.query('INSERT INTO customers VALUES ($1, $2)', ['carol', cheapHash('right')]))

  for (const [title, signal] of [
    ['stopped', 'SIGINT'],
    ['killed', 'SIGKILL'],
  ] as const) {
    test(`${title}: nobody is admitted wrongly, logins work again by themselves, connections stay within the bound`, async () => {
      const workers = servers.map((server) => server.workers().map(({ pid }) => pid))
      const counts: number[] = []
      const load = new Load()
      const someLogins = async () => {
        const enough = load.admitted.right + 20
        await until('logins to work', async () => {
          counts.push(await connections())
          return load.admitted.right >= enough
        })
      }
      try {
        await someLogins()
        await database.daemon.stop(signal)
        await database.daemon.start()
        await someLogins()
      } finally {
        await load.end()
      }
      assert.equal(load.admitted.wrong, 0)
      assert.ok(Math.max(...counts) > 0 && Math.max(...counts) <= MOST_CONNECTIONS, String(counts))
      await everywhere((server) => visit(server, 'carol', 'right'))
      await everywhere((server) => assertRefused(visit(server, 'carol', 'wrong')))
      assert.deepEqual(
        servers.map((server) => server.workers().map(({ pid }) => pid)),
        workers,
        'the workers are those of before',
      )
    })
  }
})
