import type { TestContext } from 'node:test'
import pg from 'pg'
import { type SqlOptions, sql } from '../../../src/backends/sql.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { PASSWORD, withPassword } from '../../backends/contract.ts'
import { Gate } from '../../helpers/gate.ts'
import type { Postgres } from './postgres.ts'
import { ALICE_HASH, statements } from './sql.ts'

/** Whom the tests connect as. */
export const address = { host: '127.0.0.1', user: 'postgres', database: 'postgres' }

/** A backend on a table of its own, in which alice is, behind a gate. */
export async function setUp(
  server: Postgres,
  t: TestContext,
  options: Partial<SqlOptions> = {},
  limits: pg.PoolConfig = {},
) {
  await server.query('DROP TABLE IF EXISTS customers')
  await server.query('CREATE TABLE customers (login text PRIMARY KEY, password text)')
  await server.query('INSERT INTO customers VALUES ($1, $2)', ['alice', ALICE_HASH])
  const gate = new Gate(server.port)
  await gate.open()
  const pool = new pg.Pool({ ...address, port: gate.port, max: 2, ...limits })
  const handlers = sql({ pool, ...statements(), patience: 0, ...options }) as Required<Handlers>
  t.after(async () => {
    await handlers.close()
    await gate.shut()
  })
  return { pool, gate, handlers }
}

/** Alice logs in. */
export function alice(handlers: Required<Handlers>, password: string = PASSWORD): boolean | Promise<boolean> {
  return handlers.auth(withPassword('auth', 'alice', password))
}
