import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChecker } from '../../src/passwords/checker.ts'
import type { PasswordFormats } from '../../src/passwords/formats.ts'

/** A stand-in for bcrypt that takes no time, says yes to `right`, and counts. */
function counting() {
  const verified: string[] = []
  const bcrypt = {
    hash: async () => 'x',
    verify: async (password: Uint8Array) => {
      verified.push(Buffer.from(password).toString())
      return Buffer.from(password).toString() === 'right'
    },
  }
  return { verified, formats: { bcrypt } satisfies PasswordFormats }
}

const HASH = `$2y$10$${'A'.repeat(53)}`
const never = () => assert.fail('the signal was asked for')
const signal = () => new AbortController().signal

test('a pair that was verified is answered without work, and without a signal', async () => {
  const { verified, formats } = counting()
  const checker = createChecker(formats)
  assert.equal(await checker.check([HASH], 'right', signal), true)
  assert.equal(checker.check([HASH], 'right', never), true)
  assert.deepEqual(verified, ['right'])
})

test('for a user who does not exist as much is done as for the one before', async () => {
  const { verified, formats } = counting()
  const checker = createChecker(formats)
  assert.equal(await checker.check([HASH], 'wrong', signal), false)
  assert.equal(await checker.check([], 'right', signal), false)
  assert.deepEqual(verified, ['wrong', 'right'])
})

for (const locked of ['!', '*', '!$6$salt$hash']) {
  test(`for an account that is locked as much is done as for any other, before and after it: ${locked}`, async () => {
    const { verified, formats } = counting()
    const checker = createChecker(formats)
    assert.equal(await checker.check([HASH], 'one', signal), false)
    assert.equal(await checker.check([locked], 'two', signal), false)
    assert.equal(await checker.check([], 'three', signal), false)
    assert.deepEqual(verified, ['one', 'two', 'three'])
  })
}

test('another password of a user is tried when one is locked, or cannot be read', async () => {
  const { formats } = counting()
  const checker = createChecker(formats)
  assert.equal(await checker.check(['!', '$y$j9T$salt$hash', HASH], 'right', signal), true)
  await assert.rejects(async () => checker.check(['!', '$y$j9T$salt$hash', HASH], 'wrong', signal), {
    code: 'ERR_HASH',
  })
})
