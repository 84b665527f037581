/** Backends in front of servers that are away, or quote what they are told: none of it is written. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { BCRYPT } from '../passwords/application-vectors.ts'
import type { Running } from '../program/support.ts'
import { ANSWERS, type Echoes, startEchoes } from './echoes.ts'
import type { Marks } from './marks.ts'
import { ask, LOGGINGS, Scene, untilLoaded } from './scene.ts'

let echoes: Awaited<ReturnType<typeof startEchoes>>
before(async () => {
  echoes = await startEchoes()
})
after(() => echoes.stop())

/** Nobody is asked again. */
const PATIENCE = 'patience: 0'

const STATEMENTS = `auth: 'SELECT hash FROM users WHERE name = :user', isuser: 'SELECT 1 FROM users WHERE name = :user',
  setpass: 'UPDATE users SET hash = :hash WHERE name = :user', tryregister: 'INSERT INTO users VALUES (:user, :hash)',
  removeuser: 'DELETE FROM users WHERE name = :user', passwords: { newHashes: 'ssha512' }, ${PATIENCE}`

/** By the name of a server, the code that makes its handlers. */
function backends(ports: Echoes, marks: Marks): Readonly<Record<string, string>> {
  const secret = (name: string) => JSON.stringify(marks.mint(`${name}, the secret of its options`))
  const postgres = (name: string, port: number) =>
    `sql({ pool: new pg.Pool({ host: '127.0.0.1', port: ${port}, user: 'x', password: ${secret(name)}, connectionTimeoutMillis: 100 }), ${STATEMENTS} })`
  const mysql = (name: string, port: number) =>
    `sql({ pool: mysql.createPool({ host: '127.0.0.1', port: ${port}, user: 'x', password: ${secret(name)}, connectTimeout: 100 }), ${STATEMENTS} })`
  const maria = (name: string, port: number) =>
    `sql({ pool: mariadb.createPool({ host: '127.0.0.1', port: ${port}, user: 'x', password: ${secret(name)}, connectTimeout: 100, acquireTimeout: 100, initializationTimeout: 100 }), ${STATEMENTS} })`
  const ldap = (name: string, port: number, code: number, who = 80) =>
    `ldap({ url: 'ldap://127.0.0.1:${port}', bindDn: 'cn=${who}', bindPassword: ${secret(name)}, userDn: 'uid=${code},cn=%u', setpass: true, ${PATIENCE} })`
  // The echoes look at the first part of a path only.
  const address = (name: string, port: number, path: string) =>
    `http://127.0.0.1:${port}/${path}/${marks.mintWord(`${name}, the key in its path`)}`
  const withQuery = (name: string, port: number, path: string) =>
    `${address(name, port, path)}?key=${marks.mintWord(`${name}, the key in its query`)}`
  const credentials = (name: string) =>
    `credentials: { username: 'x', password: encodeURIComponent(${secret(name)}) },`
  const web = (name: string, port: number, api: string, path: string) =>
    `http({ api: '${api}', url: '${(api === 'form' ? address : withQuery)(name, port, path)}', headers: { 'x-key': encodeURIComponent(${secret(name)}) }, ${api === 'basic' ? '' : credentials(name)} ${OPERATIONS_OF[api]} ${PATIENCE} })`
  const introspection = (name: string, port: number, path: string, clientAuth: string) =>
    `oauth({ introspection: { url: '${withQuery(name, port, path)}', clientId: 'x', clientSecret: ${secret(name)}, clientAuth: '${clientAuth}' }, audience: 'x', ${PATIENCE} })`
  const issuer = (name: string, port: number, path: string) =>
    `jwt({ jwks: '${withQuery(name, port, path)}', audience: 'x', issuer: 'y', ${PATIENCE} })`

  const peppered = (pepper: string) =>
    `sql({ pool: { dialect: 'mysql', query: quote }, ${STATEMENTS.replace("'ssha512'", `'bcrypt', pepper: ${pepper}`)} })`

  const made: Record<string, string> = {}
  const make = (name: string, write: (name: string) => string) => {
    made[`${name}.example`] = write(name)
  }
  for (const place of ['closed', 'bytes'] as const) {
    make(`postgres-${place}`, (name) => postgres(name, ports[place]))
    make(`mysql-${place}`, (name) => mysql(name, ports[place]))
    make(`mariadb-${place}`, (name) => maria(name, ports[place]))
    make(`ldap-${place}`, (name) => ldap(name, ports[place], 0))
    make(`web-${place}`, (name) => web(name, ports[place], 'form', ''))
    make(`oauth-${place}`, (name) => introspection(name, ports[place], '', 'basic'))
    make(`jwks-${place}`, (name) => issuer(name, ports[place], ''))
  }
  make('postgres-password', (name) => postgres(name, ports.refusingPostgres))
  make('postgres-statement', (name) => postgres(name, ports.postgres))
  for (const code of [1, 32, 49, 52, 80]) {
    make(`ldap-${code}`, (name) => ldap(name, ports.ldap, code))
    make(`ldap-service-${code}`, (name) => ldap(name, ports.ldap, 80, code))
  }
  for (const how of Object.keys(ANSWERS)) {
    for (const api of Object.keys(OPERATIONS_OF))
      make(`${api}-${how.toLowerCase()}`, (name) => web(name, ports.web, api, how))
    make(`introspection-${how.toLowerCase()}`, (name) => introspection(name, ports.web, how, 'post'))
    make(
      `userinfo-${how.toLowerCase()}`,
      (name) => `oauth({ userinfo: { url: '${withQuery(name, ports.web, how)}' }, ${PATIENCE} })`,
    )
    make(`jwks-${how.toLowerCase()}`, (name) => issuer(name, ports.web, how))
  }
  make('jwt-secret', (name) => `jwt({ secret: ${secret(name)}.repeat(4), audience: 'x' })`)
  make(
    'first-of',
    (name) =>
      `firstOf(${postgres(name, ports.closed)}, ${ldap(name, ports.ldap, 80)}, ${web(name, ports.web, 'json', 'error')})`,
  )
  make('pepper', (name) => peppered(secret(name)))
  make('pepper-too-long', (name) => peppered(`${secret(name)}.repeat(4)`))
  make('patient', (name) => ldap(name, ports.ldap, 52).replace(PATIENCE, 'patience: 300'))
  make('slow-down', (name) => `slowDown(${ldap(name, ports.ldap, 49)}, { after: 1 })`)
  make('remembered', (name) => `remember(${web(name, ports.web, 'form', 'nonsense')})`)
  return made
}

