/** The page about password formats: its query, as printed, on a real database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import mysql from 'mysql2/promise'
import { sql } from '../../src/backends/sql.ts'
import type { Handlers } from '../../src/handlers.ts'
import { withPassword } from '../backends/contract.ts'
import { cheapHash } from '../helpers/cheap-hash.ts'
import { blocks, read } from '../helpers/documents.ts'
import { MARIADB_USER, startMariadb } from './support/mariadb.ts'
import { replaceOnce } from './support/recipes.ts'

const PAGE = read('docs/passwords.md')
const [query = '', ...others] = blocks(PAGE, 'sql')

/** What leaves alone what `setpass` has stored. */
const [choice = ''] = /IF\(password LIKE [^`]*/.exec(PAGE) ?? []

test('the page has no query that is not tested', () => assert.equal(others.length, 0))

test('digests and salts of MyBB are put together as printed, also where new hashes are among them', async (t) => {
  const server = await startMariadb()
  t.after(() => server.dispose())
  await server.query(
    'CREATE TABLE mybb_users (username varchar(120) PRIMARY KEY, password varchar(120), salt varchar(10))',
  )
  // hashcat, example hash of mode 2811.
  const users = [
    ['alice', '8d2129083ef35f4b365d5d87487e1207', '47204'],
    ['bob', cheapHash('changed'), '47204'],
  ]
  for (const user of users) await server.query('INSERT INTO mybb_users VALUES (?, ?, ?)', user)
  const open = (auth: string) => {
    const pool = mysql.createPool({ ...MARIADB_USER, port: server.port })
    const handlers = sql({ pool, auth, passwords: { weak: ['md5-salted'] } }) as Required<Handlers>
    t.after(() => handlers.close())
    return (user: string, password: string) => handlers.auth(withPassword('auth', user, password))
  }

  const asPrinted = open(query)
  assert.equal(await asPrinted('alice', 'hashcat'), true)
  assert.equal(await asPrinted('alice', 'wrong'), false)
  await assert.rejects(async () => asPrinted('bob', 'changed'), { code: 'ERR_HASH' })

  const [together = ''] = /CONCAT\(.*?password\)(?= FROM)/.exec(query) ?? []
  const mixed = open(replaceOnce(query, together, replaceOnce(choice, 'CONCAT(...)', together)))
  assert.equal(await mixed('alice', 'hashcat'), true)
  assert.equal(await mixed('alice', 'wrong'), false)
  assert.equal(await mixed('bob', 'changed'), true)
  assert.equal(await mixed('bob', 'wrong'), false)
})
