import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DJANGO } from '../passwords/application-vectors.ts'
import { makeFolder, removeFolder } from './support/daemon.ts'
import { type Mariadb, startMariadb } from './support/mariadb.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import {
  authOf,
  databaseUsers,
  RECIPES,
  recipe,
  replaceOnce,
  withAuth,
  withOptions,
} from './support/recipes.ts'
import {
  createMariadbDatabase,
  createMariadbUser,
  createPostgresDatabase,
  type Row,
} from './support/recipes-databases.ts'
import { askDjango, migrateDjango } from './support/recipes-django.ts'
import {
  allowed,
  changePassword,
  grant,
  logIn,
  NEW_PASSWORD,
  NOBODY,
  PASSWORD,
  refused,
} from './support/recipes-logins.ts'
import { hashWithPhp, type PhpAlgorithm, verifyWithPhp } from './support/recipes-php.ts'
import * as tables from './support/recipes-schemas.ts'

const LONG_AGO = '2026-01-02 03:04:05'

let postgres: Postgres
let mariadb: Mariadb
let folder: string

before(async () => {
  folder = makeFolder('recipes')
  ;[postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()])
  const [postgresUser, mariadbUser] = databaseUsers()
  await postgres.query(postgresUser)
  await createMariadbUser(mariadb, mariadbUser)
})

after(async () => {
  await Promise.all([postgres?.dispose(), mariadb?.dispose()])
  removeFolder(folder)
})

/** Rows of users with a column for the hash that an application made of the password. */
async function withHashes(
  column: string,
  users: readonly (readonly [PhpAlgorithm, Row, password?: string])[],
): Promise<Row[]> {
  const pairs = users.map(([algorithm, , password = PASSWORD]) => [algorithm, password] as const)
  const hashes = await hashWithPhp(folder, pairs)
  return users.map(([, row], index) => ({ ...row, [column]: hashes[index] ?? null }))
}

test('each recipe of the page has a test', () => {
  assert.deepEqual(RECIPES, ['Django', 'WordPress', 'Laravel', 'Nextcloud', 'Drupal', 'Devise'])
})

test('the hashes that the tests make are those of published vectors', async () => {
  const pairs = [
    ['phpass vector', 'test12345'],
    ['drupal vector', 'password'],
  ] as const
  assert.deepEqual(await hashWithPhp(folder, pairs), [
    // test.php of Openwall's phpass
    '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0',
    // drupal7_fmt_plug.c of John the Ripper
    '$S$CFURCPa.k6FAEbJPgejaW4nijv7rYgGc4dUJtChQtV4KLJTPTC/u',
  ])
})

test('Django', async (t) => {
  const { handlers, options, ...page } = recipe('Django')
  const [forCapitals = '', forChanges = ''] = options
  const scrypt = DJANGO.find(({ hash }) => hash.startsWith('scrypt$')) ?? assert.fail('no vector')
  const database = await createPostgresDatabase(postgres, 'django')
  const place = { folder, port: postgres.port, database: 'django' }
  await migrateDjango(place, [
    { username: 'alice', password: PASSWORD },
    { username: 'bob', password: PASSWORD, hasher: 'argon2' },
    { username: 'carol', password: PASSWORD, hasher: 'bcrypt_sha256' },
    { username: 'dave', password: PASSWORD, hasher: 'bcrypt' },
    { username: 'erin', password: PASSWORD, hasher: 'pbkdf2_sha1' },
    { username: 'frank', password: PASSWORD, isActive: false },
    { username: 'kim', encoded: scrypt.hash },
    { username: 'grace' },
    { username: 'Heidi', password: PASSWORD },
    { username: 'Ivan', password: PASSWORD },
    { username: 'ivan', password: PASSWORD },
    { username: 'Judy', password: PASSWORD, isActive: false },
  ])
  await grant(t, database, page.grant, [
    'SELECT email FROM auth_user',
    "UPDATE auth_user SET password = ''",
    'DELETE FROM auth_user',
    'SELECT * FROM auth_group',
  ])
  await logIn(t, database.locate(handlers), [
    allowed('alice', 'a password that Django hashed with PBKDF2'),
    allowed('bob', 'one that it hashed with Argon2'),
    allowed('carol', 'one that it hashed with bcrypt after SHA-256'),
    allowed('dave', 'one that it hashed with bcrypt'),
    allowed('erin', 'one that it hashed with PBKDF2 and SHA-1'),
    allowed('kim', 'one that it hashed with scrypt', scrypt.password),
    refused('frank', 'somebody who is not active'),
    refused('grace', 'somebody whose password is unusable', { isuser: true }),
    NOBODY,
    refused('heidi', 'a name with capitals'),
  ])
  await t.test('with the statement for names with capitals', (t) =>
    logIn(t, database.locate(withAuth(handlers, forCapitals)), [
      allowed('alice', 'a name without capitals'),
      allowed('heidi', 'a name with capitals'),
      refused('ivan', 'a name of two people, but for the capitals'),
      refused('judy', 'somebody with capitals who is not active'),
      NOBODY,
    ]),
  )
  await t.test('with the options for changed passwords', async (t) => {
    await database.execute(page.says('GRANT UPDATE (password) ON auth_user TO ejabberd'))
    await changePassword(t, database.locate(withOptions(handlers, forChanges)), 'alice')
    const logins = [PASSWORD, NEW_PASSWORD].map((password) => ({ username: 'alice', password }))
    assert.deepEqual(await askDjango(place, logins), [false, true])
  })
})

