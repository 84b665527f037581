import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { read } from '../helpers/documents.ts'
import { ARGON2, BCRYPT, DJANGO, NEXTCLOUD, WORDPRESS } from './application-vectors.ts'
import { SCRYPT } from './vectors.ts'

type Registry = typeof import('../../src/passwords/registry.ts')
type Formats = typeof import('../../src/passwords/formats.ts')
type Lines = typeof import('../../src/accounts/lines.ts')
type Ldap = typeof import('../../src/backends/ldap.ts')
type Jwt = typeof import('../../src/backends/jwt.ts')

/** The package as it is where nothing is installed beside it. */
const folder = mkdtempSync(join(tmpdir(), 'extauth-alone-'))
after(() => rmSync(folder, { recursive: true }))
cpSync(fileURLToPath(new URL('../../src/', import.meta.url)), folder, { recursive: true })
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
const load = (path: string) => import(pathToFileURL(join(folder, path)).href)
const { checkHash, verifyPassword } = (await load('passwords/registry.js')) as Registry
const { checkFormats } = (await load('passwords/formats.js')) as Formats
const { parseLine } = (await load('accounts/lines.js')) as Lines
const { ldap } = (await load('backends/ldap.js')) as Ldap
const { jwt } = (await load('backends/jwt.js')) as Jwt

const { peerDependencies } = JSON.parse(read('package.json')) as {
  peerDependencies: Readonly<Record<string, string>>
}

/** What a plain `npm install` takes may be too new for this package: the version is named. */
const missing = (name: string) => ({
  code: 'ERR_MISSING_PACKAGE',
  message: new RegExp(`npm install ${name}@${peerDependencies[name]?.match(/^\^(\d+)\.0\.0$/)?.[1]},`),
})

for (const [title, hash, name] of [
  ['bcrypt', BCRYPT[0]?.hash ?? '', '@node-rs/bcrypt'],
  ['WordPress', WORDPRESS[0]?.hash ?? '', '@node-rs/bcrypt'],
  ['Nextcloud', NEXTCLOUD[0]?.hash ?? '', '@node-rs/bcrypt'],
  ['argon2', ARGON2[0]?.hash ?? '', '@node-rs/argon2'],
  ['Django', DJANGO[4]?.hash ?? '', '@node-rs/argon2'],
] as const) {
  test(`${title}: a package that is missing is never a wrong password, and the error says what to install`, async () => {
    await assert.rejects(verifyPassword(hash, 'x'), missing(name))
    await assert.rejects(checkHash(hash), missing(name))
  })

  test(`${title}: a line with a hash that nobody could verify is not imported`, async () => {
    const reason = await parseLine(`alice example.org ${hash}`)
    assert.ok(typeof reason === 'string')
    assert.match(reason, missing(name).message)
  })
}

test('what needs no package is verified without any', async () => {
  const [{ hash = '', password = '' } = {}] = SCRYPT
  assert.equal(await verifyPassword(hash, password), true)
})

for (const [newHashes, name] of [
  ['bcrypt', '@node-rs/bcrypt'],
  ['wordpress', '@node-rs/bcrypt'],
  ['argon2id', '@node-rs/argon2'],
] as const) {
  test(`newHashes ${newHashes} without its package is reported when the options are checked`, () => {
    assert.throws(() => checkFormats('sql', { newHashes }), missing(name))
    const given = { hash: async () => '', verify: async () => false }
    checkFormats('sql', { newHashes, bcrypt: given, argon2: given })
  })
}

for (const newHashes of ['scrypt', 'django', 'ssha512', 'sha512-crypt'] as const) {
  test(`newHashes ${newHashes} needs no package`, () => checkFormats('sql', { newHashes }))
}

test('ldap without its package is reported at the start', () => {
  const options = { url: 'ldaps://ldap.example.org', userDn: 'uid=%u,dc=example,dc=org' }
  assert.throws(() => ldap(options), missing('ldapts'))
})

test('jwt without its package is reported at the start', () => {
  assert.throws(() => jwt({ secret: Buffer.alloc(32, 'x'), issuer: 'i', audience: 'a' }), missing('jose'))
})
