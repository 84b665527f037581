/** The page about moving in: accounts that Prosody, databases and other programs made, with the commands as printed. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import BetterSqlite3 from 'better-sqlite3'
import pg from 'pg'
import { AccountStore } from '../../src/accounts/store.ts'
import { sql } from '../../src/backends/sql.ts'
import { Client } from '../../src/client.ts'
import { hashPassword } from '../../src/passwords/registry.ts'
import { withPassword } from '../backends/contract.ts'
import { type Finished, run } from '../e2e/support/run.ts'
import { read } from '../helpers/documents.ts'
import { commandsOf, installCommands } from '../helpers/moving-in.ts'
import { PROGRAM } from '../program/support.ts'
import { findProgram, makeFolder, removeFolder, runCommand } from './support/daemon.ts'
import { startMariadb } from './support/mariadb.ts'
import { startPostgres } from './support/postgres.ts'

const PASSWORD = 'päss \ufb01 "w:ord"'
const SCHEMAS = '/usr/share/ejabberd/sql'

let folder: string
let stores = 0
before(() => {
  folder = makeFolder('import')
})
after(() => removeFolder(folder))

/** The commands of the page in a folder of their own, with a store of their own. */
function administrator(env: NodeJS.ProcessEnv = {}) {
  const home = join(folder, String(++stores))
  const accounts = join(home, 'accounts')
  installCommands(join(home, 'bin'), {
    'ejabberd-extauth': [process.execPath, PROGRAM, '"$@"', '--accounts', accounts],
  })
  return {
    home,
    accounts,
    sh: (script: string): Promise<Finished> =>
      run('/bin/sh', ['-e', '-c', script], {
        cwd: home,
        env: { ...process.env, HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}`, ...env },
      }),
  }
}

/** Asks the program, as ejabberd does, whether the accounts have their password and no other. */
async function logIn(accounts: string, passwords: Readonly<Record<string, string>>): Promise<void> {
  const client = Client.start([process.execPath, PROGRAM, '--accounts', accounts, '--log-level', 'error'], {
    timeout: 20_000,
  })
  try {
    for (const [account, password] of Object.entries(passwords)) {
      const [user = '', server = ''] = account.split('@')
      assert.equal(await client.auth(user, server, password), true, account)
      assert.equal(await client.auth(user, server, `${password}x`), false, account)
    }
  } finally {
    await client.close()
  }
}

const PROSODY = `
data_path = "DATA"
log = { error = "*console" }
modules_enabled = {}
VirtualHost "example.org"
  authentication = "internal_hashed"
VirtualHost "second.example.org"
  authentication = "internal_hashed"
  password_hash = "SHA-256"
VirtualHost "plain.example.org"
  authentication = "internal_plain"
`

test('the accounts of Prosody', async () => {
  const prosodyctl = findProgram('prosody', '/usr/bin/prosodyctl')
  const { accounts, sh } = administrator()
  const data = join(folder, 'prosody')
  await runCommand('/bin/mkdir', [data], { folder })
  writeFileSync(join(folder, 'prosody.cfg.lua'), PROSODY.replace('DATA', data))
  const passwords: Record<string, string> = {}
  for (const host of ['example.org', 'second.example.org', 'plain.example.org']) {
    for (const user of ['alice', 'jürgen.o_x-1']) {
      const args = ['--config', join(folder, 'prosody.cfg.lua'), 'register', user, host, 'päss "w:ord"']
      await runCommand(prosodyctl, args, { folder })
      passwords[`${user}@${host}`] = 'päss "w:ord"'
    }
  }
  const { status, stdout, stderr } = await sh(commandsOf('prosody').replace('/var/lib/prosody', data))
  assert.equal(status, 0, stderr)
  assert.equal(stdout, 'imported 6, already there 0, not taken 0')
  await logIn(accounts, passwords)
  assert.match(new AccountStore(accounts).read('alice', 'example.org') ?? '', /^SCRAM-SHA-1\$10000:/)
  assert.match(new AccountStore(accounts).read('alice', 'second.example.org') ?? '', /^SCRAM-SHA-256\$10000:/)
})

/** Rows of ejabberd's table `users`: the keys of RFC 5802 and RFC 7677, as ejabberd writes them, and a password. */
const SHA1 = ['D+CSWLOshSulAsxiupA+qs2/fTE=', 'QSXCR+Q6sek8bf92', 4096] as const
const SHA256 = ['wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=', 'W22ZaJ0SNY7soEsUEjb6gQ==', 4096] as const
const STORED_SHA1 = '6dlGYMOdZcOPutkcNY8U2g7vK9Y='
const STORED_SHA256 = 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY='
const USERS = [
  ['alice', STORED_SHA1, ...SHA1],
  ['jürgen', `sha256:${STORED_SHA256}`, ...SHA256],
  ['carol', "it's plain", '', '', 0],
] as const
const USERS_WITH_TYPES = [
  ['alice', 2, STORED_SHA1, ...SHA1],
  ['alice', 3, STORED_SHA256, ...SHA256],
  ['jürgen', 3, STORED_SHA256, ...SHA256],
  ['carol', 1, "it's plain", '', '', 0],
] as const
const PASSWORDS = {
  'alice@example.org': 'pencil',
  'jürgen@example.org': 'pencil',
  'carol@example.org': "it's plain",
}

/** The statements that fill the table. */
function inserts(columns: string, rows: readonly (readonly (string | number)[])[]): string {
  const quoted = (value: string | number) =>
    typeof value === 'number' ? value : `'${value.replaceAll("'", "''")}'`
  return rows
    .map((row) => `INSERT INTO users (${columns}) VALUES (${row.map(quoted).join(', ')});\n`)
    .join('')
}
const COLUMNS = 'username, password, serverkey, salt, iterationcount'
const FILL = inserts(COLUMNS, USERS)
const FILL_WITH_TYPES = inserts(COLUMNS.replace(',', ', type,'), USERS_WITH_TYPES)

/** The definition of the table in a schema of ejabberd 23.01. */
function definition(schema: string): string {
  findProgram('ejabberd', schema)
  const [found] =
    /^CREATE TABLE users \([\s\S]*?;/m.exec(execFileSync('cat', [schema], { encoding: 'utf8' })) ?? []
  assert.ok(found !== undefined)
  return found
}

/** What newer versions have, in the words of that schema. */
function withTypes(table: string): string {
  return table
    .replace(/username (\S+) PRIMARY KEY,/, 'username $1 NOT NULL, type smallint NOT NULL,')
    .replace(/\n\)/, ',\n    PRIMARY KEY (username, type)\n)')
}

/** The command of the page for a database. */
function commandFor(database: string): string {
  const [, command] =
    new RegExp(`^\\| ${database}.* \\| \`(.*)\` \\|$`, 'm').exec(read('docs/moving-in.md')) ?? []
  assert.ok(command !== undefined)
  return command
}

const IMPORT = 'ejabberd-extauth account import accounts.txt'

const TABLES = [
  ['sql', (table: string) => table, FILL],
  ['sql with types', withTypes, FILL_WITH_TYPES],
] as const

async function importsUsers(database: string, env: NodeJS.ProcessEnv, marker: string): Promise<void> {
  const { home, accounts, sh } = administrator(env)
  writeFileSync(join(home, 'accounts.sql'), commandsOf(marker))
  writeFileSync(join(home, '.my.cnf'), env['MY_CNF'] ?? '')
  const { status, stdout, stderr } = await sh(`${commandFor(database)}\n${IMPORT}`)
  assert.equal(status, 0, stderr)
  assert.equal(stdout, 'imported 3, already there 0, not taken 0')
  await logIn(accounts, PASSWORDS)
}

test('the accounts of ejabberd in PostgreSQL', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.dispose())
  await postgres.query('CREATE DATABASE ejabberd')
  const env = { PGHOST: '127.0.0.1', PGPORT: String(postgres.port), PGUSER: 'postgres' }
  const psql = (text: string) =>
    execFileSync(findProgram('postgresql', '/usr/bin/psql'), ['-Xq', 'ejabberd'], {
      input: text,
      env: { ...process.env, ...env },
    })
  for (const [marker, change, rows] of TABLES) {
    psql(`DROP TABLE IF EXISTS users; ${change(definition(`${SCHEMAS}/pg.sql`))}\n${rows}`)
    await importsUsers('PostgreSQL', env, marker)
  }
})

test('the accounts of ejabberd in MariaDB', async (t) => {
  const mariadb = await startMariadb()
  t.after(() => mariadb.dispose())
  await mariadb.query('CREATE DATABASE ejabberd')
  const MY_CNF = `[client]\nprotocol=tcp\nhost=127.0.0.1\nport=${mariadb.port}\nuser=test\n`
  for (const [marker, change, rows] of TABLES) {
    await mariadb.query('DROP TABLE IF EXISTS ejabberd.users')
    await mariadb.query(change(definition(`${SCHEMAS}/mysql.sql`)).replace('users', 'ejabberd.users'))
    for (const row of rows.trim().split('\n')) await mariadb.query(row.replace('users', 'ejabberd.users'))
    await importsUsers('MariaDB', { MY_CNF }, marker)
  }
})

test('the accounts of ejabberd in SQLite', async () => {
  for (const [marker, change, rows] of TABLES) {
    const database = new BetterSqlite3(':memory:')
    database.exec(`${change(definition(`${SCHEMAS}/lite.sql`))}\n${rows}`)
    const lines = database.prepare(commandsOf(marker)).pluck().all()
    database.close()
    const { home, accounts, sh } = administrator()
    writeFileSync(join(home, 'accounts.txt'), `${lines.join('\n')}\n`)
    assert.equal((await sh(IMPORT)).stdout, 'imported 3, already there 0, not taken 0')
    await logIn(accounts, PASSWORDS)
  }
})

test('the statements of the page are an `auth` of sql', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.dispose())
  const pool = new pg.Pool({ host: '127.0.0.1', port: postgres.port, user: 'postgres' })
  const [, , rows] = TABLES[0]
  await postgres.query(`${definition(`${SCHEMAS}/pg.sql`)}\n${rows}`)
  const statement = commandsOf('sql')
    .replace("username || ' example.org ' || ", '')
    .replace('FROM users;', 'FROM users WHERE username = :user')
  const handlers = sql({ pool, auth: statement, passwords: { weak: ['plain'] } })
  t.after(() => handlers.close?.())
  for (const [account, password] of Object.entries(PASSWORDS)) {
    const user = account.replace('@example.org', '')
    assert.equal(await handlers.auth?.(withPassword('auth', user, password)), true, user)
    assert.equal(await handlers.auth?.(withPassword('auth', user, `${password}x`)), false, user)
  }
})

