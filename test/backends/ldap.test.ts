/** How the ldap backend writes filters and names, and which ones it takes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as ldapts from 'ldapts'
import { escapeDnValue, escapeFilterValue, isOneSpelling } from '../../src/backends/ldap/names.ts'
import { createServerOrder } from '../../src/backends/ldap/server-order.ts'
import { fill, hasOnly, isDn, isFilter, mentions } from '../../src/backends/ldap/template.ts'

const text = fc.string({ unit: 'binary' })

describe('a value in a filter', () => {
  const escapes = (value: string, escaped: string) =>
    test(`${JSON.stringify(value)} is ${escaped}`, () => assert.equal(escapeFilterValue(value), escaped))

  escapes('alice', 'alice')
  escapes('*', '\\2a')
  escapes('*)(|(uid=*', '\\2a\\29\\28|\\28uid=\\2a')
  escapes('a\\2a', 'a\\5c2a')
  escapes('\0', '\\00')
  escapes('jürgen', 'jürgen')
  escapes('%u', '%u')

  test('whatever it is, it is compared as it is, and the filter stays the same', () => {
    fc.assert(
      fc.property(text, (value) => {
        const filter = fill('(uid=%u)', { u: value }, escapeFilterValue)
        assert.ok(isFilter(filter))
        const parsed = ldapts.FilterParser.parseString(filter)
        assert.ok(parsed instanceof ldapts.EqualityFilter)
        assert.deepEqual([parsed.attribute, parsed.value], ['uid', value])
      }),
    )
  })
})

describe('a value in a distinguished name', () => {
  const escapes = (value: string, escaped: string) =>
    test(`${JSON.stringify(value)} is ${escaped}`, () => assert.equal(escapeDnValue(value), escaped))

  escapes('alice', 'alice')
  escapes('alice,ou=people', 'alice\\2cou\\3dpeople')
  escapes('a+cn=b', 'a\\2bcn\\3db')
  escapes('"\\;<>', '\\22\\5c\\3b\\3c\\3e')
  escapes('#1 a#', '\\231 a#')
  escapes(' a b ', '\\20a b\\20')
  escapes(' ', '\\20')
  escapes('\0', '\\00')
  escapes('jürgen', 'jürgen')

  test('whatever it is, it stays one value', () => {
    fc.assert(
      fc.property(text, (value) => {
        const dn = fill('uid=%u,ou=people', { u: value }, escapeDnValue)
        assert.ok(value === '' || isDn(dn))
        const [, inside = ''] = /^uid=(.*),ou=people$/s.exec(dn) ?? []
        assert.doesNotMatch(inside, /[",+;<>=\0]|^[ #]| $/)
        assert.equal(
          inside.replace(/\\(..)/g, (_pair, digits) => String.fromCharCode(Number.parseInt(digits, 16))),
          value,
        )
      }),
    )
  })
})

describe('a template', () => {
  test('is filled in one pass', () => {
    const values = { u: '%d', d: '%j', j: '%u', D: '%%' }
    assert.equal(
      fill('%u %d %j %D %%u', values, (value) => value),
      '%d %j %u %% %u',
    )
  })

  test('mentions what it depends on', () => {
    assert.equal(mentions('(uid=%u)', 'u', 'j'), true)
    assert.equal(mentions('(uid=%%u)', 'u', 'j'), false)
    assert.equal(mentions('(uid=%d)', 'u', 'j'), false)
  })

  test('has only placeholders that mean something', () => {
    assert.equal(hasOnly('%u@%d %%', 'u', 'd'), true)
    for (const wrong of ['%s', '%U', '%D', '%', '100% ']) assert.equal(hasOnly(wrong, 'u', 'd'), false, wrong)
  })
})

const FILTERS = [
  '(uid=%u)',
  '(&(objectClass=inetOrgPerson)(uid=%u))',
  '(|(uid=%u)(mail=%j))',
  '(!(uid=%u))',
  '(&(a=b)(|(c=d)(!(e=*)))(f=g*h*))',
  '(cn=a b, c)',
  '(cn=Jürgen \\28x\\29)',
  '(uidNumber>=1000)',
  '(uidNumber<=1000)',
  '(cn~=alice)',
  '(memberOf:1.2.840.113556.1.4.1941:=cn=chat,dc=example)',
  '(ou:dn:=people)',
  '(cn:=x:y)',
  '(:caseExactMatch:=x)',
  '(a=)',
]
const NO_FILTERS = [
  '',
  'uid=%u',
  '(uid=%u',
  '(uid=%u))',
  '((uid=%u))',
  '(uid=%u)(a=b)',
  '(&)',
  '(&(uid=%u)',
  '(! (uid=%u))',
  '(& (uid=%u))',
  '(%u=alice)',
  '(uid=a(b)',
  '(uid=a\\zz)',
  '(uid=J\\c3\\bcrgen)',
  '(cn:%u:=x)',
  '(=x)',
  '(uid)',
  '(uid=a\0)',
]
describe('a filter', () => {
  for (const filter of FILTERS) {
    test(`${filter} is one, and ldapts says so, too`, () => {
      assert.equal(isFilter(filter), true)
      ldapts.FilterParser.parseString(filter)
    })
  }
  for (const other of NO_FILTERS) {
    test(`${JSON.stringify(other)} is none`, () => assert.equal(isFilter(other), false))
  }
})

describe('a distinguished name', () => {
  for (const dn of [
    'dc=org',
    'uid=%u, ou=people,DC=org',
    'cn=a+sn=b,o=c',
    'cn=Doe\\, John',
    '2.5.4.3=x',
    'cn=\\c3\\bc',
  ])
    test(`${dn} is one`, () => assert.equal(isDn(dn), true))
  for (const other of [
    '',
    'people',
    '%u',
    '%u=x',
    'cn=',
    'cn=a,',
    ',cn=a',
    'cn=a,,cn=b',
    'cn="a"',
    'cn=a\\',
    'cn=a;b',
  ])
    test(`${JSON.stringify(other)} is none`, () => assert.equal(isDn(other), false))
})

describe('a name that a directory would take for another one', () => {
  const others = [
    '',
    ' alice',
    'alice ',
    'al  ice',
    'alice\n',
    'alice\0',
    'al\u00adice',
    'al\u200bice',
    'al\ufe0fice',
    'al\u00a0ice',
    'al\ufffcice',
    '\uff41lice',
    'ju\u0308rgen',
    '\ud800',
  ]
  for (const name of others)
    test(`${JSON.stringify(name)} is nobody's`, () => assert.equal(isOneSpelling(name), false))
  for (const name of ['alice', 'jürgen', 'john smith', '*', '\u0430lice', '张三', 'a\\20b', '👍'])
    test(`${name} is none`, () => assert.equal(isOneSpelling(name), true))
})

test('of several servers the one that worked last comes first', () => {
  const order = createServerOrder(['a', 'b', 'c'])
  assert.deepEqual(order.current(), ['a', 'b', 'c'])
  order.failed('a')
  assert.deepEqual(order.current(), ['b', 'c', 'a'])
  // Somebody else has found it out before.
  order.failed('a')
  assert.deepEqual(order.current(), ['b', 'c', 'a'])
  order.failed('b')
  order.failed('c')
  assert.deepEqual(order.current(), ['a', 'b', 'c'])
})
