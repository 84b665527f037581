import { strict as assert } from 'node:assert'
import { inspect } from 'node:util'
import { reasonOf } from '../../../src/reason.ts'
import { makeText, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** A password, and what a library says that was given it. */
interface Example {
  readonly password: string
  readonly quoted: string
  readonly thrown: unknown
}

/** Errors of others, which may quote the password, to what is logged. */
export const reasons: Target = {
  name: 'reasons',
  unit: 'cases',
  share: 2,
  count: 500,
  run: property({ generate, check, show: (example) => inspect(example, { depth: 5 }) }),
}

/** The ways in which libraries quote. */
const SPELLINGS: readonly ((password: string) => string)[] = [
  (password) => password,
  (password) => JSON.stringify(password),
  (password) => inspect(password),
  (password) => encodeURIComponent(password),
  (password) => new URLSearchParams({ password }).toString(),
  (password) => Buffer.from(password).toString('hex'),
  (password) => Buffer.from(password).toString('base64'),
  (password) => Buffer.from(`alice:${password}`).toString('base64'),
  (password) => Buffer.from(`a:${password}`).toString('base64url'),
  (password) => JSON.stringify(Buffer.from(password)),
  (password) => inspect(Buffer.from(password)),
  (password) => password.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
  (password) => password.replaceAll("'", "\\'"),
]

function generate(random: Random): Example {
  // Letters that are in no message of our own, so that what is found is the password.
  const password = `qzx${wellFormed(makeText(random, 6).slice(0, 12))}jkv`
  const quoted = random.pick(SPELLINGS)(password)
  const message = `${random.pick(['', 'no entry for ', 'near "'])}${quoted}${random.pick(['', '"', ' at line 1'])}`
  const error = random.pick([
    new Error(message),
    new TypeError(message),
    Object.assign(new Error('no'), { code: message }),
  ])
  const wrapped = [
    error,
    new Error('failed', { cause: error }),
    new AggregateError([error], ''),
    message,
    { message },
    Object.assign(new Error('x'), { name: message }),
  ]
  return { password, quoted, thrown: random.pick(wrapped) }
}

function check({ password, quoted, thrown }: Example): void {
  const reason = reasonOf(thrown, 'another', password)
  for (const piece of [password, quoted, 'qzx', 'QZX', 'jkv', 'cXp4', '71 7a 78', '717a78']) {
    assert.ok(!reason.includes(piece), `it quotes the password: ${reason}`)
  }
}
