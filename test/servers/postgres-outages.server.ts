/** The sql backend while a real PostgreSQL is away, and the connections that it takes. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import pg from 'pg'
import { type SqlOptions, sql } from '../../src/backends/sql.ts'
import type { Handlers } from '../../src/handlers.ts'
import { named, PASSWORD, withPassword } from '../backends/contract.ts'
import { until } from '../e2e/support/wait.ts'
import { address, alice, setUp as setUpOn } from './support/customers.ts'
import { MAX_CONNECTIONS, type Postgres, startPostgres } from './support/postgres.ts'
import { statements } from './support/sql.ts'

let server: Postgres
before(async () => {
  server = await startPostgres()
})
after(() => server?.dispose())

const setUp = (t: TestContext, options: Partial<SqlOptions> = {}, limits: pg.PoolConfig = {}) =>
  setUpOn(server, t, options, limits)

/** How many connections the backend has, and those who wait for them not counted. */
const connections = async () =>
  Number((await server.query(`SELECT count(*) FROM pg_stat_activity WHERE ${OTHERS}`))[0]?.[0])
// Not those of the tests themselves, which may not be gone yet.
const OTHERS = "backend_type = 'client backend' AND application_name <> 'test'"
const terminate = () => server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OTHERS}`)

describe('outages', () => {
  const comesBack = (title: string, away: () => Promise<unknown>, back = async () => {}) =>
    test(`${title}: a patient request is answered, and nobody is refused`, async (t) => {
      const { handlers } = await setUp(t, { patience: 30_000 })
      assert.equal(await alice(handlers), true)
      await away()
      const [right, wrong, exists] = [
        alice(handlers),
        alice(handlers, 'wrong'),
        handlers.isuser(named('isuser', 'alice')),
      ]
      await back()
      assert.deepEqual(await Promise.all([right, wrong, exists]), [true, false, true])
    })

  const start = () => server.daemon.start()
  comesBack('the connections are terminated', terminate)
  comesBack('the server is restarted', () => server.daemon.stop('SIGINT'), start)
  comesBack('the server gives up', () => server.daemon.stop('SIGQUIT'), start)
  comesBack('the server is killed', () => server.daemon.stop('SIGKILL'), start)

  test('an idle connection that is lost ends nothing, and is replaced', async (t) => {
    const { handlers, pool } = await setUp(t)
    assert.equal(await alice(handlers), true)
    const lost = new Promise((resolve) => pool.once('remove', resolve))
    await terminate()
    await lost
    assert.equal(await alice(handlers), true)
  })

  test('a connection that is lost in the middle of a statement is an outage', async (t) => {
    const { handlers } = await setUp(t, {
      auth: 'SELECT password, pg_sleep(60) FROM customers WHERE login = :user',
    })
    const answer = alice(handlers)
    const rejected = assert.rejects(async () => answer, { code: 'ERR_UNAVAILABLE', message: /`auth`.*57P01/ })
    await until('the statement to run', async () => (await running()) > 0)
    await terminate()
    await rejected
  })

  test('a connection that the network resets in the middle of a statement is an outage, and ends nothing', async (t) => {
    const auth = 'SELECT password, pg_sleep(60) FROM customers WHERE login = :user'
    const { handlers, gate } = await setUp(t, { auth })
    const rejected = assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE' })
    await until('the statement to run', async () => (await running()) > 0)
    gate.reset()
    await rejected
    assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
    await terminate() // the statement itself goes on until the server looks for its client
  })

  test('too many connections are an outage', async (t) => {
    const { handlers } = await setUp(t)
    const others = Array.from(
      { length: MAX_CONNECTIONS + 1 },
      () => new pg.Client({ ...address, port: server.port }),
    )
    const connected = await Promise.allSettled(others.map(async (client) => client.connect()))
    try {
      assert.ok(connected.some(({ status }) => status === 'rejected'))
      await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE', message: /53300/ })
    } finally {
      await Promise.all(
        others.filter((_, at) => connected[at]?.status === 'fulfilled').map((client) => client.end()),
      )
    }
    await until('a login to work', () => Promise.resolve(alice(handlers)).catch(() => false))
  })

  test('a statement that meets a limit of time or a lock is an outage', async (t) => {
    const { handlers } = await setUp(t, {}, { statement_timeout: 50 })
    const other = new pg.Client({ ...address, port: server.port })
    await other.connect()
    await other.query('BEGIN')
    await other.query('LOCK TABLE customers')
    await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE', message: /57014/ })
    await other.end()
    assert.equal(await alice(handlers), true)
  })

  test('a host that does not answer takes no place in the pool for ever', async (t) => {
    const { handlers, gate, pool } = await setUp(t, {}, { connectionTimeoutMillis: 100 })
    gate.stall()
    await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE' })
    assert.equal(pool.totalCount, 0)
  })

  test('a pool without a limit for connecting is given one, and one with a limit keeps it', async (t) => {
    const { pool } = await setUp(t)
    assert.equal(pool.options.connectionTimeoutMillis, 3000)
    const other = new pg.Pool({ connectionTimeoutMillis: 7 })
    sql({ pool: other, auth: ':user' })
    assert.equal(other.options.connectionTimeoutMillis, 7)
  })
})

const running = async () =>
  Number(
    (
      await server.query(`SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND ${OTHERS}`)
    )[0]?.[0],
  )

describe('connections', () => {
  const slow = { auth: 'SELECT password, pg_sleep(60) FROM customers WHERE login = :user' }

  test('they are never more than the pool may have, however many requests come at once', async (t) => {
    const { handlers } = await setUp(t, {}, { max: 2 })
    const counts: number[] = []
    for (let round = 0; round < 5; round++) {
      const answers = Array.from({ length: 40 }, (_, index) =>
        alice(handlers, index % 2 === 0 ? PASSWORD : 'wrong'),
      )
      counts.push(await connections())
      const expected = Array.from({ length: 40 }, (_, index) => index % 2 === 0)
      assert.deepEqual(await Promise.all(answers), expected)
      counts.push(await connections())
    }
    assert.ok(Math.max(...counts) <= 2, String(counts))
    assert.ok(Math.max(...counts) > 0)
  })

  test('an aborted request destroys its connection, and the next one has a new one', async (t) => {
    const { handlers, pool } = await setUp(t, slow, { max: 1 })
    const controller = new AbortController()
    const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
    const rejected = assert.rejects(async () => answer, { message: 'the deadline' })
    await until('the statement to run', async () => (await running()) > 0)
    controller.abort(new Error('the deadline'))
    await rejected
    assert.equal(pool.totalCount, 0)
    assert.equal(await handlers.isuser(named('isuser', 'alice')), true)
    await terminate() // the statement itself goes on until the server looks for its client
  })

  test('a request that is aborted while it waits for a connection takes none', async (t) => {
    const { handlers, pool } = await setUp(t, {}, { max: 1 })
    const taken = await pool.connect()
    const controller = new AbortController()
    const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, controller.signal))
    controller.abort(new Error('the deadline'))
    await assert.rejects(async () => answer, { message: 'the deadline' })
    taken.release()
    assert.equal(await alice(handlers), true)
    assert.equal(pool.totalCount, 1)
    assert.equal(pool.idleCount, 1)
  })

  test('a request that is aborted already asks nothing', async (t) => {
    const { handlers, pool } = await setUp(t)
    const answer = handlers.auth(withPassword('auth', 'alice', PASSWORD, AbortSignal.abort()))
    await assert.rejects(async () => answer, { name: 'AbortError' })
    assert.equal(pool.totalCount, 0)
  })

  test('two backends can share a pool, which the last of them ends', async (t) => {
    const { handlers, pool } = await setUp(t)
    const other = sql({ pool, ...statements() }) as Required<Handlers>
    await other.close()
    await other.close()
    assert.equal(await alice(handlers), true)
    await handlers.close()
    assert.equal(pool.ended, true)
    await handlers.close()
  })

  test('a pool that somebody else has ended can be closed', async (t) => {
    const { handlers, pool } = await setUp(t)
    await pool.end()
    await assert.rejects(async () => alice(handlers), { code: 'ERR_UNAVAILABLE' })
    await handlers.close()
  })
})
