import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http } from '../../src/backends/http.ts'

const URL_ = 'http://127.0.0.1:1/auth/'
const SECRET = 'k3y-of-the-service'

/** Words of the message: the option, and what was expected or found. */
const refused = (title: string, options: unknown, ...words: string[]) =>
  test(`refuses ${title}`, () => {
    assert.throws(
      () => http(options as Parameters<typeof http>[0]),
      (error: Error) => {
        assert.ok(error instanceof TypeError, String(error))
        for (const word of words) assert.ok(error.message.includes(word), error.message)
        assert.ok(!error.message.includes(SECRET), error.message)
        return true
      },
    )
  })

refused('no options', undefined, 'options of http', 'nothing')
refused('null', null, 'options of http', 'object')
refused('no URL', {}, '`url` of http', 'nothing')
refused('another scheme', { url: 'ftp://127.0.0.1/' }, '`url`', 'http:// or https://')
refused('half a URL', { url: '/auth/' }, '`url`', 'text of 6 characters')
refused('a password in the URL', { url: `http://me:${SECRET}@127.0.0.1/` }, '`url`', 'without a password')
refused('a query in the base URL', { url: `${URL_}?key=${SECRET}` }, '`url`', 'without a query')
refused('a fragment in the base URL', { url: `${URL_}#${SECRET}` }, '`url`', 'without a query')
for (const options of [
  { url: 'http://shop.example.org/auth/' },
  { url: 'http://10.0.0.1/auth/', insecure: false },
  { url: 'http://localhost.example.org/' },
  { url: 'http://127.0.0.1.example.org/' },
  { api: 'basic', url: 'http://shop.example.org/' },
  { api: 'json', url: { auth: URL_, isuser: 'http://shop.example.org/' } },
])
  refused(
    `${JSON.stringify(options)}, as it is not encrypted`,
    options,
    '`url`',
    'https://',
    'insecure: true',
  )
refused('a slip', { url: URL_, paitence: 1 }, 'no option `paitence`', 'did you mean patience?')
refused('an api that there is not', { url: URL_, api: 'xml' }, '`api`', 'form, json, basic', '`xml`')
refused('what only json can', { url: URL_, answer: () => true }, 'no option `answer`')
refused(
  'operations of basic',
  { api: 'basic', url: URL_, operations: ['auth'] },
  'api: basic',
  '`operations`',
)
refused(
  'credentials of basic',
  { api: 'basic', url: URL_, credentials: { username: 'a', password: 'b' } },
  'no option `credentials`',
)
refused('no operation', { url: URL_, operations: [] }, '`operations`', 'auth', 'an empty list')
refused(
  'an unknown operation',
  { url: URL_, operations: ['auth', 'login'] },
  '`operations[1]` of http to be one of auth, isuser, setpass, tryregister, removeuser, got `login` (string)',
)
refused(
  'no list of operations',
  { url: URL_, operations: 'auth' },
  '`operations` of http',
  'a list',
  '`auth`',
)
refused('certauth', { api: 'json', url: URL_, operations: ['certauth'] }, '`operations[0]`', '`certauth`')
refused(
  'removeuser3 of the form',
  { url: URL_, operations: ['removeuser3'] },
  '`operations[0]`',
  '`removeuser3`',
)
refused('one JSON URL without operations', { api: 'json', url: URL_ }, '`operations`', 'nothing')
refused('no JSON URL', { api: 'json', url: {} }, '`url`', 'an empty object')
refused(
  'a JSON URL of a misspelt operation',
  { api: 'json', url: { auth: URL_, isusr: URL_ } },
  'url of http has no option `isusr`: did you mean isuser?',
)
refused(
  'a wrong JSON URL',
  { api: 'json', url: { isuser: URL_, auth: `ftp://${SECRET}/` } },
  '`auth` of url of http',
  'http:// or https://',
  'got a text of 25 characters',
)
refused(
  'an operation without its URL',
  { api: 'json', url: { auth: URL_ }, operations: ['auth', 'isuser'] },
  '`operations`',
  '`isuser`',
)
refused('a body that is no function', { api: 'json', url: { auth: URL_ }, body: {} }, '`body`', 'a function')
refused(
  'an answer that is no function',
  { api: 'json', url: { auth: URL_ }, answer: true },
  '`answer`',
  'a function',
)
refused('headers that are a list', { url: URL_, headers: ['X-Key: 1'] }, '`headers`')
refused(
  'a header that is a number',
  { url: URL_, headers: { 'X-Api': 'a', 'X-Key': 1 } },
  '`X-Key` of headers of http to be a text in ASCII without line breaks, got a value of type number',
)
refused(
  'a line break in a header',
  { url: URL_, headers: { 'X-Key': `${SECRET}\r\nX-Admin: 1` } },
  '`X-Key` of headers of http',
  'got a text of 30 characters',
)
for (const name of ['X\nY', 'X Key', '', '\u00c4', `X-Key: ${SECRET}`])
  refused(
    `${JSON.stringify(name)} as the name of a header`,
    { url: URL_, headers: { 'X-Api': 'a', [name]: SECRET } },
    '`name 2` of headers of http to be the name of a header, such as X-Key, got a text of',
  )
