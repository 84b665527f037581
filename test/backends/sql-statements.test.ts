import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStatement, type SqlDialect, type StatementName } from '../../src/backends/sql/statement.ts'

const ALL: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite']

/** In what is expected, `<>` stands for the next placeholder of the dialect. */
function translates(
  title: string,
  source: string,
  expected: string,
  parameters: readonly string[] = ['user'],
  dialects: readonly SqlDialect[] = ALL,
): void {
  for (const dialect of dialects) {
    test(`${dialect}: ${title}`, () => {
      let count = 0
      const text = expected.replaceAll('<>', () => (dialect === 'postgresql' ? `$${++count}` : '?'))
      assert.deepEqual(parseStatement('setpass', `${source} /*:hash*/ :hash`, dialect), {
        name: 'setpass',
        text: `${text} /*:hash*/ ${dialect === 'postgresql' ? `$${++count}` : '?'}`,
        parameters: [...parameters, 'hash'],
      })
    })
  }
}

translates('a placeholder is translated', 'a = :user', 'a = <>')
translates('at the beginning', ':user', '<>')
translates('without blanks around it', 'f(:user,:server)', 'f(<>,<>)', ['user', 'server'])
translates('all of them, in their order', ':server :jid :user', '<> <> <>', ['server', 'jid', 'user'])
translates('the same one twice has two places', ':user = :user', '<> = <>', ['user', 'user'])
translates('a longer name is not a shorter one', ':user || :jid', '<> || <>', ['user', 'jid'])
translates('several lines', 'a\n=\r\n:user', 'a\n=\r\n<>')
translates('a text is left alone', "':user' = :user", "':user' = <>")
translates('a doubled quote does not end it', "'it''s :user' = :user", "'it''s :user' = <>")
translates('two quotes are an empty text', "'' = :user", "'' = <>")
translates('a quoted identifier is left alone', '":user" = :user', '":user" = <>')
translates('a doubled quote does not end it either', '"a"":user" = :user', '"a"":user" = <>')
translates('a comment to the end of the line is left alone', '-- :user\n:user', '-- :user\n<>')
translates('a quote in a comment opens nothing', "-- it's\n:user", "-- it's\n<>")
translates('a comment between slashes is left alone', '/* :user \n */ :user', '/* :user \n */ <>')
translates('a quote in such a comment opens nothing', "/* it's */ :user", "/* it's */ <>")
translates('minus signs in a text open no comment', "'--' = :user", "'--' = <>")
translates('an arithmetic expression is no comment', '1-1/1*1 = :user', '1-1/1*1 = <>')
translates('what is assigned is left alone', 'a := :user', 'a := <>')
translates('letters of any script', 'größe = :user', 'größe = <>')
translates('a placeholder beside a semicolon', ':user;', '<>;')

const PG: readonly SqlDialect[] = ['postgresql']
translates('a cast is left alone', ':user::text = b::user', '<>::text = b::user', ['user'], PG)
translates('a slice is left alone', 'a[1:2] = :user', 'a[1:2] = <>', ['user'], PG)
translates('a question mark is an operator', "a ? 'b' = :user", "a ? 'b' = <>", ['user'], PG)
translates('a number sign is an operator', "a #> '{b}' = :user", "a #> '{b}' = <>", ['user'], PG)
translates('a backslash ends no text', "'\\' = :user", "'\\' = <>", ['user'], PG)
translates(
  'but it protects in an E text',
  "E'\\':user' e'\\\\' = :user",
  "E'\\':user' e'\\\\' = <>",
  ['user'],
  PG,
)
translates('dollar quotes', "$$ ' :user $$ = :user", "$$ ' :user $$ = <>", ['user'], PG)
translates(
  'dollar quotes with a tag',
  '$a$ $$ :user $b$ $a$ = :user',
  '$a$ $$ :user $b$ $a$ = <>',
  ['user'],
  PG,
)
translates('a dollar in a name', 'a$1$ = :user AND b$1$', 'a$1$ = <> AND b$1$', ['user'], PG)
translates('comments in comments', '/* /* */ :user */ :user', '/* /* */ :user */ <>', ['user'], PG)
translates('a bracket is an array', 'ARRAY[:user]', 'ARRAY[<>]', ['user'], PG)

const MYSQL: readonly SqlDialect[] = ['mysql']
translates('a backslash protects a quote', "'\\':user' = :user", "'\\':user' = <>", ['user'], MYSQL)
translates('and itself', "'\\\\' = :user", "'\\\\' = <>", ['user'], MYSQL)
translates('in double quotes, too', '"\\":user" = :user', '"\\":user" = <>', ['user'], MYSQL)
translates('backticks', '`:user``:user` = :user', '`:user``:user` = <>', ['user'], MYSQL)
translates('a number sign begins a comment', "# it's :user\n:user", "# it's :user\n<>", ['user'], MYSQL)
translates('two minus signs before a name are arithmetic', '1--:user', '1--<>', ['user'], MYSQL)
translates('variables', '@user = @@user = :user', '@user = @@user = <>', ['user'], MYSQL)
translates('a comment has no comment in it', '/* /* */ :user', '/* /* */ <>', ['user'], MYSQL)

const SQLITE: readonly SqlDialect[] = ['sqlite']
translates('brackets quote', "[:user'] = :user", "[:user'] = <>", ['user'], SQLITE)
translates('backticks quote', '`:user` = :user', '`:user` = <>', ['user'], SQLITE)
translates('a backslash ends no text', "'\\' = :user", "'\\' = <>", ['user'], SQLITE)
translates('two minus signs always begin a comment', '1--:user\n:user', '1--:user\n<>', ['user'], SQLITE)

