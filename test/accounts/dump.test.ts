/** Reading a dump of ejabberd's own database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEntries } from '../../src/accounts/entries.ts'
import { parseTerm } from '../../src/accounts/erlang-term.ts'

const bytes = (text: string) => Buffer.from(text)

for (const [text, term] of [
  ['4096', 4096],
  ['-1', -1],
  ['sha', { atom: 'sha' }],
  ["'SHA 1'", { atom: 'SHA 1' }],
  ['{}', []],
  ['[a,{1}]', [{ atom: 'a' }, [1]]],
  ['<<"alice">>', bytes('alice')],
  ['<<>>', bytes('')],
  ['<<"jürgen"/utf8>>', bytes('jürgen')],
  ['<<230,151,165>>', bytes('日')],
  ['<<"one"\n   "two">>', bytes('onetwo')],
  ['"a list"', bytes('a list')],
  [String.raw`<<"a \"quoted\" \\ \t">>`, bytes('a "quoted" \\ \t')],
  ['<<"}.">>', bytes('}.')],
] as const) {
  test(`the term ${JSON.stringify(text)} is read`, () => assert.deepEqual(parseTerm(text), term))
}

for (const text of [
  '',
  '{',
  '{a',
  '{a,}',
  '{a]',
  '<<256>>',
  '<<a>>',
  '"open',
  'a b',
  '#Ref<0.1.2.3>',
  '}',
  ',',
])
  test(`${JSON.stringify(text)} is no term`, () => assert.equal(parseTerm(text), undefined))

test('terms are read a hundred deep, and no deeper', () => {
  const nested = (depth: number) => parseTerm(`${'{['.repeat(depth / 2)}1${']}'.repeat(depth / 2)}`)
  assert.ok(Array.isArray(nested(100)))
  assert.equal(nested(102), undefined)
  assert.equal(nested(100_000), undefined)
  assert.deepEqual(parseTerm(`{${'{1},'.repeat(1000)}1}`)?.valueOf(), [...Array(1000).fill([1]), 1])
})

const HEAD = '{tables,[{passwd,[{record_name,passwd},{attributes,[us,password]}]}]}.\n'

/** As ejabberd 23.01 wrote it, with the passwords `correct horse` and `secret`. */
const SCRAM = {
  salt: 'vRjdmtv41hQvaECWJjtXXw==',
  stored: 'tEamtasdSQP5q49Aeopv7j/WfcI=',
  server: 'A6T7+lPEjWniT5wyyxB2NixSKT4=',
}
const HASH = `SCRAM-SHA-1$4096:${SCRAM.salt}$${SCRAM.stored}:${SCRAM.server}`
const ALICE = `{passwd,{<<"alice">>,<<"example.org">>},
        {scram,<<"${SCRAM.stored}">>,
               <<"${SCRAM.server}">>,
               <<"${SCRAM.salt}">>,sha,4096}}.\n`

async function read(dump: string | Buffer, server?: string) {
  async function* source() {
    yield Buffer.from(dump)
  }
  const found: unknown[] = []
  for await (const { place, entry } of readEntries(source(), server)) {
    if (entry !== undefined) found.push([place, typeof entry === 'string' ? entry : { ...entry }])
  }
  return found
}

const alice = { user: 'alice', server: 'example.org', secret: { hash: HASH } }

test('an account with SCRAM keys', async () => {
  assert.deepEqual(await read(HEAD + ALICE), [['line 5', alice]])
})
test('an account of the time before the digest was named', async () => {
  assert.deepEqual(await read(HEAD + ALICE.replace('sha,', '')), [['line 5', alice]])
})
test('an account with a record for each digest is taken once', async () => {
  const dump = ['sha256', 'sha', 'plain'].map((type) => ALICE.replace('org">>}', `org">>,${type}}`)).join('')
  assert.deepEqual(await read(HEAD + dump), [['line 5', alice]])
})
test('an account with a password as it is and keys is taken once', async () => {
  const plain = '{passwd,{<<"alice">>,<<"example.org">>,plain},<<"correct horse">>}.\n'
  const dump = HEAD + plain + ALICE.replace('org">>}', 'org">>,sha}')
  assert.deepEqual(await read(dump), [['line 2', { ...alice, secret: { password: 'correct horse' } }]])
})
test('a password as it is', async () => {
  const dump = `${HEAD}{passwd,{<<"alice">>,<<"example.org">>},<<"$6$ {SHA} \\"x">>}.\n`
  assert.deepEqual(await read(dump), [['line 2', { ...alice, secret: { password: '$6$ {SHA} "x' } }]])
})
test('letters outside ASCII, in bytes and as text', async () => {
  const dump = `${HEAD}{passwd,{<<230,151,165>>,<<"example.org">>},<<195,159>>}.\n{passwd,{<<"jürgen">>,<<"example.org">>},<<"ü">>}.\n`
  assert.deepEqual(await read(dump), [
    ['line 2', { user: '日', server: 'example.org', secret: { password: 'ß' } }],
    ['line 3', { user: 'jürgen', server: 'example.org', secret: { password: 'ü' } }],
  ])
})
test('other tables are passed over, whatever is in them', async () => {
  const others = [
    '{vcard,{<<"alice">>,<<"example.org">>},\n       {xmlel,#Ref<0.1.2.3>,[],\n        <<"{passwd,">>}}.\n',
    Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
    `{private_storage,${'x'.repeat(200_000)}}.\n`,
  ]
  const dump = Buffer.concat([HEAD, ...others, ALICE, ...others].map((part) => Buffer.from(part)))
  assert.deepEqual(
    (await read(dump)).map((found) => (found as unknown[])[1]),
    [alice],
  )
})
test('accounts of other servers are passed over if one is named', async () => {
  const dump = HEAD + ALICE + ALICE.replace('example.org', 'example.com')
  assert.deepEqual((await read(dump)).length, 2)
  assert.deepEqual(await read(dump, 'example.org'), [['line 5', alice]])
})
test('no account at all is no fault', async () => assert.deepEqual(await read(HEAD), []))

const refused = (what: string, record: string, message: RegExp) =>
  test(`${what} is not taken, told by its line, and nothing of it is quoted`, async () => {
    const found = await read(HEAD + record + ALICE)
    assert.equal(found.length, 2)
    const [place, reason] = found[0] as [string, string]
    assert.match(place, /^line [2-6]$/)
    assert.match(reason, message)
    assert.doesNotMatch(reason, /tEamtas|hunter2/)
  })

const replaced = (from: string, to: string) => ALICE.replace('alice', 'bob').replace(from, to)
refused('a record of another form', '{passwd,hunter2,<<"x">>}.\n', /of another form/)
refused('a secret of another form', replaced('scram', 'scrum'), /of another form/)
refused('another digest', replaced('sha,', 'md5,'), /of another form/)
refused('a record that is cut', '{passwd,{<<"bob">>,<<"exam}.\n', /of another form/)
refused('a name that cannot be one', replaced('bob', 'hunter2@x'), /user name .* no spaces/)
refused('a key that is cut', replaced('tEamtasdSQP5q49A', ''), /stored key .* 20 bytes/)
refused('too many iterations', replaced('4096', '500001'), /500000, got 500001/)
refused(
  'a password that is no UTF-8',
  '{passwd,{<<"bob">>,<<"example.org">>},<<255,104>>}.\n',
  /of another form/,
)
refused(
  'a password with a line end',
  '{passwd,{<<"bob">>,<<"example.org">>},<<"hunter2\\n">>}.\n',
  /control char/,
)
