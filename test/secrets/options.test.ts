/** A handlers file that does not load is told of in the log, but not what passwords and keys are in it. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { freePorts } from '../e2e/support/ports.ts'
import type { Running } from '../program/support.ts'
import { Scene } from './scene.ts'

/** Only a failure takes so long, in milliseconds. */
const PATIENCE = 20_000

/** Sources of handlers files that do not load, made of a secret that needs no quotes and of one that does. */
const FILES: Readonly<Record<string, (word: string, secret: string) => string>> = {
  'a URL in place of all options': (word) => `sql('postgres://alice:${word}@localhost/shop')`,
  'a URL in place of a pool': (word) =>
    `sql({ pool: 'postgres://alice:${word}@localhost/shop', auth: 'SELECT 1 FROM users WHERE name = :user' })`,
  'the settings of a pool in place of a pool': (_word, secret) =>
    `sql({ pool: { user: 'alice', password: ${secret} }, auth: 'SELECT 1 FROM users WHERE name = :user' })`,
  'a pool, and a statement without a placeholder': (_word, secret) =>
    `sql({ pool: new pg.Pool({ password: ${secret} }), auth: 'SELECT password FROM users' })`,
  'a pool and a slip of the pen': (_word, secret) =>
    `sql({ pool: new pg.Pool({ password: ${secret} }), password: ${secret}, auth: 'SELECT 1 FROM u WHERE n = :user' })`,
  'a pool of a URL with a mistake': (word) =>
    `sql({ pool: new pg.Pool({ connectionString: 'postgres://a:${word}@b:x/' }) })`,
  'a pool of MySQL of a URL with a mistake': (word) =>
    `sql({ pool: mysql.createPool('mysql://alice:${word}@localhost:x/') })`,
  'a URL with a password in it': (word) => `http({ url: 'https://alice:${word}@example.org/' })`,
  'a list of URLs with a password in one': (word) =>
    `ldap({ url: ['ldaps://a.example.org', 'ldaps://alice:${word}@b.example.org'], userDn: 'uid=%u,dc=example' })`,
  'a URL of another scheme': (word) => `http({ url: 'ftp://alice:${word}@example.org/' })`,
  'a URL that is none': (word) => `http({ url: 'alice:${word}@example.org' })`,
  'a URL to another host without TLS': (word) => `http({ url: 'http://example.org/?key=${word}' })`,
  'credentials that are one text': (_word, secret) =>
    `http({ url: 'http://localhost/', credentials: ${secret} })`,
  'credentials without a name': (_word, secret) =>
    `http({ url: 'http://localhost/', credentials: { user: 'alice', password: ${secret} } })`,
  'a header with a line end': (_word, secret) =>
    `http({ url: 'http://localhost/', headers: { authorization: 'Bearer ' + ${secret} + '\\n' } })`,
  'headers that are one text': (_word, secret) => `http({ url: 'http://localhost/', headers: ${secret} })`,
  'an option that there is not': (_word, secret) => `http({ url: 'http://localhost/', pasword: ${secret} })`,
  'a password of the directory in the wrong place': (_word, secret) =>
    `ldap({ url: 'ldaps://localhost', userDn: 'uid=%u,dc=example', bindDN: 'cn=x', bindPassword: ${secret} })`,
  'a password of the directory that is a list': (_word, secret) =>
    `ldap({ url: 'ldaps://localhost', base: 'dc=example', filter: '(uid=%u)', bindDn: 'cn=x', bindPassword: [${secret}] })`,
  'a password of the directory, and a filter with a mistake': (_word, secret) =>
    `ldap({ url: 'ldaps://localhost', base: 'dc=example', filter: '(uid=%u', bindDn: 'cn=x', bindPassword: ${secret} })`,
  'a key that is too short': (_word, secret) => `jwt({ secret: ${secret}.slice(0, 8) })`,
  'a key that is no PEM': (_word, secret) => `jwt({ publicKey: ${secret} })`,
  'a PEM with something else in it': (word) =>
    `jwt({ publicKey: '-----BEGIN PUBLIC KEY-----\\n${word}\\n-----END PUBLIC KEY-----\\n' })`,
  'a private key in place of a public one': (word) =>
    `jwt({ publicKey: '-----BEGIN PRIVATE KEY-----\\n${word}\\n-----END PRIVATE KEY-----\\n' })`,
  'a secret of a client, and a URL that is none': (_word, secret) =>
    `oauth({ introspection: { url: 'id.example.org', clientId: 'x', clientSecret: ${secret} } })`,
  'a secret of a client that is an object': (_word, secret) =>
    `oauth({ introspection: { url: 'https://id.example.org', clientId: 'x', clientSecret: { text: ${secret} } } })`,
  'a backend in place of its options': (_word, secret) => `slowDown(${secret})`,
  'hosts that are no handlers': (_word, secret) => `byServer({ 'example.org': ${secret} })`,
  'a text in place of handlers': (_word, secret) => secret,
  'a text in place of a handler': (_word, secret) => `({ auth: ${secret} })`,
  'a mistake of syntax beside a password': (_word, secret) => `({ password: ${secret} ${secret} })`,
  'a password without its end': (word) => `({ password: '${word} })`,
  'settings in JSON with a mistake beside a password': (word) =>
    `JSON.parse('{"password": ${word} , "more": "more than is quoted"}')`,
  'settings in JSON that are a password': (word) => `JSON.parse('${word}')`,
  'a URL with a password that fetch does not take': (word) =>
    `await fetch('http://alice:${word}@127.0.0.1:1/')`,
  'a module at a URL with a password': (word) =>
    `await import('https://alice:${word}@example.org/handlers.mjs')`,
  'a database that is not there': (word) =>
    `await new pg.Client('postgres://alice:${word}@127.0.0.1:' + CLOSED + '/shop').connect()`,
  'a database that is none': (word) =>
    `await new pg.Client('postgres://alice:${word}@127.0.0.1:' + ECHO + '/shop').connect()`,
  'a database of MySQL that is none': (word) =>
    `await mysql.createConnection('mysql://alice:${word}@127.0.0.1:' + ECHO + '/shop?connectTimeout=300').catch((error) => { throw error })`,
}

