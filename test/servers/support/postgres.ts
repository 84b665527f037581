import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { freePorts } from '../../e2e/support/ports.ts'
import { Daemon, findProgram, makeFolder, removeFolder, runCommand } from './daemon.ts'

/** A PostgreSQL of the tests' own, on loopback, whose superuser needs no password. */
export interface Postgres {
  readonly port: number
  readonly daemon: Daemon
  /** Runs statements as the superuser, each on a connection of its own. */
  query(text: string, values?: unknown[]): Promise<unknown[][]>
  /** Stops the server and removes all of it. */
  dispose(): Promise<void>
}

/** How many connections it takes: fewer than by default, so that a test can take them all. */
export const MAX_CONNECTIONS = 40

const SUPERUSER = { host: '127.0.0.1', user: 'postgres', database: 'postgres', application_name: 'test' }

/** Starts one, with an empty database `postgres`. */
export async function startPostgres(): Promise<Postgres> {
  const initdb = findProgram('postgresql', ...newestFirst('initdb'), join(INSTALLED, '*/bin/initdb'))
  const folder = makeFolder('postgres')
  const data = join(folder, 'data')
  const settings = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync']
  await runCommand(initdb, ['-D', data, ...settings], { folder })

  const [port] = (await freePorts(1)) as [number]
  const query = async (text: string, values: unknown[] = []) => {
    const client = new pg.Client({ ...SUPERUSER, port })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query({ text, values, rowMode: 'array' })).rows as unknown[][]
    } finally {
      await client.end()
    }
  }
  const options = [`listen_addresses=127.0.0.1`, 'fsync=off', `max_connections=${MAX_CONNECTIONS}`]
  const daemon = new Daemon({
    command: join(dirname(initdb), 'postgres'),
    args: ['-D', data, '-p', String(port), '-k', folder, ...options.flatMap((option) => ['-c', option])],
    folder,
    isReady: () => query('SELECT 1'),
  })
  await daemon.start()
  return {
    port,
    daemon,
    query,
    dispose: async () => {
      await daemon.stop('SIGQUIT').finally(() => removeFolder(folder))
    },
  }
}

/** Where Debian installs each version in a folder of its own. */
const INSTALLED = '/usr/lib/postgresql'

function newestFirst(program: string): string[] {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED) : []
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(INSTALLED, version, 'bin', program))
}