test('WordPress', async (t) => {
  const { handlers, ...page } = recipe('WordPress')
  const database = await createMariadbDatabase(mariadb, 'wordpress')
  await database.execute(tables.WORDPRESS)
  const users = await withHashes('user_pass', [
    ['wordpress', { user_login: 'alice' }],
    ['phpass', { user_login: 'bob' }],
    ['bcrypt', { user_login: 'carol' }],
    ['wordpress', { user_login: 'Dave' }],
    ['md5', { user_login: 'erin' }],
    ['wordpress', { user_login: 'jose' }],
    ['wordpress', { user_login: 'frank', user_status: 1 }],
    ['wordpress form', { user_login: 'grace' }, "it's"],
  ])
  await database.insert('wp_users', users)
  await grant(t, database, page.grant, [
    'SELECT user_email FROM wp_users',
    "UPDATE wp_users SET user_pass = ''",
    'DELETE FROM wp_users',
  ])
  await logIn(t, database.locate(handlers), [
    allowed('alice', 'a password that WordPress 6.8 hashed'),
    allowed('bob', 'one that WordPress hashed before'),
    allowed('carol', 'one that a plugin hashed with bcrypt'),
    allowed('dave', 'a name with capitals'),
    allowed('jose', 'a name without accents'),
    refused('jos\u00e9', 'the same name with an accent'),
    refused('frank', 'a spammer'),
    allowed('grace', 'a password with a quote, and a backslash before it', page.says("it\\'s")),
    refused('grace', 'the same without a backslash', { password: "it's", isuser: true }),
    NOBODY,
  ])
  await t.test('with the option for MD5', (t) => {
    const option = page.says("passwords: { weak: ['md5'] }")
    return logIn(t, database.locate(withOptions(handlers, `  ${option},\n`)), [
      allowed('erin', 'a password that was set as its MD5'),
    ])
  })
  await t.test('in a network of sites', async (t) => {
    await database.execute(tables.WORDPRESS_NETWORK)
    await database.execute("UPDATE wp_users SET spam = 1 WHERE user_login = 'alice'")
    await database.execute("UPDATE wp_users SET deleted = 1 WHERE user_login = 'bob'")
    await database.execute(replaceOnce(page.grant, 'user_status', 'user_status, spam, deleted'))
    const condition = page.says('AND spam = 0 AND deleted = 0')
    const changed = replaceOnce(handlers, 'AND user_status = 0', `AND user_status = 0 ${condition}`)
    await logIn(t, database.locate(changed), [
      allowed('carol', 'somebody else'),
      refused('alice', 'a spammer of the network'),
      refused('bob', 'somebody who is deleted'),
    ])
  })
})