refused('a header that is not ASCII', { url: URL_, headers: { 'X-Key': '\u20ac' } }, '`X-Key` of headers')
for (const name of [
  'Content-Length',
  'transfer-encoding',
  'Connection',
  'Expect',
  'Upgrade',
  'TE',
  'Trailer',
  'Keep-Alive',
])
  refused(
    `the header ${name}`,
    { url: URL_, headers: { [name]: SECRET } },
    `\`${name}\` of headers of http`,
    'left out',
  )
refused(
  'Authorization twice',
  { url: URL_, headers: { authorization: SECRET }, credentials: { username: 'a', password: SECRET } },
  '`headers`',
  '`credentials`',
)
refused(
  'Authorization of somebody else',
  { api: 'basic', url: URL_, headers: { authorization: SECRET } },
  '`headers`',
)
refused(
  'credentials as a text',
  { url: URL_, credentials: `me:${SECRET}` },
  '`credentials`',
  'a text of 21 characters',
)
refused(
  'credentials without a password',
  { url: URL_, credentials: { username: SECRET } },
  '`password` of credentials of http',
  'got nothing',
)
refused(
  'a slip in the credentials',
  { url: URL_, credentials: { user: 'a', password: SECRET } },
  'credentials of http has no option `user`: expected one of username password',
)
refused(
  'a `:` in the username',
  { url: URL_, credentials: { username: 'a:b', password: SECRET } },
  '`username` of credentials of http to be a text without `:` and without control characters, got a text of 3 characters',
)
refused(
  'a control character in the password',
  { url: URL_, credentials: { username: 'a', password: `${SECRET}\n` } },
  '`password` of credentials of http to be a text without control characters, got a text of 19 characters',
)
refused(
  'a password that is a number',
  { url: URL_, credentials: { username: 'a', password: 12_345 } },
  '`password` of credentials of http',
  'a value of type number',
)
refused('a body of no byte', { url: URL_, maxBodySize: 0 }, '`maxBodySize`', '`0`')
refused('half a byte', { url: URL_, maxBodySize: 1.5 }, '`maxBodySize`')
refused('endless bodies', { url: URL_, maxBodySize: Number.POSITIVE_INFINITY }, '`maxBodySize`')
refused('negative patience', { url: URL_, patience: -1 }, '`patience`', '`-1`')

const accepted = (title: string, options: Parameters<typeof http>[0]) =>
  test(`accepts ${title}, and connects to nothing`, async () => {
    await http(options).close?.()
  })

accepted('a URL object', { url: new URL(URL_) })
accepted('http: on this machine', { url: 'http://localhost:8000/' })
accepted('http: on this machine, by IPv6', { url: 'http://[::1]:8000/' })
accepted('http: elsewhere, if that is what is wanted', { url: 'http://shop.example.org/', insecure: true })
accepted('a query in the URL of basic', { api: 'basic', url: `${URL_}?key=${SECRET}` })
accepted('a query in the URL of json', { api: 'json', url: `${URL_}?key=${SECRET}`, operations: ['auth'] })
accepted('a Host header', { url: URL_, headers: { Host: 'auth.example.org', 'X-Key': '' } })
accepted('an empty password', { url: URL_, credentials: { username: 'me', password: '' } })
accepted('one byte, and no patience', { url: URL_, maxBodySize: 1, patience: 0 })
accepted('options left undefined', { url: URL_, api: 'form' })