test('an htpasswd file', async () => {
  const { home, accounts, sh } = administrator()
  const openssl = (option: string) =>
    execFileSync('openssl', ['passwd', option, '-stdin'], { input: PASSWORD, encoding: 'utf8' }).trim()
  const lines = [
    `apr1:${openssl('-apr1')}`,
    `sha256:${openssl('-5')}`,
    `sha512:${openssl('-6')}`,
    `bcrypt:${await hashPassword(PASSWORD, { newHashes: 'bcrypt' })}`,
    'sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    'des:yhaaIVJF07zd6',
    'plain:correct horse',
  ]
  writeFileSync(join(home, 'users.htpasswd'), `${lines.join('\n')}\n`)
  const { status, stdout, stderr } = await sh(commandsOf('htpasswd'))
  assert.equal(status, 1)
  assert.equal(stdout, 'imported 4, already there 0, not taken 3')
  assert.match(
    stderr,
    /^line 5: .*a digest without salt.*\nline 6: .*DES crypt.*\nline 7: .*13 characters.*$/m,
  )
  assert.doesNotMatch(stderr, /5en6G6|yhaaIV|correct horse/)
  await logIn(
    accounts,
    Object.fromEntries(
      ['apr1', 'sha256', 'sha512', 'bcrypt'].map((user) => [`${user}@example.org`, PASSWORD]),
    ),
  )
})

test('a list of users and passwords', async () => {
  const { home, accounts, sh } = administrator()
  writeFileSync(
    join(home, 'users.csv'),
    'user,password\nalice,correct horse\nbob,päss:word\ncarol,{hunter2}\n',
  )
  const { status, stdout, stderr } = await sh(commandsOf('csv'))
  assert.equal(status, 1)
  assert.match(stdout, /imported 2, already there 0, not taken 1$/)
  assert.match(stderr, /^line 3: .*account passwd$/m)
  assert.doesNotMatch(stderr, /hunter2/)
  await logIn(accounts, { 'alice@example.org': 'correct horse', 'bob@example.org': 'päss:word' })
})
