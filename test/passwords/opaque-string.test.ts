import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LONGEST, prepareOpaqueString } from '../../src/passwords/opaque-string.ts'

const prepares = (title: string, password: string, expected: string) =>
  test(title, () => assert.equal(prepareOpaqueString(password), expected))

// The examples of RFC 8265, section 4.2.2 (table 2), and what SASL PLAIN brings beside them.
prepares('ASCII with spaces stays as it is', 'correct horse battery staple', 'correct horse battery staple')
prepares('upper case stays upper case', 'Correct Horse Battery Staple', 'Correct Horse Battery Staple')
prepares('Greek with a space stays', '\u03c0\u00df\u00e5', '\u03c0\u00df\u00e5')
prepares('a suit symbol stays', 'Jack of \u2666s', 'Jack of \u2666s')
prepares('an Ogham space becomes an ASCII space', 'foo\u1680bar', 'foo bar')
prepares('a no-break space becomes an ASCII space', 'a\u00a0b', 'a b')
prepares('an ideographic space becomes an ASCII space', 'a\u3000b', 'a b')
prepares('an en quad becomes an ASCII space', 'a\u2000b', 'a b')
prepares('decomposed letters are composed', 'e\u0301', '\u00e9')
prepares('wide letters stay wide', '\uff41', '\uff41')
prepares('tabs, newlines and other control characters stay', 'a\tb\nc\u0001\u007f', 'a\tb\nc\u0001\u007f')

prepares('the longest password that is prepared', 'e\u0301'.repeat(LONGEST / 2), '\u00e9'.repeat(LONGEST / 2))
prepares('one that is longer', `${'e\u0301'.repeat(LONGEST / 2)}x`, `${'e\u0301'.repeat(LONGEST / 2)}x`)

test('preparing twice is preparing once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (password) => {
      const once = prepareOpaqueString(password)
      assert.equal(prepareOpaqueString(once), once)
    }),
  )
})
test('no space but the ASCII one is left', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (password) => {
      assert.doesNotMatch(prepareOpaqueString(password).replaceAll(' ', ''), /\p{Zs}/u)
    }),
  )
})
