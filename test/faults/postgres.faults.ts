/** Fifty clients of a real ejabberd with `sql`, and everything that can happen to a PostgreSQL. */
import { after, before, test } from 'node:test'
import { Gate } from '../helpers/gate.ts'
import { startEjabberdWith } from '../servers/support/ejabberds.ts'
import { type Postgres, startPostgres } from '../servers/support/postgres.ts'
import { endure } from './support/run.ts'
import { openStage, POOL, type Stage } from './support/stage.ts'
import { exhausted } from './trouble/descriptors.ts'
import * as trouble from './trouble/postgres.ts'
import { killed as programsKilled } from './trouble/programs.ts'

/** Of each program. */
const MAX = 2

const handlers = (port: number) => `
import { sql } from 'ejabberd-extauth'
import pg from 'pg'

export default sql({
  pool: new pg.Pool({ host: '127.0.0.1', port: ${port}, user: '${trouble.ROLE}', database: 'postgres', max: ${MAX} }),
  auth: 'SELECT password FROM customers WHERE login = :user',
  setpass: 'UPDATE customers SET password = :hash WHERE login = :user',
  tryregister: 'INSERT INTO customers (login, password) VALUES (:user, :hash)',
  removeuser: 'DELETE FROM customers WHERE login = :user',
})
`

let database: Postgres
let gate: Gate
let stage: Stage
before(async () => {
  database = await startPostgres()
  await database.query('CREATE TABLE customers (login text PRIMARY KEY, password text NOT NULL)')
  await database.query(`CREATE ROLE ${trouble.ROLE} LOGIN`)
  await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO ${trouble.ROLE}`)
  gate = new Gate(database.port)
  await gate.open()
  stage = await openStage({
    start: (edits) => startEjabberdWith(handlers(gate.port), ['pg'], edits),
    stored: async (user) => {
      const [row] = await database.query('SELECT password FROM customers WHERE login = $1', [user])
      return row === undefined ? undefined : String(row[0])
    },
    unfinished: () => [],
  })
  // A statement that was given up may still be on its way to the database.
  for (const { account } of stage.crowd.actors) account.hasLateWrites = true
})
after(async () => {
  await stage?.close()
  await gate?.shut()
  await database?.dispose()
})

const site: trouble.Site = {
  get database() {
    return database
  },
  get gate() {
    return gate
  },
}

const FAULTS = [
  [trouble.stopped(site)],
  [trouble.restarted(site)],
  [trouble.killed(site)],
  [trouble.crashing(site)],
  [trouble.resetting(site)],
  [exhausted(() => gate)],
  [trouble.blackholed(site)],
  [trouble.frozen(site)],
  [trouble.killed(site), programsKilled(1, 'SIGKILL')],
]

for (const faults of FAULTS) {
  test(faults.map(({ title }) => title).join(' + '), async (t) => {
    await endure(stage, t, ...faults)
    const isBounded = async () => (await trouble.connections(database)) <= POOL * MAX
    await stage.until('no more connections than the pools may have', isBounded)
  })
}
