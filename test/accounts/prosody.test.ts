/** Reading the data directory of Prosody. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { readProsodyEntries } from '../../src/accounts/entries.ts'
import { parseLuaTable } from '../../src/accounts/lua-data.ts'
import { readProsodyFiles } from '../../src/accounts/prosody.ts'
import { verifyPassword } from '../../src/passwords/registry.ts'
import { temporaryDirectory } from './support.ts'

for (const [text, table] of [
  ['return {};', {}],
  ['return {\n\t["salt"] = "x";\n\t["count"] = 10000;\n};\n', { salt: 'x', count: 10000 }],
  ['return { salt = "x", on = true, off = false }', { salt: 'x', on: true, off: false }],
  [String.raw`return { ["a"] = "\195\182 \"\\ \n\'" };`, { a: 'ö "\\ \n\'' }],
  ['return { ["a"] = "one\\\ntwo" };', { a: 'one\ntwo' }],
  ['return { ["created"] = 1700000000.5; };', { created: 1700000000.5 }],
  ['return { "x"; "y"; ["z"] = "}"; };', { 1: 'x', 2: 'y', z: '}' }],
  ['return { ["__proto__"] = "x" };', JSON.parse('{"__proto__":"x"}')],
] as const) {
  test(`the table ${JSON.stringify(text)} is read`, () => {
    const found = parseLuaTable(text)
    assert.deepEqual(Object.fromEntries(found ?? []), table)
  })
}

for (const text of [
  '',
  '{}',
  'return',
  'return {',
  'return { ["a"] }',
  'return { ["a"] = nil }',
  'return { ["a"] = os.execute("x") }',
  'return { ["a"] = "x" } os.exit()',
  'return { ["a"] = "open }',
  'return { ["a"] = (1/0) }',
  String.raw`return { ["a"] = "\255" }`,
]) {
  test(`${JSON.stringify(text)} is not read, and not run`, () => assert.equal(parseLuaTable(text), undefined))
}

test('tables are read a hundred deep, and no deeper', () => {
  const nested = (depth: number) => parseLuaTable(`return ${'{'.repeat(depth)}${'}'.repeat(depth)}`)
  assert.ok(nested(100) instanceof Map)
  assert.equal(nested(101), undefined)
  assert.equal(nested(100_000), undefined)
})

/** Made by `prosodyctl register` of Prosody 0.12.3, with the passwords `päss "word"` and `päss fi` (a ligature). */
const FILES: Readonly<Record<string, string>> = {
  'example%2eorg/accounts/alice.dat': `return {
	["salt"] = "45b2bbd8-e929-4385-942f-c99f7b33b7f8";
	["server_key"] = "cd39ce709da73f7cfea38b67ff885e2fef873249";
	["stored_key"] = "d68e94780bf281404daf1a8992144ba2a9c69363";
	["iteration_count"] = 10000;
};
`,
  'second%2eexample%2eorg/accounts/j%c3%bcrgen%2eo%5fx%2d1.dat': `return {
	["salt"] = "46d91152-e79c-409b-9b8e-7f6f37fa5031";
	["stored_key"] = "3194e4e499d011e454dc7d199cf6d8ddc0fec9b7f5cd6abf1525817f76f753ad";
	["iteration_count"] = 10000;
	["server_key"] = "92b112e98987edcf70a8f14caedd4eee212b2279fb29c2131ffc0dc8e61050a9";
};
`,
  'plain%2eexample%2eorg/accounts/alice.dat': String.raw`return {
	["password"] = "p\195\164ss \"word\"";
};
`,
}

function dataDirectory(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory(t)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  return directory
}

async function read(t: TestContext, files: Readonly<Record<string, string>>, server?: string) {
  const found = []
  for await (const each of readProsodyEntries(readProsodyFiles(dataDirectory(t, files)), server))
    found.push(each)
  return found
}

test('accounts of each host are read: SCRAM keys of either digest, and passwords', async (t) => {
  const found = await read(t, FILES)
  assert.deepEqual(
    found.map(({ place }) => place),
    Object.keys(FILES).sort(),
  )
  const [alice, plain, second] = found.map(({ entry }) => entry)
  assert.ok(typeof alice === 'object' && 'hash' in alice.secret)
  assert.deepEqual([alice.user, alice.server], ['alice', 'example.org'])
  assert.match(alice.secret.hash, /^SCRAM-SHA-1\$10000:/)
  assert.equal(await verifyPassword(alice.secret.hash, 'päss "word"'), true)
  assert.equal(await verifyPassword(alice.secret.hash, 'päss word'), false)
  assert.deepEqual(plain, {
    user: 'alice',
    server: 'plain.example.org',
    secret: { password: 'päss "word"' },
  })
  assert.ok(typeof second === 'object' && 'hash' in second.secret)
  assert.deepEqual([second.user, second.server], ['jürgen.o_x-1', 'second.example.org'])
  assert.match(second.secret.hash, /^SCRAM-SHA-256\$10000:/)
  for (const password of ['päss \ufb01', 'päss fi', 'pa\u0308ss fi'])
    assert.equal(await verifyPassword(second.secret.hash, password), true)
})

