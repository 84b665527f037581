import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPlainName, prepareServer, prepareUser } from '../../src/accounts/prepare.ts'

const user = (given: string, expected: string) =>
  test(`the user ${JSON.stringify(given)} is ${expected}`, () => assert.equal(prepareUser(given), expected))
const server = (given: string, expected: string) =>
  test(`the server ${given} is ${expected}`, () => assert.equal(prepareServer(given), expected))
const noUser = (title: string, given: string, message: RegExp) =>
  test(`a user name ${title} is a UsageError`, () =>
    assert.throws(() => prepareUser(given), { code: 'ERR_USAGE', message }))

// As measured on ejabberd 23.01, 24.12 and 26.07.
user('ALICE', 'alice')
user('ａlice', 'alice')
user('straße', 'strasse')
user('so\u00adft', 'soft')
user('ΟΔΥΣΣΕΥΣ', 'οδυσσευσ')
user('e\u0301', 'é')
user('..', '..')
user('$(id)', '$(id)')
user('al\\3aice', 'al\\3aice')
user('a'.repeat(1023), 'a'.repeat(1023))
server('EXAMPLE.Org', 'example.org')
server('[::1]', '[::1]')

noUser('of nothing', '', /user name to have 1 to 1023 bytes, got 0/)
noUser('of 1024 bytes', 'a'.repeat(1024), /got 1024/)
noUser('of 512 characters with two bytes each', 'é'.repeat(512), /got 1024/)
for (const character of '"&\'/:<>@ \t\n\u0000\u007f\u0085\u2028') {
  noUser(`with ${JSON.stringify(character)}`, `al${character}ice`, /none of .* got "/)
}
test('a server name with a colon outside of brackets is a UsageError', () => {
  assert.throws(() => prepareServer('a:b'), { code: 'ERR_USAGE', message: /server name/ })
})
test('the message does not quote the name, which may be a password in the wrong place', () => {
  assert.throws(
    () => prepareUser('alice:hunter2'),
    (error: Error) => !error.message.includes('hunter2'),
  )
})
test('a prepared name is prepared, and plain', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (name) => {
      let prepared: string
      try {
        prepared = prepareUser(name)
      } catch {
        return
      }
      assert.equal(prepareUser(prepared), prepared)
      assert.ok(isPlainName(prepared))
    }),
  )
})
