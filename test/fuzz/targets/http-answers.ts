import { strict as assert } from 'node:assert'
import { basicDialect } from '../../../src/backends/http/basic.ts'
import { formDialect } from '../../../src/backends/http/form.ts'
import { JSON_OPERATIONS, jsonDialect } from '../../../src/backends/http/json.ts'
import type { Dialect, Reply, Service } from '../../../src/backends/http/service.ts'
import type { HttpOperation } from '../../../src/backends/http.ts'
import { BackendError, UnavailableError } from '../../../src/errors.ts'
import type { PasswordRequest } from '../../../src/handlers.ts'
import { MARK } from '../behaviours.ts'
import { makeText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** What a service answers to a question, and to the one that is asked then, if there is one. */
interface Example {
  readonly api: 'form' | 'json' | 'basic'
  readonly operation: HttpOperation
  readonly answers: readonly [Answer, Answer]
}

type Answer = Pick<Reply, 'status' | 'headers' | 'body'>

/** Answers of web services to yes, no, or an error. */
export const httpAnswers: Target = {
  name: 'http-answers',
  unit: 'cases',
  share: 3,
  count: 2000,
  run: property({ generate, check, show: (example) => JSON.stringify(example, null, 2) }),
}

const STATUSES = [
  200, 201, 204, 400, 401, 403, 404, 408, 409, 410, 422, 429, 500, 502, 503, 202, 206, 418, 599,
]
const BODIES = [
  ...[
    '',
    'true',
    'false',
    'created',
    'true\n',
    ' true',
    'TRUE',
    '"true"',
    '1',
    'null',
    '[true]',
    '{}',
    'trueish',
  ],
  ...[
    '{"allowed":true}',
    '{"allowed":false}',
    '{"allowed":"true"}',
    '{"allowed":1}',
    '{"allowed":{"allowed":true}}',
  ],
  ...[
    '<html>',
    ' \n<p>',
    '{"allowed":true',
    '{"__proto__":{"allowed":true}}',
    '{"allowed":false,"allowed":true}',
  ],
]

function generate(random: Random): Example {
  const api = random.pick(['form', 'json', 'basic'] as const)
  const operations = { form: JSON_OPERATIONS.slice(0, 5), json: JSON_OPERATIONS, basic: ['auth'] as const }
  const answer = (): Answer => ({
    status: random.pick(STATUSES),
    headers: random.oneIn(6) ? { 'www-authenticate': 'Basic' } : {},
    body: random.oneIn(10) ? makeText(random) : random.pick(BODIES),
  })
  return { api, operation: random.pick(operations[api]), answers: [answer(), answer()] }
}

async function check({ api, operation, answers }: Example): Promise<void> {
  const rest = [...answers]
  const service: Service = {
    ask: async () => ({ name: 'GET http://x', ...(rest.shift() as Answer) }),
    close() {},
  }
  const dialect = dialectOf(api, service)
  const request = {
    operation,
    user: 'alice',
    server: 'x',
    password: `${MARK}-and-more`,
    signal: new AbortController().signal,
  }
  const seen = await dialect[operation]?.(request as PasswordRequest).catch((error: unknown) =>
    meaningOf(error, answers),
  )
  assert.equal(seen, expected(api, operation, answers))
}

function dialectOf(api: Example['api'], service: Service): Dialect {
  const url = 'http://127.0.0.1/'
  if (api === 'form') return formDialect({ url }, service)
  if (api === 'json') return jsonDialect({ api, url, operations: JSON_OPERATIONS }, service)
  return basicDialect({ api, url }, service)
}

function meaningOf(error: unknown, answers: Example['answers']): string {
  assert.ok(error instanceof BackendError || error instanceof UnavailableError)
  assert.ok(!error.message.includes(MARK))
  const isAway = answers.some(({ status }) => status === 408 || status === 429 || status >= 500)
  if (error instanceof UnavailableError) assert.ok(isAway, 'nothing is away')
  return 'failed'
}

type Meaning = boolean | 'failed'

/** The tables of the documentation. */
function expected(
  api: Example['api'],
  operation: HttpOperation,
  [first, second]: Example['answers'],
): Meaning {
  if (api === 'basic') return basicMeaning(first, second)
  const table = { form: formMeaning, json: jsonMeaning }[api]
  if (operation === 'tryregister' && first.status === 409) {
    const isAllowed = api === 'json' && table('auth', first) === true
    return isAllowed ? true : table('auth', second)
  }
  return table(operation, first)
}

function formMeaning(operation: HttpOperation, answer: Answer): Meaning {
  const { status, body } = answer
  const isChange = operation === 'setpass' || operation === 'removeuser'
  const isTold = status === 200 || (isChange && (status === 202 || status === 203))
  const isDone = (isTold && body !== 'false' && !isPage(body)) || status === 201 || status === 204
  if (operation === 'removeuser' && status === 404 && isNo(answer)) return true
  if (isChange && isDone) return true
  if (operation === 'tryregister' && (status === 201 || (status === 200 && body === 'created'))) return true
  if (operation === 'tryregister' && status === 404) return 'failed'
  if ((operation === 'auth' || operation === 'isuser') && status === 200 && body === 'true') return true
  return (isTold && body === 'false') || isNo(answer) ? false : 'failed'
}

function jsonMeaning(operation: HttpOperation, answer: Answer): Meaning {
  const { status, body } = answer
  const said = /^\s*(?:true|false|\{"allowed":(?:true|false)\})\s*$/.exec(body)?.[0]
  if (status >= 200 && status < 300 && said !== undefined) return said.includes('true')
  if (status >= 200 && status < 300 && body === '{"allowed":false,"allowed":true}') return true
  const changes = operation !== 'auth' && operation !== 'isuser'
  if (changes && (status === 201 || status === 204)) return true
  if (!isNo(answer) || (body !== '' && !isJson(body))) return 'failed'
  if (status === 404 && operation === 'tryregister') return 'failed'
  return status === 404 && operation === 'removeuser'
}

/** The second one is that to a question without a password, which is to be refused. */
function basicMeaning({ status }: Answer, without: Answer): Meaning {
  if (status === 401 || status === 403) return false
  const isAllowed = status >= 200 && status < 300
  return isAllowed && (without.status === 401 || without.status === 403) ? true : 'failed'
}

/** 401, 403 and 404, if it is the service that says so. */
function isNo({ status, headers, body }: Answer): boolean {
  if (isPage(body)) return false
  return status === 403 || status === 404 || (status === 401 && headers['www-authenticate'] === undefined)
}

/** A web server in front of the service has written that. */
function isPage(body: string): boolean {
  return body.trimStart().startsWith('<')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
