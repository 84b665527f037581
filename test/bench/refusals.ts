import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { encodeFrame } from '../../src/frame.ts'
import type { NewHashFormat } from '../../src/passwords/formats.ts'
import { hashPassword } from '../../src/passwords/registry.ts'
import { packageRoot } from '../e2e/support/package.ts'
import { startPostgres } from '../servers/support/postgres.ts'
import { microseconds } from './measure.ts'
import { makePipes, PipedProgram } from './pipes.ts'
import type { Command } from './programs.ts'
import { makeStore, SERVER, withAccounts } from './stores.ts'

/** How long each refusal took, in microseconds. */
export interface Refusals {
  unknownUser: number[]
  wrongPassword: number[]
}

const USERS = 5

/** Refusals by the account store, so many of each kind. */
export async function refusalsOfStore(folder: string, samples: number): Promise<Refusals> {
  const directory = join(folder, 'refusals')
  await makeStore(directory, await accounts('scrypt'))
  return await measureRefusals(new PipedProgram(makePipes(folder), withAccounts(directory)), samples)
}

/** Refusals by `sql` on a PostgreSQL of its own, with hashes of each of these formats, so many of each kind. */
export async function refusalsOfSql<Format extends NewHashFormat>(
  folder: string,
  samples: Readonly<Record<Format, number>>,
): Promise<Record<Format, Refusals>> {
  const postgres = await startPostgres()
  try {
    await postgres.query('CREATE TABLE customers (login text PRIMARY KEY, password text NOT NULL)')
    const command = withHandlers(folder, postgres.port)
    const refusals: [string, Refusals][] = []
    for (const [format, count] of Object.entries(samples) as [Format, number][]) {
      await postgres.query('DELETE FROM customers')
      for (const account of await accounts(format)) {
        await postgres.query('INSERT INTO customers VALUES ($1, $2)', account)
      }
      refusals.push([format, await measureRefusals(new PipedProgram(makePipes(folder), command), count)])
    }
    return Object.fromEntries(refusals) as Record<Format, Refusals>
  } finally {
    await postgres.dispose()
  }
}

/** Both kinds take turns, in random order. */
async function measureRefusals(program: PipedProgram, samples: number): Promise<Refusals> {
  // A login that succeeds, as on any server: from then on the program knows what a hash costs here.
  if (!program.ask(auth('known', 0, 'right'))) throw new Error('the right password was refused')
  const refusals: Refusals = { unknownUser: [], wrongPassword: [] }
  for (let sample = -2; sample < samples; sample++) {
    const ask = {
      unknownUser: auth('alien', sample, 'wrong'),
      wrongPassword: auth('known', sample, 'wrong'),
    }
    const kinds = ['unknownUser', 'wrongPassword'] as const
    for (const kind of Math.random() < 0.5 ? kinds : kinds.toReversed()) {
      const time = microseconds(() => {
        const reply = program.reply(ask[kind])
        if (reply !== 0) throw new Error(`expected a refusal, got reply ${reply}`)
      })
      if (sample >= 0) refusals[kind].push(time)
      await turn() // signals are heard
    }
  }
  await program.end()
  return refusals
}

/** Names and passwords have the same length whoever asks. */
function auth(name: string, number: number, password: string): Buffer {
  return encodeFrame(`auth:${name}${Math.abs(number) % USERS}:${SERVER}:${password}`)
}

function accounts(newHashes: NewHashFormat): Promise<[string, string][]> {
  const users = Array.from({ length: USERS }, (_, number) => `known${number}`)
  return Promise.all(users.map(async (user) => [user, await hashPassword('right', { newHashes })]))
}

function withHandlers(folder: string, port: number): Command {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(packageRoot(), join(folder, 'node_modules', 'ejabberd-extauth'))
  symlinkSync(join(packageRoot(), 'node_modules', 'pg'), join(folder, 'node_modules', 'pg'))
  const file = join(folder, 'sql.mjs')
  writeFileSync(
    file,
    `import { sql } from 'ejabberd-extauth'
import pg from 'pg'

export default sql({
  pool: new pg.Pool({ host: '127.0.0.1', port: ${port}, user: 'postgres', database: 'postgres' }),
  auth: 'SELECT password FROM customers WHERE login = :user',
})
`,
  )
  return [process.execPath, join(packageRoot(), 'dist', 'cli.js'), '--handlers', file]
}
