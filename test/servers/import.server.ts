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

/** What Prosody 0.12.3 makes of its accounts in PostgreSQL, with the password of the account of plain.example.org. */
const PROSODY_TABLE =
  'CREATE TABLE prosody (host text, "user" text, store text, key text, type text, value text)'
const PROSODY_ROWS = [
  ['example.org', 'alice', 'stored_key', '56f38e44b8be4d7bf79570127c5dd0577309dfaa'],
  ['example.org', 'alice', 'iteration_count', '10000'],
  ['example.org', 'alice', 'server_key', '9c12635c190b8092713ff350ae3f88cf919e8b9f'],
  ['example.org', 'alice', 'salt', 'db68a353-47ec-4ff0-b37b-68b4b8dcb9b2'],
  [
    'second.example.org',
    'jürgen.o_x-1',
    'stored_key',
    '484064a6717316535b771750ca11441e37f0f18e7927805fafe09de12f6ff356',
  ],
  ['second.example.org', 'jürgen.o_x-1', 'iteration_count', '10000'],
  ['second.example.org', 'jürgen.o_x-1', 'salt', 'fb1b8ab3-a8f6-4e6d-96ec-7396c45017ff'],
  [
    'second.example.org',
    'jürgen.o_x-1',
    'server_key',
    '669aa7db0aa7fc3b47322ab64c3fa85d15b2a8e7f016ec5c001f6bf8535df889',
  ],
  ['plain.example.org', 'alice', 'password', 'päss "w:ord"'],
  ['plain.example.org', 'disabled', 'password', 'secret'],
  ['plain.example.org', 'disabled', 'disabled', 'true'],
  ['plain.example.org', 'nothing', 'created', '1700000000'],
] as const

test('the accounts of Prosody in PostgreSQL', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.dispose())
  const env = {
    PGHOST: '127.0.0.1',
    PGPORT: String(postgres.port),
    PGUSER: 'postgres',
    PGDATABASE: 'postgres',
  }
  const insert = (store: string, row: readonly string[]) =>
    postgres.query("INSERT INTO prosody VALUES ($1, $2, $5, $3, 'string', $4)", [...row, store])
  await postgres.query(PROSODY_TABLE)
  for (const row of PROSODY_ROWS) await insert('accounts', row)
  await insert('roster', ['example.org', 'alice', 'password', 'no password'])

  const { home, accounts, sh } = administrator(env)
  writeFileSync(join(home, 'prosody.sql'), commandsOf('prosody sql'))
  const commands = commandsOf('prosody sql commands').replace('psql -AtXq prosody', 'psql -AtXq')
  const { status, stdout, stderr } = await sh(commands.replace('import accounts.txt', '$& || true'))
  assert.equal(status, 0, stderr)
  assert.equal(stdout, 'imported 3, already there 0, not taken 1')
  assert.match(stderr, /^line \d: Expected three fields/m)
  await logIn(accounts, {
    'alice@example.org': 'päss "w:ord"',
    'jürgen.o_x-1@second.example.org': 'päss "w:ord"',
    'alice@plain.example.org': 'päss "w:ord"',
  })
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
const COLUMNS_WITH_TYPES = COLUMNS.replace(',', ', type,')
const FILL_WITH_TYPES = inserts(COLUMNS_WITH_TYPES, USERS_WITH_TYPES)

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

/** A statement with what the page says about a table that knows the hosts. */
function withHosts(statement: string): string {
  const [, host, condition] =
    /`([^`]*)` for `' example\.org '`[\s\S]*`(WHERE [^`]*)` for the second `WHERE`/.exec(
      read('docs/moving-in.md'),
    ) ?? []
  assert.ok(host !== undefined && condition !== undefined)
  return statement.replace("' example.org '", host).replace(/(\(SELECT .*)WHERE/, `$1${condition}`)
}

const PLAIN_ON_SECOND: readonly (string | number)[] = ['second.example.org', 'alice', 'another', '', '', 0]
const onHost = (row: readonly (string | number)[]) => ['example.org', ...row]

for (const [marker, columns, rows, change] of [
  ['sql', COLUMNS, [...USERS.map(onHost), PLAIN_ON_SECOND], (table: string) => table],
  [
    'sql with types',
    COLUMNS_WITH_TYPES,
    [...USERS_WITH_TYPES.map(onHost), PLAIN_ON_SECOND.toSpliced(2, 0, 1)],
    (table: string) =>
      table
        .replace('username text', 'type smallint NOT NULL, $&')
        .replace('server_host, username)', 'server_host, username, type)'),
  ],
] as const) {
  test(`the accounts of ejabberd in one table for all hosts, ${marker}`, async () => {
    const database = new BetterSqlite3(':memory:')
    database.exec(change(definition(`${SCHEMAS}/lite.new.sql`)) + inserts(`server_host, ${columns}`, rows))
    const lines = database
      .prepare(withHosts(commandsOf(marker)))
      .pluck()
      .all()
    database.close()
    const { home, accounts, sh } = administrator()
    writeFileSync(join(home, 'accounts.txt'), `${lines.join('\n')}\n`)
    assert.equal((await sh(IMPORT)).stdout, 'imported 4, already there 0, not taken 0')
    await logIn(accounts, { ...PASSWORDS, 'alice@second.example.org': 'another' })
  })
}

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
