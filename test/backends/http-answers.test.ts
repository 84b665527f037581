import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { HttpAnswer, HttpOperation, HttpOptions } from '../../src/backends/http.ts'
import type { PasswordRequest } from '../../src/handlers.ts'
import { ask, type Kind, setUp } from './http-support.ts'

const CODES = [...Object.keys(STATUS_CODES).map(Number), 299, 399, 499, 520, 599].filter(
  (code) => code >= 200,
)
const SUCCESS = CODES.filter((code) => code < 300)

/** What answers mean by their status: those not named fail, some of them in the hope of a better answer later. */
interface Meaning {
  kind: Kind
  operation: HttpOperation
  body: string
  headers?: Record<string, string>
  allowed: readonly number[]
  refused: readonly number[]
}

const means = ({ kind, operation, body, headers, allowed, refused }: Meaning) =>
  test(`${kind}: what an answer to ${operation} with the body ${body || '(none)'} ${Object.keys(headers ?? {})} means`, async (t) => {
    const { service, handlers } = await setUp(t, {}, kind)
    let status = 0
    service.script = (response) => response.writeHead(status, headers).end(body)
    for (status of CODES) {
      const isAway = status === 408 || status === 429 || status >= 500
      const otherwise = isAway ? 'ERR_UNAVAILABLE' : 'ERR_BACKEND'
      const expected = allowed.includes(status) || (refused.includes(status) ? false : otherwise)
      assert.equal(await ask(handlers, operation), expected, String(status))
    }
  })

const PAGE = '\n<!DOCTYPE html><title>404 Not Found</title>'
const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="service"' }
for (const operation of ['auth', 'isuser'] as const) {
  means({ kind: 'form', operation, body: 'true', allowed: [200], refused: [401, 403, 404] })
  means({ kind: 'form', operation, body: 'false', allowed: [], refused: [200, 401, 403, 404] })
  means({ kind: 'form', operation, body: '', allowed: [], refused: [401, 403, 404] })
  means({ kind: 'form', operation, body: PAGE, allowed: [], refused: [] })
  means({ kind: 'form', operation, body: '', headers: CHALLENGE, allowed: [], refused: [403, 404] })
}
means({
  kind: 'form',
  operation: 'setpass',
  body: '',
  allowed: [200, 201, 202, 203, 204],
  refused: [401, 403, 404],
})
means({
  kind: 'form',
  operation: 'setpass',
  body: 'false',
  allowed: [201, 204],
  refused: [200, 202, 203, 401, 403, 404],
})
means({ kind: 'form', operation: 'setpass', body: PAGE, allowed: [201, 204], refused: [] })
means({ kind: 'form', operation: 'tryregister', body: '', allowed: [201], refused: [401, 403] })
means({ kind: 'form', operation: 'tryregister', body: 'created', allowed: [200, 201], refused: [401, 403] })
means({ kind: 'form', operation: 'tryregister', body: 'false', allowed: [201], refused: [200, 401, 403] })
means({
  kind: 'form',
  operation: 'removeuser',
  body: '',
  allowed: [200, 201, 202, 203, 204, 404],
  refused: [401, 403],
})
means({
  kind: 'form',
  operation: 'removeuser',
  body: 'false',
  allowed: [201, 204, 404],
  refused: [200, 202, 203, 401, 403],
})
means({ kind: 'form', operation: 'removeuser', body: PAGE, allowed: [201, 204], refused: [] })