const OPERATIONS_OF: Readonly<Record<string, string>> = {
  form: '',
  json: "operations: ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser', 'removeuser3', 'certauth'].slice(0, 6),",
  basic: '',
}

function sourceOf(made: Readonly<Record<string, string>>): string {
  return `import { byServer, firstOf, http, jwt, ldap, oauth, remember, slowDown, sql } from 'ejabberd-extauth'
import * as mariadb from 'mariadb'
import mysql from 'mysql2/promise'
import pg from 'pg'
const hash = '${BCRYPT[0]?.hash}'
const quote = (text, values) => {
  if (text.startsWith('SELECT hash')) return { rows: [[hash]] }
  throw new Error(text + values)
}
export default byServer({
  'ready.example': { isuser: () => true },
${Object.entries(made)
  .map(([name, code]) => `  '${name}': ${code},\n`)
  .join('')}})
`
}

/** A token with a secret in it, signed with a secret. */
function makeToken(marks: Marks, name: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const claims = { sub: 'alice', name: marks.mint(`${name}, a claim`), aud: 'another', exp: 1 }
  const text = `${encode({ alg: 'HS256', kid: 'one' })}.${encode(claims)}`
  const token = `${text}.${createHmac('sha256', 'another key').update(text).digest('base64url')}`
  marks.watch(`${name}, a token`, token.slice(token.indexOf('.') + 1), { raw: 10 })
  return token
}

async function askAll(scene: Scene, running: Running, server: string): Promise<void> {
  const about = async (operation: string, password: string) => {
    const became = await ask(running, `${operation}:alice:${server}:${password}`)
    if (operation === 'auth') assert.notEqual(became, 'allowed', `${operation} at ${server}`)
  }
  const takesTokens = /jw|userinfo|introspection|oauth/.test(server)
  for (const operation of takesTokens ? ['auth'] : ['auth', 'setpass', 'tryregister', 'removeuser3'])
    await about(operation, scene.marks.mint(`${server}, ${operation}`))
  if (takesTokens) {
    await about('auth', scene.marks.mintWord(`${server}, a word`))
    await about('auth', makeToken(scene.marks, server))
  }
  for (const operation of ['isuser', 'removeuser']) await ask(running, `${operation}:alice:${server}`)
}

describe('what servers quote is not written', { concurrency: 5 }, () => {
  for (const logging of LOGGINGS) {
    test(`at the level ${logging.level}, ${logging.toFile ? 'to a file' : 'to standard error'}`, async (t) => {
      const scene = new Scene(t)
      scene.givePackages('pg', 'mysql2', 'mariadb', 'ldapts', 'jose')
      const made = backends(echoes.ports, scene.marks)
      const running = scene.start(
        ['--handlers', scene.give('handlers.mjs', sourceOf(made)), '--timeout', '2'],
        logging,
      )
      await untilLoaded(running, 'isuser:alice:ready.example')
      for (const server of Object.keys(made)) await askAll(scene, running, server)
      await scene.end(running)
      // New hashes are secrets, too, and what a database was told of them is all that is known of them here.
      const hashes = echoes.heard().match(/\{SSHA512\}[\w+/=]+/g) ?? []
      for (const hash of hashes) scene.marks.watch('a new hash', hash, { raw: 20 })
      scene.assertNothingFound()
    })
  }
})
