import { spawn } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { http } from '../../src/backends/http.ts'
import { sql } from '../../src/backends/sql.ts'
import { IncomingPassword } from '../../src/incoming-request.ts'
import { startPostgres } from '../servers/support/postgres.ts'
import { compare, type Rounds } from './measure.ts'

/** What a question costs through a backend and without it, in microseconds. */
export interface Cost {
  backend: number
  bare: number
}

/** `sql` on a PostgreSQL of its own, against `pool.query` of the bare driver with the same statement. */
export async function measureSql(rounds: Rounds): Promise<Cost> {
  const postgres = await startPostgres()
  const settings = { host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'postgres', max: 2 }
  const pools = [new pg.Pool(settings), new pg.Pool(settings)] as const
  try {
    await postgres.query('CREATE TABLE customers (login text PRIMARY KEY, password text NOT NULL)')
    await postgres.query("INSERT INTO customers SELECT 'user' || n, '' FROM generate_series(1, 10000) n")
    const backend = sql({ pool: pools[0], auth: 'SELECT password FROM customers WHERE login = :user' })
    // A login of somebody who has logged in before costs the same and the digest of a password.
    await postgres.query('UPDATE customers SET password = $1', [HASH_OF_PA_SS])
    return await compare(
      {
        backend: () => allowed(backend.auth?.(login())),
        bare: () => pools[1].query('SELECT password FROM customers WHERE login = $1', ['user42']),
      },
      rounds,
    )
  } finally {
    await Promise.all(pools.map((pool) => pool.end().catch(() => {})))
    await postgres.dispose()
  }
}

/** `http` against `fetch`, which keeps its connections, too, at a service in a process of its own. */
export async function measureHttp(rounds: Rounds): Promise<Cost> {
  const service = spawn(process.execPath, ['-e', SERVICE], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const [port] = (await once(service.stdout.setEncoding('utf8'), 'data')) as [string]
    const url = `http://127.0.0.1:${port.trim()}/auth/`
    const backend = http({ url })
    const query = new URLSearchParams({ user: 'user42', server: 'example.org', pass: 'pa:ss' })
    const bare = async () => (await (await fetch(`${url}check_password?${query}`)).text()) === 'true'
    const costs = await compare({ backend: () => allowed(backend.auth?.(login())), bare }, rounds)
    await backend.close?.()
    return costs
  } finally {
    service.kill()
  }
}

/** pbkdf2 with one iteration: the first login is not what is measured. */
const HASH_OF_PA_SS = '$pbkdf2-sha256$i=1$c2FsdA$ZnXQKh6n/KmaXVgRHACBHZkXy7yJllMj0+qsHw1ak80'

const SERVICE = `const server = require('node:http').createServer((request, response) => {
  const yes = new URL(request.url, 'http://localhost').searchParams.get('pass') === 'pa:ss'
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': yes ? 4 : 5 }).end(String(yes))
}).listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => process.exit())`

/** As the program makes it. */
function login(): IncomingPassword {
  return new IncomingPassword('auth', 'user42', 'example.org', 'pa:ss')
}

async function allowed(answer: boolean | Promise<boolean> | undefined): Promise<void> {
  if ((await answer) !== true) throw new Error('the right password was not allowed')
}
