import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { checkHash, looksLikeHash, verifyPassword } from '../../src/passwords/registry.ts'
import { prepareSasl } from '../../src/passwords/sasl-prep.ts'
import { type Vector, vectors } from './support.ts'

const RFC_5802 = 'SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE='
const RFC_7677 =
  'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='

/** The conversations that the documents print, which prove that the keys above are theirs. */
const CONVERSATIONS = [
  {
    title: 'RFC 5802, section 5',
    keys: RFC_5802,
    digest: 'sha1',
    messages:
      'n=user,r=fyko+d2lbbFgONRv9qkxdawL,' +
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,' +
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j',
    proof: 'v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    signature: 'rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    title: 'RFC 7677, section 3',
    keys: RFC_7677,
    digest: 'sha256',
    messages:
      'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    signature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const

for (const { title, keys, digest, messages, proof, signature } of CONVERSATIONS) {
  test(`the keys of ${title}, are those of its conversation, and verify its password`, async () => {
    const [stored = '', server = ''] = (keys.split('$')[2] ?? '').split(':')
    const clientSignature = createHmac(digest, Buffer.from(stored, 'base64')).update(messages).digest()
    const clientKey = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (clientSignature[at] ?? 0))
    assert.equal(createHash(digest).update(clientKey).digest('base64'), stored)
    assert.equal(
      createHmac(digest, Buffer.from(server, 'base64')).update(messages).digest('base64'),
      signature,
    )
    assert.equal(await verifyPassword(keys, 'pencil'), true)
  })
}

const MONGOOSE =
  '==MULTI_SCRAM==,4096,' +
  '===SHA1===QClQsw/sfPEnwj4AEp6E1w==|ys1104hRhqMoRputBY5sLHKXoSw=|EJvxXWM42tO7BgW21lNZyBc1dD0=,' +
  '==SHA224==dk0ImXFVPoUfqD5FveV7YA==|G0ibQ/YYuCtoun4I+1IF2zJ7Q8x2T23ETnq5Gg==|EvE2EkZcUb3k4CooeOcVFy95P32t+NDX0xbQUA==,' +
  '==SHA256==M7BYKSo04XbzBr4C7b056g==|A779MC05nSGQln5no0hKTGHFSaQ7oguKBZgORW3s+es=|XhtGFf6NDWsnVSCO4xkzPD3qc046fPL0pATZi7RmaWo=,' +
  '==SHA384==Ryu0fA29gbwgqFOBk5Mczw==|k3QwC0Lb1y1/V/31byC5KML5t3mH4JTPjFyeAz7lV2l4SPfzi3JHvLEdoNB5K/VY|kR+LMI/E0QBG3oF405/MTAT6NAlCOfPrFOaWH3WBVGM0Viu9Brk6kGwVwXjSP8v0,' +
  '==SHA512==SLNuVNcWiNBmnYZNIdj+zg==|3ey3gzSsmbxcLnoc1VKCR/739uKX6uuPCyAzn6x8o87ibcjOdUaU8qhL5X4MUI9UPTt667GagNpVTmAWTFNsjA==|jUUDbuQ9ae4UnAWS6RV6W4yifX3La3ESjfZjGol+TBROIb/ihR8UawPHrSHkp4yyDJXtRhR9RlHCHy4bcCm1Yg=='

const SCRAM: readonly Vector[] = [
  ...vectors('the documentation of MongooseIM, SCRAM serialization format', [
    ['padthai', MONGOOSE],
    ['padthai', MONGOOSE.replace(/===SHA1===[^,]*,/, '')],
    ['padthai', MONGOOSE.replace(/===SHA1===.*(?===SHA512==)/, '')],
    [
      'misio',
      '==SCRAM==,tmi5IE+9pceRV/jkPLFHEaVY33c=,MiWNa8T3dniVDwmh77ufJ41fpAQ=,inKXODlSY5y5SCsLxibi0w==,4096',
    ],
  ]),
  ...vectors('PostgreSQL 15, pg_authid.rolpassword', [
    [
      'correct horse',
      'SCRAM-SHA-256$4096:G+SOdidhzDd7SfkXzdFJpA==$+HOicpKQHCj0638xGGUEd0KFY9byoZq2L2C28KwqEOk=:S8CUXrPTEMuDc9uKlBnzzlVvdeoG7ojEubF7LGJynMU=',
    ],
    [
      'pässword \ufb01€',
      'SCRAM-SHA-256$4096:dVC21KB9cXMYINQV4ZYWig==$CLLwjNevXtYlOwgs1H8mW7N225vINff8XTtkgDpSSWY=:9jZuWJJhfhnukH8gR8GCVZZoeQPtWA/t3xRR8PpRQhw=',
    ],
  ]),
]

for (const [index, { source, password, hash }] of SCRAM.entries()) {
  test(`${index + 1}: SCRAM keys of ${source}, ${password}`, async () => {
    await checkHash(hash)
    assert.equal(looksLikeHash(hash), true)
    assert.equal(await verifyPassword(hash, password), true)
    assert.equal(await verifyPassword(hash, `${password}x`), false)
  })
}

for (const [what, password, prepared] of [
  // RFC 4013, section 3.
  ['a soft hyphen', 'I\u00adX', 'IX'],
  ['nothing to do', 'user', 'user'],
  ['upper case', 'USER', 'USER'],
  ['a feminine ordinal', '\u00aa', 'a'],
  ['the Roman numeral nine', '\u2168', 'IX'],
  ['a space that is not ASCII', 'a\u00a0b\u3000c', 'a b c'],
  ['letters to be composed', 'e\u0301', 'é'],
  ['1024 letters', '\u00aa'.repeat(1024), 'a'.repeat(1024)],
  ['1025 letters, which are left alone', '\u00aa'.repeat(1025), '\u00aa'.repeat(1025)],
] as const) {
  test(`SASLprep: ${what}`, () => assert.equal(prepareSasl(password), prepared))
}

/** The keys of a password in one form, as a server that prepares nothing makes them. */
async function keysOf(password: string): Promise<string> {
  const { pbkdf2Sync } = await import('node:crypto')
  const salted = pbkdf2Sync(password, 'salt', 1, 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  const storedKey = createHash('sha256').update(clientKey).digest('base64')
  return `SCRAM-SHA-256$1:c2FsdA==$${storedKey}:${storedKey}`
}

for (const [made, typed] of [
  ['fi', '\ufb01'],
  ['\ufb01', '\ufb01'],
  ['e\u0301', 'e\u0301'],
  ['é', 'e\u0301'],
  ['a b', 'a\u00a0b'],
  ['a\u00a0b', 'a\u00a0b'],
  ['ab', 'a\u00adb'],
  ['pässword \u{1f600}', 'pässword \u{1f600}'],
  ['x'.repeat(2000), 'x'.repeat(2000)],
] as const) {
  test(`keys made of ${JSON.stringify(made).slice(0, 20)} verify ${JSON.stringify(typed).slice(0, 20)}`, async () => {
    assert.equal(await verifyPassword(await keysOf(made), typed), true)
  })
}
test('upper case is not lower case', async () => {
  assert.equal(await verifyPassword(await keysOf('secret'), 'Secret'), false)
})

const malformed = (what: string, hash: string, message: RegExp) =>
  test(`${what} is a HashError that prints nothing of the keys`, async () => {
    const isTold = (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_HASH')
      assert.match(error.message, message)
      return !/hunter2|6dlGYM|D\+CSWL|QSXCR/.test(error.message)
    }
    await assert.rejects(checkHash(hash), isTold)
    await assert.rejects(verifyPassword(hash, 'hunter2'), isTold)
  })

const replaced = (from: string, to: string) => RFC_5802.replace(from, to)
malformed('no keys', 'SCRAM-SHA-1', /got another form/)
malformed('a field missing', replaced(/:D.*/.exec(RFC_5802)?.[0] ?? '', ''), /got another form/)
malformed('a field too many', `${RFC_5802}$`, /got another form/)
malformed('another digest', replaced('SHA-1', 'SHA-224'), /SHA-1, SHA-256 or SHA-512, got another/)
malformed('keys of another digest', replaced('SHA-1', 'SHA-256'), /server key .* 32 bytes, got 20/)
malformed(
  'a stored key that is cut',
  replaced('6dlGYMOdZcOPutkcNY8U2g7vK9Y=', '6dlGYMOdZcOPutkc'),
  /stored key.*got 12/,
)
malformed(
  'a stored key in hexadecimal',
  replaced('6dlGYMOdZcOPutkcNY8U2g7vK9Y=', 'e9d94660c39d65c3'.repeat(2)),
  /stored key/,
)
malformed(
  'a server key that is none',
  replaced('D+CSWLOshSulAsxiupA+qs2/fTE=', 'hunter2!'),
  /server key .* base64/,
)
malformed('an empty salt', replaced('QSXCR+Q6sek8bf92', ''), /salt .* 1 to 1024 bytes, got 0/)
malformed('no iteration', replaced('4096', '0'), /`iterations`.*from 1 to 500000, got 0/)
malformed('500 001 iterations', replaced('4096', '500001'), /got 500001/)
malformed('a minus', replaced('4096', '-4096'), /`iterations`/)
malformed('a part missing in the form of ejabberd', '==SCRAM==,a,b,c', /got another form/)
malformed('no keys in the form of MongooseIM', '==MULTI_SCRAM==,4096', /got another form/)
malformed(
  'keys of SHA-224 alone',
  MONGOOSE.replace(/===SHA1.*?,(?===SHA224)/, '').replace(/,==SHA256.*/, ''),
  /got another form/,
)
malformed('keys cut in the middle', MONGOOSE.slice(0, 60), /SCRAM/)

test('500 000 iterations are within the limits', () => checkHash(replaced('4096', '500000')))
test('an aborted signal stops the work before it begins', async () => {
  const gone = new Error('too late')
  await assert.rejects(verifyPassword(RFC_5802, 'pencil', AbortSignal.abort(gone)), gone)
})
