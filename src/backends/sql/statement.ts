/**
 * The administrator's statements: their named placeholders become those of the database.
 *
 * @module
 */
import { hintFor } from '../../nearest.ts'

/** By whose rules a statement is read, and which placeholders its driver takes: `$1`, or `?` for the others. */
export type SqlDialect = 'postgresql' | 'mysql' | 'sqlite'

/** The options of `sql` that are statements. */
export type StatementName = 'auth' | 'isuser' | 'setpass' | 'tryregister' | 'removeuser'

/** What a placeholder can stand for. */
export type Parameter = 'user' | 'server' | 'jid' | 'hash'

/** A statement as its database understands it, and what is to be bound, in the order of the placeholders. */
export interface Statement {
  readonly name: StatementName
  readonly text: string
  readonly parameters: readonly Parameter[]
}

/**
 * Translates a statement, leaving alone what is in quotes and in comments.
 *
 * @throws {TypeError} If it names something unknown, has placeholders of another kind, or lacks one that it needs.
 */
export function parseStatement(name: StatementName, source: string, dialect: SqlDialect): Statement {
  const parameters: Parameter[] = []
  const known = KNOWN[name]

  const text = source.replace(TOKENS[dialect], (token, ...rest) => {
    const { parameter, foreign, open } = rest.at(-1) as Partial<Record<string, string>>
    if (open !== undefined) throw fault(name, `to close each \`${open}\``, 'one that is open to the end')
    if (foreign !== undefined) throw fault(name, `to name its values ${list(known)}`, `\`${foreign}\``)
    if (parameter === undefined) return token
    if (!isOneOf(known, parameter)) throw fault(name, `to use ${list(known)}`, unknown(token, known))
    parameters.push(parameter)
    // Each has a number of its own: PostgreSQL deduces one type for each number, and a name may be held against two.
    return dialect === 'postgresql' ? `$${parameters.length}` : '?'
  })

  for (const needed of NEEDED[name]) {
    if (needed.some((parameter) => parameters.includes(parameter))) continue
    throw fault(
      name,
      `to hold ${list(needed)}`,
      parameters.length === 0 ? 'no placeholder' : list(parameters),
    )
  }
  return { name, text, parameters }
}

const READ: readonly Parameter[] = ['user', 'server', 'jid']
const WRITE: readonly Parameter[] = [...READ, 'hash']
const KNOWN = { auth: READ, isuser: READ, setpass: WRITE, tryregister: WRITE, removeuser: READ }

const WHO: readonly Parameter[] = ['user', 'jid']
const WHO_AND_WHAT: readonly (readonly Parameter[])[] = [WHO, ['hash']]
const NEEDED = {
  auth: [WHO],
  isuser: [WHO],
  setpass: WHO_AND_WHAT,
  tryregister: WHO_AND_WHAT,
  removeuser: [WHO],
}

const WORD = String.raw`[\p{L}_][\p{L}\p{N}_$]*`
// To the databases whatever is not ASCII belongs to a name, a blank that is none as well.
const NAMED = String.raw`::|:=|:(?<parameter>[a-z_](?:\w|[^\0-\x7f])*)`
const COMMENT = String.raw`/\*.*?\*/`

const TOKENS: Readonly<Record<SqlDialect, RegExp>> = {
  postgresql: tokens(
    String.raw`e'(?:[^'\\]|\\.|'')*'`,
    WORD,
    quoted("'"),
    quoted('"'),
    String.raw`(?<tag>\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$).*?\k<tag>`,
    String.raw`--[^\n\r]*`,
    nestedComment(8),
    NAMED,
    String.raw`(?<foreign>\$\d+)`,
    String.raw`(?<open>['"]|/\*|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)`,
  ),
  mysql: tokens(
    WORD,
    String.raw`'(?:[^'\\]|\\.|'')*'`,
    String.raw`"(?:[^"\\]|\\.|"")*"`,
    quoted('`'),
    // Without a blank behind them, two minus signs are arithmetic.
    String.raw`--(?=[\s\p{Cc}]|$)[^\n]*`,
    String.raw`#[^\n]*`,
    COMMENT,
    NAMED,
    String.raw`(?<foreign>\?)`,
    String.raw`(?<open>['"\x60]|/\*)`,
  ),
  sqlite: tokens(
    WORD,
    quoted("'"),
    quoted('"'),
    quoted('`'),
    String.raw`\[[^\]]*\]`,
    String.raw`--[^\n]*`,
    COMMENT,
    NAMED,
    String.raw`(?<foreign>\?\d*|[:@$#]\w+)`,
    String.raw`(?<open>['"\x60[]|/\*)`,
  ),
}

/** The first that fits is the token: what is quoted comes before what is a placeholder. */
function tokens(...patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join('|'), 'gisu')
}

function quoted(quote: string): string {
  return `${quote}(?:[^${quote}]|${quote}${quote})*${quote}`
}

/** In PostgreSQL a comment may hold comments. */
function nestedComment(depth: number): string {
  const inner = depth === 0 ? '' : `|${nestedComment(depth - 1)}`
  return String.raw`/\*(?:[^*/]|\*(?!/)|/(?!\*)${inner})*\*/`
}

function isOneOf(known: readonly Parameter[], name: string): name is Parameter {
  return (known as readonly string[]).includes(name)
}

/** A statement may hold a key that is nobody's business: it is never quoted whole. */
function fault(name: StatementName, expected: string, found: string): TypeError {
  return new TypeError(`Expected \`${name}\` of sql ${expected}, got ${found}`)
}

function unknown(token: string, known: readonly Parameter[]): string {
  return `\`${token}\`: ${hintFor(
    token,
    known.map((parameter) => `:${parameter}`),
  )}`
}

function list(parameters: readonly Parameter[]): string {
  return parameters.map((parameter) => `:${parameter}`).join(' or ')
}