test('only the accounts of a server are read if one is named', async (t) => {
  const found = await read(t, FILES, 'second.example.org')
  assert.deepEqual(
    found.map(({ place }) => place),
    ['second%2eexample%2eorg/accounts/j%c3%bcrgen%2eo%5fx%2d1.dat'],
  )
})

test('what is no file of an account is passed over', async (t) => {
  const content = FILES['example%2eorg/accounts/alice.dat'] ?? ''
  const files = {
    'example%2eorg/accounts/alice.dat~': content,
    'example%2eorg/accounts/alice.list': content,
    'example%2eorg/roster/alice.dat': content,
    'prosody.sqlite': content,
  }
  assert.deepEqual(await read(t, files), [])
})

const [PATH = '', CONTENT = ''] = Object.entries(FILES)[0] ?? []

const refused = (what: string, content: string, message: RegExp, path = PATH) =>
  test(`${what} is not taken, told by its file, and nothing of it is quoted`, async (t) => {
    const [found] = await read(t, { [path]: content })
    assert.equal(found?.place, path)
    assert.ok(typeof found.entry === 'string')
    assert.match(found.entry, message)
    assert.doesNotMatch(found.entry, /hunter2|45b2bb|d68e94/)
  })

const replaced = (from: string | RegExp, to: string) => CONTENT.replace(from, to)
refused('an empty file', '', /a table of Lua/)
refused('a file that is cut', CONTENT.slice(0, 100), /a table of Lua/)
refused('an account without password', 'return {};', /a password or SCRAM keys, got neither/)
refused('an account with an empty password', 'return { ["password"] = "" };', /got neither/)
refused('an account that is disabled', replaced('};', '["disabled"] = true; };'), /one that is disabled/)
refused('a stored key of another length', replaced('d68e94780b', ''), /got neither/)
refused(
  'a stored key that is not hexadecimal',
  replaced('d68e94780b', 'hunter2222'),
  /stored key .* 20 bytes, got 0/,
)
refused('a server key of another length', replaced('cd39ce70', ''), /server key .* 20 bytes, got 16/)
refused('no number of iterations', replaced(/.*iteration.*/, ''), /`iterations`/)
refused('too many iterations', replaced('10000', '500001'), /500000, got 500001/)
refused('a password with a line end', 'return { ["password"] = "hunter2\\n" };', /control characters/)
refused('a name that cannot be one', CONTENT, /user name .* no spaces/, 'example%2eorg/accounts/a%40b.dat')
refused('bytes that are no text as a name', CONTENT, /UTF-8/, 'example%2eorg/accounts/a%ff.dat')
refused('a percent sign that stands for nothing', CONTENT, /UTF-8/, 'example%2eorg/accounts/a%.dat')
refused('a host whose name is no text', CONTENT, /UTF-8/, 'example%c3org/accounts/alice.dat')

test('names of files and hosts that are no text hide no account and keep no other from being read', async (t) => {
  const directory = dataDirectory(t, FILES)
  const below = (...path: string[]) => Buffer.from(join(directory, ...path), 'latin1')
  writeFileSync(below('example%2eorg', 'accounts', 'a\xff.dat'), CONTENT)
  mkdirSync(below('caf\xe9', 'accounts'), { recursive: true })
  writeFileSync(below('caf\xe9', 'accounts', 'alice.dat'), CONTENT)
  const found = readProsodyFiles(directory)
  assert.equal(found.length, Object.keys(FILES).length + 2)
  const unnamed = found.filter(({ user, server }) => user === undefined || server === undefined)
  assert.deepEqual(
    unnamed.map(({ path }) => path),
    ['caf\ufffd/accounts/alice.dat', 'example%2eorg/accounts/a\ufffd.dat'],
  )
})

/** `encode` of Prosody's util/datamanager.lua. */
const encode = (name: string) =>
  [...Buffer.from(name)]
    .map((byte) => [byte, String.fromCharCode(byte)] as const)
    .map(([byte, char]) => (/[0-9a-z]/i.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`))
    .join('')

test('whatever name Prosody encodes is read as it was', (t) => {
  // A file name has at most 255 bytes, also in Prosody.
  const anyName = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(anyName, anyName, (user, server) => {
      const path = `${encode(server)}/accounts/${encode(user)}.dat`
      const found = readProsodyFiles(dataDirectory(t, { [path]: '' }))
      assert.deepEqual(found, [{ path, user, server, text: '' }])
    }),
  )
})

test('a character that Prosody would have encoded is itself, and not the character that its last byte is', async (t) => {
  const [found] = await read(t, { 'example.org/accounts/jał.dat': CONTENT })
  assert.ok(typeof found?.entry === 'object')
  assert.deepEqual([found.entry.user, found.entry.server], ['jał', 'example.org'])
})