test('Laravel', async (t) => {
  const { handlers, ...page } = recipe('Laravel')
  const database = await createMariadbDatabase(mariadb, 'laravel')
  await database.execute(tables.LARAVEL)
  const row = (email: string, verified: string | null = LONG_AGO) => ({
    name: 'somebody',
    email,
    email_verified_at: verified,
  })
  const users = await withHashes('password', [
    ['bcrypt', row('alice@example.org')],
    ['argon2id', row('bob@example.org')],
    ['bcrypt', row('Carol@Example.ORG')],
    ['bcrypt', row('jose@example.org')],
    ['bcrypt', row('frank@example.org', null)],
    ['bcrypt', row('grace@elsewhere.example')],
  ])
  await database.insert('users', users)
  await grant(t, database, page.grant, [
    'SELECT name FROM users',
    "UPDATE users SET email = ''",
    'DELETE FROM users',
  ])
  await logIn(t, database.locate(handlers), [
    allowed('alice', 'a password that Laravel hashed with bcrypt'),
    allowed('bob', 'a password that Laravel hashed with Argon2'),
    allowed('carol', 'an address with capitals'),
    allowed('jose', 'an address without accents'),
    refused('jos\u00e9', 'the same address with an accent'),
    refused('frank', 'somebody whose address was not confirmed'),
    refused('grace', 'somebody whose mail is elsewhere'),
    NOBODY,
  ])
  await t.test('with mail elsewhere, and `unescape`', (t) => {
    const byUser = withAuth(handlers, authOf(handlers).replaceAll(':jid', ':user'))
    const mapped = replaceOnce(byUser, 'export default sql({', 'export default mapUser(sql({')
      .replace('import { sql }', 'import { mapUser, sql }')
      .replace(/\}\)\n$/, "}), 'unescape')\n")
    return logIn(t, database.locate(mapped), [
      allowed('grace\\40elsewhere.example', 'somebody whose mail is elsewhere'),
      refused('grace', 'half of her address'),
      refused('frank\\40example.org', 'somebody whose address was not confirmed'),
      NOBODY,
    ])
  })
  await t.test('passwords can be changed', async (t) => {
    await changePassword(t, database.locate(handlers), 'alice')
    const hash = await database.read("SELECT password FROM users WHERE email = 'alice@example.org'")
    assert.deepEqual(await verifyWithPhp(folder, NEW_PASSWORD, String(hash)), true)
  })
  await t.test('with SoftDeletes', async (t) => {
    await database.execute('ALTER TABLE users ADD COLUMN deleted_at timestamp NULL DEFAULT NULL')
    await database.execute(`UPDATE users SET deleted_at = '${LONG_AGO}' WHERE email = 'bob@example.org'`)
    await database.execute(
      replaceOnce(page.grant, 'password, email_verified_at', 'password, email_verified_at, deleted_at'),
    )
    const condition = page.says('AND deleted_at IS NULL')
    const changed = replaceOnce(
      handlers,
      'email_verified_at IS NOT NULL',
      `email_verified_at IS NOT NULL ${condition}`,
    )
    await logIn(t, database.locate(changed), [
      allowed('carol', 'somebody else'),
      refused('bob', 'somebody who is deleted'),
    ])
  })
})

test('Nextcloud', async (t) => {
  const { handlers, ...page } = recipe('Nextcloud')
  page.says('On PostgreSQL the statement is the same')
  const onPostgres = withAuth(recipe('Django').handlers, authOf(handlers))
  const row = (uid: string): Row => ({ uid, uid_lower: uid.toLowerCase() })
  const users = await withHashes('password', [
    ['argon2id', row('alice')],
    ['argon2i', row('bob')],
    ['bcrypt', row('carol')],
    ['argon2id', row('Dave')],
    ['argon2id', row('erin')],
    ['argon2id', row('frank')],
    ['argon2id', row('grace')],
    ['argon2id', row('Heidi')],
  ])
  const versions = [3, 2, 1, 3, 3, 3, 3, 3]
  const prefixed = users.map((user, index) => ({
    ...user,
    password: `${versions[index]}|${user['password']}`,
  }))
  const setting = (userid: string, configkey: string, configvalue: string | null): Row => ({
    userid,
    appid: 'core',
    configkey,
    configvalue,
  })
  const settings = [
    setting('alice', 'lang', 'de'),
    setting('erin', 'enabled', 'true'),
    setting('frank', 'enabled', 'false'),
    setting('grace', 'enabled', null),
    setting('Heidi', 'enabled', 'false'),
    setting('Dave', 'lang', 'false'),
    { ...setting('bob', 'enabled', 'no'), appid: 'other' },
  ]
  const logins = [
    allowed('alice', 'a password that Nextcloud hashed with Argon2id'),
    allowed('bob', 'one that it hashed with Argon2i'),
    allowed('carol', 'one that it hashed with bcrypt'),
    allowed('dave', 'a name with capitals'),
    allowed('erin', 'somebody who was disabled and enabled again'),
    refused('frank', 'somebody who is disabled'),
    refused('grace', 'somebody of whom it is not known'),
    refused('heidi', 'somebody with capitals who is disabled'),
    refused('\u00e1lice', 'a name with an accent'),
    NOBODY,
  ]
  const cases = [
    {
      name: 'MariaDB',
      database: await createMariadbDatabase(mariadb, 'nextcloud'),
      schema: tables.NEXTCLOUD,
      granting: page.grant,
      recipe: handlers,
    },
    {
      name: 'PostgreSQL',
      database: await createPostgresDatabase(postgres, 'nextcloud'),
      schema: tables.NEXTCLOUD_POSTGRES,
      granting: page.grant.replaceAll('nextcloud.', '').replaceAll('@localhost', ''),
      recipe: replaceOnce(onPostgres, "database: 'django'", "database: 'nextcloud'"),
    },
  ]
  for (const { name, database, schema, granting, recipe } of cases) {
    await t.test(`on ${name}`, async (t) => {
      await database.execute(schema)
      await database.insert('oc_users', prefixed)
      await database.insert('oc_preferences', settings)
      await grant(t, database, granting, [
        'SELECT displayname FROM oc_users',
        "UPDATE oc_users SET password = ''",
        'DELETE FROM oc_preferences',
      ])
      await logIn(t, database.locate(recipe), logins)
    })
  }
})