const WITH_BODY = SUCCESS.filter((code) => code !== 204)
for (const operation of ['auth', 'isuser'] as const) {
  means({ kind: 'json', operation, body: 'true', allowed: WITH_BODY, refused: [401, 403, 404] })
  means({ kind: 'json', operation, body: '{"allowed":true}', allowed: WITH_BODY, refused: [401, 403, 404] })
  means({ kind: 'json', operation, body: ' false\n', allowed: [], refused: [...WITH_BODY, 401, 403, 404] })
  means({ kind: 'json', operation, body: '{"allowed":1}', allowed: [], refused: [401, 403, 404] })
  means({ kind: 'json', operation, body: '"true"', allowed: [], refused: [401, 403, 404] })
  means({ kind: 'json', operation, body: 'True', allowed: [], refused: [] })
  means({ kind: 'json', operation, body: '', allowed: [], refused: [401, 403, 404] })
  means({ kind: 'json', operation, body: '', headers: CHALLENGE, allowed: [], refused: [403, 404] })
}
means({ kind: 'json', operation: 'setpass', body: '', allowed: [201, 204], refused: [401, 403, 404] })
means({ kind: 'json', operation: 'tryregister', body: '', allowed: [201, 204], refused: [401, 403] })
means({ kind: 'json', operation: 'removeuser', body: '', allowed: [201, 204, 404], refused: [401, 403] })
means({ kind: 'json', operation: 'removeuser', body: PAGE, allowed: [201, 204], refused: [] })
means({ kind: 'json', operation: 'removeuser3', body: '', allowed: [201, 204], refused: [401, 403, 404] })

means({ kind: 'basic', operation: 'auth', body: 'false', allowed: SUCCESS, refused: [401, 403] })
means({
  kind: 'basic',
  operation: 'auth',
  body: PAGE,
  headers: CHALLENGE,
  allowed: SUCCESS,
  refused: [401, 403],
})

const bodyMeans = (body: string | Buffer, expected: boolean | 'ERR_BACKEND') =>
  test(`form: 200 with the body ${JSON.stringify(String(body))} is ${expected}`, async (t) => {
    const { service, handlers } = await setUp(t)
    service.script = (response) => response.end(body)
    assert.equal(await ask(handlers, 'auth'), expected)
  })

bodyMeans('true', true)
bodyMeans('false', false)
for (const body of [
  '',
  'true\n',
  ' true',
  'TRUE',
  'True',
  '1',
  '"true"',
  'trues',
  'tru',
  'true\u0000',
  '\ufefftrue',
])
  bodyMeans(body, 'ERR_BACKEND')
bodyMeans(gzipSync('true'), 'ERR_BACKEND')
bodyMeans(Buffer.from('true', 'utf16le'), 'ERR_BACKEND')

test('json: the administrator says what is sent and what an answer means', async (t) => {
  const answers: HttpAnswer[] = []
  const { service, handlers } = await setUp(
    t,
    {
      body: ({ user, server }: PasswordRequest) => [`${user}@${server}`],
      answer: (answer: HttpAnswer) => {
        answers.push(answer)
        return answer.status === 418
      },
    } as Partial<HttpOptions>,
    'json',
  )
  service.script = (response) => response.writeHead(418, { 'X-Pot': 'tea' }).end('short, stout')
  assert.equal(await ask(handlers, 'auth'), true)
  assert.equal(service.asked[0]?.body, '["alice@example.org"]')
  const { headers, ...rest } = answers[0] ?? assert.fail('it was not asked')
  assert.deepEqual(rest, { operation: 'auth', status: 418, body: undefined, text: 'short, stout' })
  assert.equal(headers['x-pot'], 'tea')
})

const answerFails = (title: string, answer: unknown, expected: string) =>
  test(`json: an \`answer\` that returns ${title} fails the request`, async (t) => {
    const { handlers } = await setUp(t, { answer: () => answer } as Partial<HttpOptions>, 'json')
    assert.equal(await ask(handlers, 'auth'), expected)
  })
answerFails('nothing', undefined, 'ERR_BACKEND')
answerFails('a text', 'true', 'ERR_BACKEND')
answerFails('1', 1, 'ERR_BACKEND')
answerFails('null', null, 'ERR_BACKEND')
answerFails('a promise', Promise.resolve(true), 'ERR_BACKEND')

test('json: a `body` that JSON cannot say fails the request, and nothing is asked', async (t) => {
  const { service, handlers } = await setUp(t, { body: () => undefined } as Partial<HttpOptions>, 'json')
  assert.equal(await ask(handlers, 'auth'), 'ERR_BACKEND')
  assert.equal(service.asked.length, 0)
})
