import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../src/handlers.ts'
import { ALLOWED, failed, type Outcome, REFUSED, refused } from '../src/outcome.ts'
import { decodeReply, encodeReply } from '../src/reply.ts'
import { OPERATIONS } from '../src/request.ts'
import { NEITHER, NO, YES } from './helpers/wire.ts'

const EVERY = [...OPERATIONS] as Operation[]
const BUT_SETPASS = [...EVERY.filter((operation) => operation !== 'setpass'), undefined]

const says = (
  title: string,
  outcome: Outcome,
  operations: readonly (Operation | undefined)[],
  byDefault: string,
  strictly: string,
) => {
  for (const operation of operations) {
    test(`${title} ${operation ?? 'of a frame without an operation'} is ${byDefault}, strictly ${strictly}`, () => {
      assert.equal(encodeReply(outcome, operation, false).toString('hex'), byDefault)
      assert.equal(encodeReply(outcome, operation, true).toString('hex'), strictly)
    })
  }
}
says('an allowed', ALLOWED, [...EVERY, undefined], YES, YES)
says('a refused', REFUSED, BUT_SETPASS, NO, NO)
says('a refused (with a reason)', refused('why'), BUT_SETPASS, NO, NO)
says('a refused', REFUSED, ['setpass'], NEITHER, NO)
says('a refused (with a reason)', refused('why'), ['setpass'], NEITHER, NO)
says('a failed', failed('why'), [...EVERY, undefined], NEITHER, NO)

test('00 01 is read as yes', () => assert.equal(decodeReply(Uint8Array.of(0, 1)), true))
test('00 00 is read as no', () => assert.equal(decodeReply(Uint8Array.of(0, 0)), false))

const unexpected = (hex: string) =>
  test(`a body of ${hex === '' ? 'nothing' : hex} is neither yes nor no`, () => {
    assert.throws(() => decodeReply(Buffer.from(hex, 'hex')), { code: 'ERR_UNEXPECTED_REPLY' })
  })
unexpected('')
unexpected('00')
unexpected('01')
unexpected('0002')
unexpected('0100')
unexpected('0101')
unexpected('000100')
unexpected('000000')
unexpected('ffff')

test('no more than eight bytes of an unexpected reply are told', () => {
  assert.throws(() => decodeReply(Buffer.from('connected to the database\n')), {
    message: 'Expected a reply of 00 00 or 00 01, got 26 bytes: 636f6e6e65637465...',
  })
})