const refused = (
  title: string,
  name: StatementName,
  source: string,
  message: string,
  dialects: readonly SqlDialect[] = ALL,
) => {
  for (const dialect of dialects) {
    test(`${dialect}: ${title} is a TypeError`, () => {
      assert.throws(() => parseStatement(name, source, dialect), { name: 'TypeError', message })
    })
  }
}

const READ_NEEDS = 'to hold :user or :jid, got'
for (const name of ['auth', 'isuser', 'removeuser'] as const) {
  refused(
    `${name} without a placeholder`,
    name,
    'SELECT 1',
    `Expected \`${name}\` of sql ${READ_NEEDS} no placeholder`,
  )
}
refused('a server alone', 'auth', ':server', `Expected \`auth\` of sql ${READ_NEEDS} :server`)
refused('a placeholder in a text', 'auth', "':user'", `Expected \`auth\` of sql ${READ_NEEDS} no placeholder`)
refused('a write without a hash', 'setpass', ':user', 'Expected `setpass` of sql to hold :hash, got :user')
refused(
  'a write without a user',
  'tryregister',
  ':hash',
  `Expected \`tryregister\` of sql ${READ_NEEDS} :hash`,
)
refused(
  'a slip',
  'auth',
  'a = :usr',
  'Expected `auth` of sql to use :user or :server or :jid, got `:usr`: did you mean :user?',
)
refused(
  'a blank that belongs to the name',
  'auth',
  'a = :user\u00a0 AND b',
  'Expected `auth` of sql to use :user or :server or :jid, got `:user\u00a0`: did you mean :user?',
)
refused(
  'a letter that is not ASCII',
  'auth',
  'a = :us\u00e9r',
  'Expected `auth` of sql to use :user or :server or :jid, got `:us\u00e9r`: did you mean :user?',
)
refused(
  'a hash where there is none',
  'auth',
  ':user :hash',
  'Expected `auth` of sql to use :user or :server or :jid, got `:hash`: expected one of :user :server :jid',
)
refused(
  'a placeholder in capital letters',
  'isuser',
  ':USER',
  'Expected `isuser` of sql to use :user or :server or :jid, got `:USER`: expected one of :user :server :jid',
)
const NAMED = 'Expected `auth` of sql to name its values :user or :server or :jid, got'
refused('a number', 'auth', ':user $1', `${NAMED} \`$1\``, PG)
refused('a question mark', 'auth', ':user ?', `${NAMED} \`?\``, MYSQL)
refused('a question mark with a number', 'auth', ':user ?1', `${NAMED} \`?1\``, SQLITE)
refused('a name of another kind', 'auth', ':user @user', `${NAMED} \`@user\``, SQLITE)
refused('a name of a kind that SQLite does not tell of', 'auth', ':user, #user', `${NAMED} \`#user\``, SQLITE)
refused('a name of yet another kind', 'auth', ':user $user', `${NAMED} \`$user\``, SQLITE)
refused('a number with a colon', 'auth', ':user :1', `${NAMED} \`:1\``, SQLITE)
for (const [open, dialects] of [
  ["'", ALL],
  ['"', ALL],
  ['/*', ALL],
  ['`', ['mysql', 'sqlite']],
  ['[', SQLITE],
  ['$$', PG],
  ['$a$', PG],
] as const) {
  const message = `Expected \`auth\` of sql to close each \`${open}\`, got one that is open to the end`
  refused(`${open} that is not closed`, 'auth', `:user ${open} :user`, message, dialects)
}

test('an error quotes nothing of a statement but the placeholder', () => {
  const source = "SELECT decrypt(a, 'key to everything') FROM b WHERE c = :usr"
  assert.throws(
    () => parseStatement('auth', source, 'postgresql'),
    (error: Error) => !error.message.includes('key'),
  )
})

/** Pieces whose translation is known, and which can stand beside each other with a line break between. */
const PIECES: Readonly<Record<SqlDialect, readonly string[]>> = {
  postgresql: [
    "'a'':user'",
    '":user"',
    "E'\\':user'",
    '$x$:user$x$',
    '/*/*:user*/*/',
    'a::user',
    '--:user',
    '[1:2]',
  ],
  mysql: ["'\\':user'", '":user"', '`:user`', '/*:user*/', '#:user', '-- :user', '@user', '1--1'],
  sqlite: ["'\\'", "':user'", '":user"', '`:user`', '[:user]', '/*:user*/', '--:user', 'a'],
}

for (const dialect of ALL) {
  test(`${dialect}: whatever stands before, behind and between, exactly the placeholders are translated`, () => {
    const piece = fc.constantFrom(...PIECES[dialect])
    const name = fc.constantFrom('user', 'server', 'jid', 'hash')
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            piece,
            name.map((word) => ({ word })),
          ),
        ),
        (pieces) => {
          const all = [...pieces, { word: 'user' }, { word: 'hash' }]
          const words: string[] = []
          const expected = all.map((part) => {
            if (typeof part === 'string') return part
            words.push(part.word)
            return dialect === 'postgresql' ? `$${words.length}` : '?'
          })
          const source = all.map((part) => (typeof part === 'string' ? part : `:${part.word}`))
          assert.deepEqual(parseStatement('setpass', source.join('\n'), dialect), {
            name: 'setpass',
            text: expected.join('\n'),
            parameters: words,
          })
        },
      ),
    )
  })

  test(`${dialect}: a long statement takes no long time, closed or not`, () => {
    for (const piece of ["'", "''", '/*', '/* */', '$', '$$', '"a', '\\', '[', '-', ':user ']) {
      try {
        parseStatement('auth', `:user ${piece.repeat(20_000)}`, dialect)
      } catch (error) {
        assert.equal((error as Error).name, 'TypeError')
      }
    }
  })
}
