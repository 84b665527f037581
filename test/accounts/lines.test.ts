import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatLine, parseLine } from '../../src/accounts/lines.ts'
import { isPlainName } from '../../src/accounts/prepare.ts'
import { readLines } from '../../src/accounts/read-lines.ts'
import {
  ARGON2,
  BCRYPT,
  DJANGO,
  DRUPAL,
  NEXTCLOUD,
  PHPASS,
  WORDPRESS,
} from '../passwords/application-vectors.ts'

const HASH = `$scrypt$ln=15,r=8,p=3$${'A'.repeat(22)}$${'A'.repeat(43)}`
const ALICE = { user: 'alice', server: 'example.org' }

const reads = (
  title: string,
  line: string,
  expected: Awaited<ReturnType<typeof parseLine>>,
  server?: string,
) => test(title, async () => assert.deepEqual(await parseLine(line, server), expected))

reads('a hash is kept', `alice example.org ${HASH}`, { ...ALICE, secret: { hash: HASH } })
reads('a password is the rest of the line', 'alice example.org correct horse ', {
  ...ALICE,
  secret: { password: 'correct horse ' },
})
reads('fields can be apart by tabs', '\talice\t\texample.org\t pw', { ...ALICE, secret: { password: 'pw' } })
reads('names are prepared', 'ALICE Example.ORG pw', { ...ALICE, secret: { password: 'pw' } })
reads('a password may be of any letters', 'alice example.org パスワード\u3000x', {
  ...ALICE,
  secret: { password: 'パスワード\u3000x' },
})
reads('an empty line is a comment', '', undefined)
reads('a line of blanks is a comment', ' \t ', undefined)
reads('a line with # in the first column is a comment', '# alice example.org pw', undefined)
reads('a user may begin with #, behind a space', ' #1 example.org pw', {
  user: '#1',
  server: 'example.org',
  secret: { password: 'pw' },
})
reads(
  'an htpasswd line gets its server',
  `alice:${HASH}`,
  { ...ALICE, secret: { hash: HASH } },
  'example.org',
)

const refuses = (title: string, line: string, message: RegExp, server?: string) =>
  test(`${title} is not taken, and the reason quotes nothing of it`, async () => {
    const reason = await parseLine(line, server)
    assert.ok(typeof reason === 'string')
    assert.match(reason, message)
    assert.doesNotMatch(reason, /hunter2/)
  })

refuses('a line of two fields', 'alice hunter2', /three fields/)
refuses('a line without a secret', 'alice hunter2.example ', /three fields/)
refuses('a line with colons', 'alice:example.org:hunter2 and more', /user name .* got ":"/)
refuses('a bad server', 'alice hunter2/x y', /server name .* got "\/"/)
refuses('a line whose secret is blank', 'alice hunter2.example   ', /three fields/)
refuses('a password with a control character', 'alice example.org hunter2\rbob', /without control characters/)
refuses(
  'what may be a password but looks like a hash',
  'alice example.org $hunter2',
  /if it is a password: account passwd/,
)
for (const [title, secret, message] of [
  ['a password that is elsewhere', 'x', /shadow file/],
  ['what may be a DES hash', 'hunter2xxxxxw', /DES crypt.*if it is a password: account passwd/],
  ['a locked password of a kind that is unknown', '!hunter2', /locked one/],
  ['an MD5 digest', '5f4dcc3b5aa765d61d8327deb882cf99', /weak: \['md5'\]/],
  ['an MD5 digest of PostgreSQL', 'md55f4dcc3b5aa765d61d8327deb882cf99', /md5 of PostgreSQL/],
  ['a digest of MySQL', '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19', /PASSWORD\(\) of MySQL/],
  ['a salted digest of Django', `sha1$hunter2$${'0'.repeat(40)}`, /weak: \['sha1-salted'\]/],
  ['a malformed digest of Django', 'sha1$hunter2$0123', /40 digits/],
  ['a malformed hash of Nextcloud', '1|$2y$10$hunter2', /bcrypt hash/],
  ['a yescrypt hash', '$y$j9T$hunter2$x', /yescrypt/],
  ['a malformed bcrypt hash', '$2y$10$hunter2', /bcrypt hash/],
] as const) {
  refuses(title, `alice example.org ${secret}`, message)
}
refuses('a malformed hash', 'alice example.org $scrypt$hunter2', /4 fields/)
refuses('an unknown hash', 'alice example.org $hunter2', /format that is understood/)
refuses('a password in an htpasswd file', 'alice:hunter2', /format that is understood/, 'example.org')
refuses('an htpasswd line without a colon', 'hunter2', /got no colon/, 'example.org')
refuses('a DES hash in an htpasswd file', 'alice:hunter2xxxxxw', /DES crypt/, 'example.org')
refuses('a digest in an htpasswd file', `alice:${'0'.repeat(32)}`, /weak: \['md5'\]/, 'example.org')

