import { strict as assert } from 'node:assert'
import { inspect } from 'node:util'
import { type SqlResult, sql } from '../../../src/backends/sql.ts'
import { BackendError, HashError } from '../../../src/errors.ts'
import { Frame } from '../../../src/frame.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { parseRequest, takesPassword } from '../../../src/request.ts'
import { cheapHash } from '../../helpers/cheap-hash.ts'
import { MARK } from '../behaviours.ts'
import { makeText, mutateBytes, mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** What is asked, and what the database says. */
interface Example {
  readonly operation: 'auth' | 'isuser' | 'setpass' | 'removeuser'
  readonly password: string
  readonly result: SqlResult
  /** Is there a statement for `isuser`, or is that of `auth` taken? */
  readonly withIsuser: boolean
}

/** Rows of a database, of any shape and type, to yes, no, or an error that quotes nothing of them. */
export const rows: Target = {
  name: 'rows',
  unit: 'cases',
  share: 2,
  count: 300,
  run: property({ generate, check, show: (example) => inspect(example, { depth: 9 }) }),
}

function generate(random: Random): Example {
  const password = `${MARK}-${random.below(1e6)}`
  return {
    operation: random.pick(['auth', 'isuser', 'setpass', 'removeuser']),
    password,
    result: makeResult(random, password),
    withIsuser: random.oneIn(2),
  }
}

function makeResult(random: Random, password: string): SqlResult {
  const makeRow = () => random.list(random.oneIn(6) ? random.below(3) : 1, () => makeValue(random, password))
  const found = random.list(random.size(3), makeRow)
  const changed = random.pick([0, 1, 2])
  return random.pick<SqlResult>([{ rows: found }, { rows: found }, { changed }, { rows: found, changed }, {}])
}

function makeValue(random: Random, password: string): unknown {
  const others = cheapHash(`not ${password}`)
  const hash = random.pick([cheapHash(password), others])
  if (random.oneIn(3)) return random.oneIn(2) ? hash : Buffer.from(hash)
  return random.pick<() => unknown>([
    () => null,
    // Of its own one a part may still be right.
    () => mutateText(random, others),
    () => mutateBytes(random, Buffer.from(others)),
    () => random.pick([undefined, true, false, 0, 1, 0n, 1n, '0', '', Number.NaN, new Date(0)]),
    () => random.pick([password, [hash], { hash }, Buffer.from(hash).toJSON(), () => hash, Object(hash)]),
    () => makeText(random),
  ])()
}

/** What the database says next. */
let result: SqlResult = {}
const STATEMENTS = {
  auth: 'SELECT :user',
  setpass: 'UPDATE :user :hash',
  removeuser: 'DELETE :user',
}
const options = {
  pool: { dialect: 'mysql', query: () => result },
  passwords: { newHashes: 'ssha512' },
  ...STATEMENTS,
} as const
const handlers = {
  withIsuser: sql({ ...options, isuser: 'SELECT 1 :user' }),
  without: sql(options),
}

async function check(example: Example): Promise<void> {
  const asked = example.withIsuser ? handlers.withIsuser : handlers.without
  // A hash like the others is what somebody is held against who is not there: it takes no time.
  result = { rows: [[cheapHash('nobody')]] }
  await ask(asked, 'auth', example.password)
  result = example.result
  const seen = await ask(asked, example.operation, example.password)
  const expected = expectation(example)
  if (seen instanceof Error) assert.ok(!seen.message.includes(MARK), `an error quotes a row: ${seen.message}`)
  assert.ok(expected.includes(kindOf(seen)), `${kindOf(seen)}, not ${expected.join(' or ')}`)
}

async function ask(
  asked: Handlers,
  operation: Example['operation'],
  password: string,
): Promise<boolean | Error> {
  const fields = [operation, 'alice', 'x', ...(takesPassword(operation) ? [password] : [])]
  const request = parseRequest(Frame.of(fields.join(':')))
  assert.ok(!('reason' in request))
  try {
    return (await asked[operation]?.(request as never)) ?? new Error('not asked')
  } catch (error) {
    if (!(error instanceof BackendError || error instanceof HashError)) throw error
    return error
  }
}

type Kind = 'true' | 'false' | 'ERR_BACKEND' | 'ERR_HASH'

function kindOf(seen: boolean | Error): Kind {
  return (seen instanceof Error ? (seen as BackendError).code : String(seen)) as Kind
}

/** What may come of it. */
function expectation({ operation, password, result: { rows, changed }, withIsuser }: Example): Kind[] {
  const column = rows?.map(([first]) => first)
  switch (operation) {
    case 'auth':
      return column === undefined ? ['ERR_BACKEND'] : loginWith(column, password)
    case 'isuser': {
      const nobody = [null, undefined, ...(withIsuser ? [false, 0, 0n, '0'] : [])]
      return column === undefined
        ? ['ERR_BACKEND']
        : [`${column.some((value) => !nobody.includes(value as null))}`]
    }
    default: {
      const isDone = changed === undefined ? (column?.length === 1 ? column[0] : undefined) : changed > 0
      if (typeof isDone !== 'boolean') return ['ERR_BACKEND']
      return [`${isDone || operation === 'removeuser'}`]
    }
  }
}

function loginWith(column: readonly unknown[], password: string): Kind[] {
  const hashes = column.filter((value) => value !== null && value !== undefined).map(textOf)
  if (hashes.includes(undefined)) return ['ERR_BACKEND']
  if (hashes.includes(cheapHash(password))) return ['true']
  return hashes.every((hash) => hash === cheapHash(`not ${password}`)) ? ['false'] : ['false', 'ERR_HASH']
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!(value instanceof Uint8Array)) return undefined
  const text = Buffer.from(value).toString()
  return Buffer.from(text).equals(value) ? text : undefined
}
