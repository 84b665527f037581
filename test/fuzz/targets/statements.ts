import { strict as assert } from 'node:assert'
import Database from 'better-sqlite3'
import { parseStatement, type SqlDialect } from '../../../src/backends/sql/statement.ts'
import { processorTime } from '../effort.ts'
import { makeText, mutateText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** A statement, and what has to become of it if that is known. */
interface Example {
  readonly dialect: SqlDialect
  readonly name: 'auth' | 'setpass'
  readonly source: string
  /** The pieces of the statement: a placeholder is a name, anything else is to be left alone. */
  readonly pieces: readonly Piece[] | undefined
}

type Piece = { readonly text: string } | { readonly placeholder: string }

/** Statements with placeholders in the midst of all kinds of quotes and comments. */
export const statements: Target = {
  name: 'statements',
  unit: 'cases',
  share: 4,
  count: 300,
  run: property({ generate, check, show: (example) => JSON.stringify(example, null, 2) }),
}

const DIALECTS = ['sqlite', 'postgresql', 'mysql'] as const

function generate(random: Random): Example {
  const dialect = random.pick(DIALECTS)
  const name = random.pick(['auth', 'setpass'] as const)
  const needed = name === 'auth' ? ['user'] : ['user', 'hash']
  const pieces: Piece[] = [
    { text: 'SELECT' },
    ...random.list(random.size(12), () => makePiece(random, dialect, name)),
    ...needed.flatMap((placeholder) => [{ placeholder }, { text: ',' }]),
    { text: '1' },
  ]
  const source = pieces.map((piece) => ('text' in piece ? piece.text : `:${piece.placeholder}`)).join('\n')
  return random.oneIn(3)
    ? { dialect, name, source: mutateText(random, source), pieces: undefined }
    : { dialect, name, source, pieces }
}

function makePiece(random: Random, dialect: SqlDialect, name: string): Piece {
  if (random.oneIn(3))
    return { placeholder: random.pick(['user', 'server', 'jid', ...(name === 'auth' ? [] : ['hash'])]) }
  if (random.oneIn(2))
    return { text: random.pick([',', '||', '=', '(', ')', 'AS', "''", '1', 'x', 'NULL', '*']) }
  return { text: makeQuoted(random, dialect) }
}

/** Anything at all, in one of the dialect's quotes or comments. */
function makeQuoted(random: Random, dialect: SqlDialect): string {
  const text = makeText(random)
  const doubled = (quote: string) => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`
  const escaped = (quote: string) => `${quote}${text.replace(/[\\'"]/g, '\\$&')}${quote}`
  const comment = `/*${text.replace(/[/*]/g, '')}*/`
  const line = text.replace(/[\n\r]/g, ' ')
  const quoted: Readonly<Record<SqlDialect, readonly string[]>> = {
    sqlite: [doubled("'"), doubled('"'), doubled('`'), `[${text.replaceAll(']', '')}]`, comment, `--${line}`],
    postgresql: [
      doubled("'"),
      doubled('"'),
      `e${escaped("'")}`,
      `$q$${text.replaceAll('$', '')}$q$`,
      comment,
      `--${line}`,
    ],
    mysql: [escaped("'"), escaped('"'), doubled('`'), `#${line}`, comment, `-- ${line}`],
  }
  return random.pick(quoted[dialect])
}

/** Most time of a processor that a statement may take, in milliseconds. */
const MOST = 1000

function check(example: Example): void {
  const { dialect, name, source, pieces } = example
  const time = processorTime()
  const parsed = orTypeError(() => parseStatement(name, source, dialect))
  assert.ok(time() < MOST, `it took ${time()} ms`)
  if (pieces !== undefined) {
    let count = 0
    const mark = () => (dialect === 'postgresql' ? `$${++count}` : '?')
    assert.deepEqual(parsed, {
      name,
      text: pieces.map((piece) => ('text' in piece ? piece.text : mark())).join('\n'),
      parameters: pieces.flatMap((piece) => ('text' in piece ? [] : piece.placeholder)),
    })
  }
  // SQLite knows named parameters itself: what it makes of the source is what has to come out.
  if (database !== undefined && dialect === 'sqlite' && !source.includes('\0'))
    compare(database, example, parsed)
}

const database = openDatabase()

function openDatabase(): Database.Database | undefined {
  try {
    return new Database(':memory:')
  } catch (error) {
    // Native code is built for one version of Node.js: on the others the model is all there is to compare with.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_DLOPEN_FAILED') throw error
    return undefined
  }
}

const VALUES = { user: 'alice', server: 'example.org', jid: 'alice@example.org', hash: '$x$' }

function compare(
  database: Database.Database,
  { name, source }: Example,
  parsed: ReturnType<typeof parseStatement> | TypeError,
): void {
  if (!(parsed instanceof TypeError)) {
    const values = parsed.parameters.map((parameter) => VALUES[parameter])
    assert.deepEqual(rowsOf(database, parsed.text, values), rowsOf(database, source, VALUES))
    return
  }
  const { hash, ...known } = VALUES
  const given = name === 'auth' ? known : { ...known, hash }
  const { user, jid, ...nobody } = given
  const needs = (values: object) => rowsOf(database, source, values) === undefined
  const isGood =
    rowsOf(database, source, given) !== undefined && needs(nobody) && (name === 'auth' || needs(known))
  // SQLite forgives what is open at the end of a comment, and takes names with other signs before them.
  assert.ok(
    !isGood || /[@$#]\w|\?\d/.test(source) || /close each `\/\*`/.test(parsed.message),
    parsed.message,
  )
}

/** What the database says; `undefined` if it says that this is no question. */
function rowsOf(database: Database.Database, source: string, values: object): unknown {
  try {
    return database.prepare(source).raw().all(values)
  } catch {
    return undefined
  }
}

function orTypeError<Result>(parse: () => Result): Result | TypeError {
  try {
    return parse()
  } catch (error) {
    if (error instanceof TypeError) return error
    throw error
  }
}