for (const [family, vectors] of Object.entries({
  BCRYPT,
  ARGON2,
  WORDPRESS,
  PHPASS,
  DRUPAL,
  DJANGO,
  NEXTCLOUD,
})) {
  test(`hashes of ${family} are imported as they are, also from an htpasswd file`, async () => {
    for (const { hash } of vectors) {
      const expected = { ...ALICE, secret: { hash } }
      assert.deepEqual(await parseLine(`alice example.org ${hash}`), expected)
      assert.deepEqual(await parseLine(`alice:${hash}`, 'example.org'), expected)
    }
  })
}

for (const locked of ['!', '*', `!${'a'.repeat(40)}`, '!$6$salt$hash']) {
  reads(`a locked account is imported: ${locked}`, `alice example.org ${locked}`, {
    ...ALICE,
    secret: { hash: locked },
  })
}

test('what is exported is imported again', async () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isPlainName)
  await fc.assert(
    fc.asyncProperty(name, name, async (user, server) => {
      const line = formatLine({ user, server }, HASH)
      const parsed = await parseLine(line.slice(0, -1))
      // Names that ejabberd would not have sent may be refused, but never become another name's account.
      if (typeof parsed === 'object' && parsed.user === user) assert.deepEqual(parsed.secret, { hash: HASH })
      else assert.notEqual(parsed, undefined)
    }),
  )
})

async function linesOf(...chunks: readonly (string | Uint8Array)[]) {
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const lines: (string | undefined)[] = []
  for await (const { number, text } of readLines(source())) assert.equal(lines.push(text), number)
  return lines
}

const cuts = (
  title: string,
  chunks: readonly (string | Uint8Array)[],
  expected: readonly (string | undefined)[],
) => test(title, async () => assert.deepEqual(await linesOf(...chunks), expected))

cuts('nothing has no line', [], [])
cuts('an empty chunk has no line', [''], [])
cuts('a line end alone is an empty line', ['\n'], [''])
cuts('the last line needs no end', ['a\nb'], ['a', 'b'])
cuts('CRLF is a line end', ['a\r\nb\r\n'], ['a', 'b'])
cuts('a line may come in pieces', ['a', 'b', '\nc', '\n'], ['ab', 'c'])
cuts('a letter may come in pieces', [Buffer.of(0xc3), Buffer.of(0xa9, 0x0a)], ['é'])
cuts('a byte order mark is dropped', ['\ufeffa\n\ufeffb'], ['a', '\ufeffb'])
cuts('a line that is not UTF-8 is undefined', [Buffer.of(0xff, 0x0a), 'b'], [undefined, 'b'])
cuts('a line of 128 KiB is read', ['a'.repeat(131_072), '\nb'], ['a'.repeat(131_072), 'b'])
cuts('a longer line is undefined, and the next one is read', ['a'.repeat(131_072), 'a\nb'], [undefined, 'b'])

test('lines are the same however they are cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-zé ]*$/)),
      fc.integer({ min: 1, max: 9 }),
      async (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        )
        assert.deepEqual(await linesOf(...chunks), lines)
      },
    ),
  )
})
