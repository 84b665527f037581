import mysql from 'mysql2/promise'
import pg from 'pg'
import type { Mariadb } from './mariadb.ts'
import type { Postgres } from './postgres.ts'
import { PLACES, replaceOnce } from './recipes.ts'

/** What stands in the columns of a row. */
export type Row = Readonly<Record<string, string | number | null>>

/** The database of an application. */
export interface Database {
  /** Runs statements as somebody who may do everything. */
  execute(statements: string): Promise<void>
  /** Fills a table. */
  insert(table: string, rows: readonly Row[]): Promise<void>
  /** The first value of the first row. */
  read(statement: string): Promise<unknown>
  /** Runs one statement as the database user of the program. */
  asProgram(statement: string): Promise<void>
  /** A recipe with nothing changed but the place of the server. */
  locate(handlers: string): string
}

/** Makes a database on a PostgreSQL. */
export async function createPostgresDatabase({ port, query }: Postgres, name: string): Promise<Database> {
  await query(`CREATE DATABASE ${name}`)
  const run = async (user: string, text: string, values?: unknown[]) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user, database: name })
    await client.connect()
    try {
      return await client.query<unknown[]>({ text, values: values as unknown[], rowMode: 'array' })
    } finally {
      await client.end()
    }
  }
  return {
    execute: async (statements) => void (await run('postgres', statements)),
    insert: (table, rows) =>
      insertEach(rows, (columns, values) => {
        const places = values.map((_, index) => `$${index + 1}`)
        return run('postgres', `INSERT INTO ${table} (${columns}) VALUES (${places})`, values)
      }),
    read: async (statement) => (await run('postgres', statement)).rows[0]?.[0],
    asProgram: async (statement) => void (await run('ejabberd', statement)),
    locate: (handlers) => replaceOnce(handlers, PLACES.postgres, `host: '127.0.0.1', port: ${port}`),
  }
}

/** Makes a database on a MariaDB; it is reached through its socket, as `localhost` means nothing else to it. */
export async function createMariadbDatabase({ query }: Mariadb, name: string): Promise<Database> {
  const socketPath = await socketOf(query)
  const run = async (user: string, statements: string, values?: (string | number | null)[]) => {
    const options = { socketPath, user, database: name, multipleStatements: true, rowsAsArray: true }
    const connection = await mysql.createConnection(options)
    try {
      return (await connection.query(statements, values))[0] as unknown[][]
    } finally {
      await connection.end()
    }
  }
  await query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  return {
    execute: async (statements) => void (await run('root', statements)),
    insert: (table, rows) =>
      insertEach(rows, (columns, values) => {
        const places = values.map(() => '?')
        return run('root', `INSERT INTO ${table} (${columns}) VALUES (${places})`, values)
      }),
    read: async (statement) => (await run('root', statement))[0]?.[0],
    asProgram: async (statement) => void (await run('ejabberd', statement)),
    locate: (handlers) => replaceOnce(handlers, PLACES.mariadb, `'${socketPath}'`),
  }
}

async function insertEach(
  rows: readonly Row[],
  insert: (columns: string[], values: (string | number | null)[]) => Promise<unknown>,
): Promise<void> {
  for (const row of rows) await insert(Object.keys(row), Object.values(row))
}

/** Makes the database user of the program as the page has it, but without a look at who asks: that is nobody's password. */
export async function createMariadbUser({ query }: Mariadb, statement: string): Promise<void> {
  const connection = await mysql.createConnection({ socketPath: await socketOf(query), user: 'root' })
  try {
    await connection.query(statement)
    await connection.query("ALTER USER ejabberd@localhost IDENTIFIED BY ''")
  } finally {
    await connection.end()
  }
}

async function socketOf(query: Mariadb['query']): Promise<string> {
  return String((await query('SELECT @@socket'))[0]?.[0])
}