test('Drupal', async (t) => {
  const { handlers, ...page } = recipe('Drupal')
  const database = await createMariadbDatabase(mariadb, 'drupal')
  await database.execute(tables.DRUPAL)
  const row = (uid: number, name: string, more: Row = {}) => ({
    uid,
    name,
    langcode: 'en',
    status: 1,
    default_langcode: 1,
    ...more,
  })
  const users = await withHashes('pass', [
    ['bcrypt', row(1, 'alice')],
    ['drupal 7', row(2, 'bob')],
    ['drupal 6', row(3, 'carol')],
    ['bcrypt', row(4, 'Dave')],
    ['bcrypt', row(4, 'Dave', { langcode: 'de', default_langcode: 0 }), 'of the translation'],
    ['bcrypt', row(5, 'jose')],
    ['bcrypt', row(6, 'frank', { status: 0 })],
  ])
  await database.insert('users_field_data', [...users, row(0, '', { status: 0 }), row(7, 'grace')])
  await grant(t, database, page.grant, [
    'SELECT mail FROM users_field_data',
    "UPDATE users_field_data SET pass = ''",
    'DELETE FROM users_field_data',
  ])
  await logIn(t, database.locate(handlers), [
    allowed('alice', 'a password that Drupal 10.1 hashed'),
    allowed('bob', 'one that Drupal 7 hashed'),
    allowed('carol', 'one that came from Drupal 6'),
    allowed('dave', 'a name with capitals, in a translated account'),
    refused('dave', 'the row of the translation', { password: 'of the translation', isuser: true }),
    allowed('jose', 'a name without accents'),
    refused('jos\u00e9', 'the same name with an accent'),
    refused('frank', 'somebody who is blocked'),
    refused('grace', 'somebody without a password'),
    NOBODY,
  ])
})

test('Devise', async (t) => {
  const { handlers, ...page } = recipe('Devise')
  const pepper = 'f00d'.repeat(32)
  const database = await createPostgresDatabase(postgres, 'rails')
  await database.execute(tables.DEVISE)
  const row = (email: string, more: Row = {}) => ({ email, confirmed_at: LONG_AGO, ...more })
  const users = await withHashes('encrypted_password', [
    ['ruby bcrypt', row('alice@example.org')],
    ['ruby bcrypt', row('bob@example.org'), PASSWORD + pepper],
    ['ruby bcrypt', row('carol@example.org', { locked_at: LONG_AGO })],
    ['ruby bcrypt', row('frank@example.org', { confirmed_at: null })],
    ['ruby bcrypt', row('grace@elsewhere.example')],
  ])
  await database.insert('users', users)
  await grant(t, database, page.grant, [
    'SELECT reset_password_token FROM users',
    "UPDATE users SET encrypted_password = ''",
    'DELETE FROM users',
  ])
  await logIn(t, database.locate(handlers), [
    allowed('alice', 'a password that Devise hashed'),
    refused('bob', 'one that it hashed with a pepper', { isuser: true }),
    refused('carol', 'somebody who is locked', { isuser: true }),
    refused('frank', 'somebody whose address was not confirmed'),
    refused('grace', 'somebody whose mail is elsewhere'),
    NOBODY,
  ])
  await t.test('with a pepper', (t) => {
    const option = replaceOnce(page.says("passwords: { pepper: '...' }"), '...', pepper)
    return logIn(t, database.locate(withOptions(handlers, `  ${option},\n`)), [
      refused('alice', 'a password that Devise hashed without it', { isuser: true }),
      allowed('bob', 'one that it hashed with it'),
    ])
  })
})
