import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { freePorts } from '../../e2e/support/ports.ts'
import { Daemon, findProgram, makeFolder, removeFolder, runCommand } from './daemon.ts'

/** A MariaDB of the tests' own, on loopback, with a user `test` who may do everything and needs no password. */
export interface Mariadb {
  readonly port: number
  readonly daemon: Daemon
  /** Runs one statement, on a connection of its own. */
  query(text: string, values?: string[]): Promise<unknown[][]>
  /** Stops the server and removes all of it. */
  dispose(): Promise<void>
}

/** Whom the tests connect as; in the database `test`. */
export const MARIADB_USER = { host: '127.0.0.1', user: 'test', database: 'test' } as const

/** How many connections it takes: fewer than by default, so that a test can take them all. */
export const MAX_CONNECTIONS = 30

/** Starts one, with an empty database `test`. */
export async function startMariadb(): Promise<Mariadb> {
  const installer = findProgram('mariadb-server', '/usr/bin/mariadb-install-db')
  const server = findProgram('mariadb-server', '/usr/sbin/mariadbd')
  const folder = makeFolder('mariadb')
  const data = join(folder, 'data')
  const [port] = (await freePorts(1)) as [number]
  const common = ['--no-defaults', `--datadir=${data}`, '--innodb-flush-log-at-trx-commit=2']
  const installing = ['--auth-root-authentication-method=normal', '--skip-test-db']
  await runCommand(installer, [...common, ...installing], { folder })
  const sockets = [`--socket=${join(folder, 'socket')}`, `--port=${port}`, '--bind-address=127.0.0.1']
  const init = join(folder, 'init.sql')
  await runCommand('/usr/bin/tee', [init], { folder, input: INIT })

  const query = async (text: string, values: string[] = []) => {
    const connection = await mysql.createConnection({ ...MARIADB_USER, port, rowsAsArray: true })
    try {
      return (await connection.execute(text, values))[0] as unknown as unknown[][]
    } finally {
      await connection.end()
    }
  }
  const daemon = new Daemon({
    command: server,
    args: [...common, ...sockets, `--pid-file=${join(folder, 'pid')}`, `--init-file=${init}`, ...LIMITS],
    folder,
    isReady: () => query('SELECT 1'),
  })
  await daemon.start()
  return {
    port,
    daemon,
    query,
    dispose: async () => {
      await daemon.stop('SIGKILL').finally(() => removeFolder(folder))
    },
  }
}

const LIMITS = [
  `--max-connections=${MAX_CONNECTIONS}`,
  '--character-set-server=utf8mb4',
  '--skip-name-resolve',
]

/** Run at each start. */
const INIT = `CREATE DATABASE IF NOT EXISTS test;
CREATE USER IF NOT EXISTS test@'127.0.0.1';
GRANT ALL ON *.* TO test@'127.0.0.1' WITH GRANT OPTION;
`
