import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mayBeQuotedIn, sharedWith } from '../src/quotation.ts'

const MESSAGE = 'connect ECONNREFUSED 127.0.0.1:5432'

for (const [title, text, other, isShared] of [
  ['nothing', MESSAGE, '', false],
  ['nothing, of nothing', '', '', false],
  ['the whole, however short', MESSAGE, 'n', true],
  ['five characters at the beginning', MESSAGE, 'conneXYZ', true],
  ['five characters at the end', MESSAGE, 'XYZ:5432', true],
  ['the end of one and the beginning of the other', MESSAGE, ':5432 connec', true],
  ['four characters of more', MESSAGE, 'XYZ 127XYZ', false],
  ['five characters with others between', MESSAGE, 'conn-ect', false],
  ['what differs in upper case', MESSAGE, 'CONNECT', false],
  ['what has the bits of the text, and not its characters', 'aaaab', 'aaabz', false],
  ['letters of other scripts', 'нет базы данных', 'базы да!', true],
] as const) {
  test(`${isShared ? 'shared' : 'not shared'}: ${title}`, () =>
    assert.equal(sharedWith(text)(other), isShared))
}

test('any text shares the whole of another one, or five characters in a row', () => {
  const isShared = (text: string, other: string) =>
    other !== '' &&
    (text.includes(other) ||
      [...Array(Math.max(0, other.length - 4)).keys()].some((at) => text.includes(other.slice(at, at + 5))))
  // Of few letters, so that many share something, and other fragments have the same mark.
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'z'), maxLength: 40 })
  let shared = 0
  fc.assert(
    fc.property(text, text, (one, other) => {
      shared += Number(isShared(one, other))
      assert.equal(sharedWith(one)(other), isShared(one, other))
    }),
    { numRuns: 5000 },
  )
  assert.ok(shared > 200 && shared < 4800, `${shared} of 5000`)
})

test('a password that is longer than any token is in doubt without a look', () => {
  assert.equal(mayBeQuotedIn(MESSAGE, '~'.repeat(8192)), false)
  assert.equal(mayBeQuotedIn(MESSAGE, '~'.repeat(8193)), true)
})