const GOOD = 'export default { auth: () => true, isuser: () => true }\n'

/** Says back what it is told, and hangs up. */
const echo = createServer((socket) => {
  socket.on('error', () => {}).once('data', (data) => socket.end(data))
})
let closed = 0
before(async () => {
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  closed = (await freePorts(1))[0] ?? 0
})
after(() => echo.close())

function sourceOf(expression: string): string {
  const { port } = echo.address() as AddressInfo
  return `import { byServer, http, jwt, ldap, oauth, slowDown, sql } from 'ejabberd-extauth'
import mysql from 'mysql2/promise'
import pg from 'pg'
const [CLOSED, ECHO] = [${closed}, ${port}]
void [byServer, http, jwt, ldap, oauth, slowDown, sql, mysql, pg, CLOSED, ECHO]
export default ${expression}
`
}

test('no secret of a handlers file is written when it does not load', async (t) => {
  const scene = new Scene(t)
  scene.givePackages('pg', 'mysql2', 'ldapts', 'jose')
  const running = scene.start(['--handlers', scene.give('handlers.mjs', GOOD)], {
    level: 'debug',
    toFile: false,
  })
  await running.logged(/handlers_loaded/)
  let loads = 1
  for (const [name, write] of Object.entries(FILES)) {
    const [word, secret] = [scene.marks.mintWord(`${name}, as a word`), scene.marks.mint(name)]
    await reload(running, scene, sourceOf(write(word, JSON.stringify(secret))), 'handlers_not_loaded', loads)
    // What is told twice is told once only: in between all is well.
    await reload(running, scene, GOOD, 'handlers_loaded', ++loads)
  }
  await scene.end(running)
  scene.assertNothingFound()
})

/** Has the handlers loaded anew, and waits until the log has told so many times what came of it. */
async function reload(
  running: Running,
  scene: Scene,
  source: string,
  event: string,
  times: number,
): Promise<void> {
  scene.give('handlers.mjs', source)
  running.process.kill('SIGHUP')
  const signal = AbortSignal.timeout(PATIENCE)
  while (
    running.log.split(`event=${event} `).length + running.log.split(`event=${event}\n`).length - 2 <
    times
  )
    await once(running.process.stderr ?? running.process, 'data', { signal })
}
