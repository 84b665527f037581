/** What is asked on pipes, and what the answer has to be. */
import type { Random } from '../fuzz/random.ts'
import { body } from '../helpers/wire.ts'
import { HOSTS } from './handlers.ts'

/** In every password, and in no log. */
export const MARK = 'hunter2'

/** The body of a reply, in hexadecimal. */
export const REPLY = { yes: '0001', no: '0000', neither: '0002' } as const

/** One question. */
export interface Question {
  readonly kind: 'instant' | 'store' | 'hash' | 'malformed' | 'late'
  readonly body: Buffer
  readonly reply: keyof typeof REPLY
  /** Keeps what the answer has changed. */
  readonly then?: () => void
}

/** The passwords of all accounts there are. */
export type Truth = Map<string, string>

/** Names of accounts: usual ones, and some that have been trouble elsewhere. */
export const NAMES: readonly string[] = [
  ...Array.from({ length: 40 }, (_, index) => `user${index}`),
  ...['j\u00fcrgen', '..', "o'brien", 'percent%41', 'x'.repeat(1023), '\u{1f418}', '-', '__proto__'],
]

/** One of those that are answered at once. */
export function question(random: Random, truth: Truth): Question {
  const kind = random.below(100)
  if (kind < 2) return malformed(random)
  return kind < 20 ? storeQuestion(random, truth) : instantQuestion(random)
}

/** One that the instant handlers answer. */
export function instantQuestion(random: Random): Question {
  const known = random.oneIn(2)
  const user = `${known ? 'known' : 'nobody'}${random.below(2 ** 32)}`
  const asked = (
    reply: keyof typeof REPLY,
    operation: string,
    ...rest: (string | Uint8Array)[]
  ): Question => ({
    kind: 'instant',
    body: body(operation, user, HOSTS.instant, ...rest),
    reply,
  })
  switch (random.below(9)) {
    case 0:
      return asked('no', 'auth', `for ${user} ${MARK}`)
    case 1:
      return asked(known ? 'yes' : 'no', 'isuser')
    case 2:
      return asked(known ? 'yes' : 'neither', 'setpass', MARK)
    case 3:
      return asked(known ? 'no' : 'yes', 'tryregister', MARK)
    case 4:
      return asked('yes', 'removeuser')
    case 5:
      return asked('yes', 'removeuser3', `for ${user}`)
    case 6: {
      const length = random.between(1, 3000)
      return asked(length % 2 === 0 ? 'yes' : 'no', 'certauth', Buffer.alloc(length, random.below(256)))
    }
    case 7:
      return { kind: 'instant', body: body('auth', 'thrower', HOSTS.instant, MARK), reply: 'neither' }
    default:
      return asked('yes', 'auth', `for ${user}`)
  }
}

/** One whose handler never answers, so that its deadline does. */
export function lateQuestion(): Question {
  return { kind: 'late', body: body('auth', 'never', HOSTS.instant, MARK), reply: 'neither' }
}

/** Is this user there? */
export function existence(user: string, truth: Truth): Question {
  return {
    kind: 'store',
    body: body('isuser', user, HOSTS.store),
    reply: truth.has(user) ? 'yes' : 'no',
  }
}

/** Does the account store let this user in? */
export function loginQuestion(user: string, password: string, truth: Truth): Question {
  const isRight = truth.get(user) === password
  return {
    kind: isRight ? 'store' : 'hash',
    body: body('auth', user, HOSTS.store, password),
    reply: isRight ? 'yes' : 'no',
  }
}

function storeQuestion(random: Random, truth: Truth): Question {
  const user = random.oneIn(10) ? `stranger${random.below(2 ** 32)}` : random.pick(NAMES)
  const password = truth.get(user)
  return random.oneIn(2) && password !== undefined
    ? loginQuestion(user, password, truth)
    : existence(user, truth)
}

/** One that takes a hash, as a rule: about a login that fails, or a change. */
export function hashQuestion(random: Random, truth: Truth): Question {
  const user = random.pick(NAMES)
  const password = truth.get(user)
  const other = `${MARK}:\u20ac${random.below(2 ** 32)}`
  const asked = (
    reply: keyof typeof REPLY,
    operation: string,
    secret?: string,
    then = () => {},
  ): Question => ({
    kind: 'hash',
    body: body(operation, user, HOSTS.store, ...(secret === undefined ? [] : [secret])),
    reply,
    then,
  })
  const remembers = () => void truth.set(user, other)
  const forgets = () => void truth.delete(user)
  if (password === undefined) {
    const choice = random.below(6)
    if (choice === 0) return asked('no', 'auth', other)
    if (choice === 1) return asked('neither', 'setpass', other)
    return choice === 2 ? asked('yes', 'removeuser') : asked('yes', 'tryregister', other, remembers)
  }
  switch (random.below(8)) {
    case 0:
      return asked('yes', 'setpass', other, remembers)
    case 1:
      return asked('no', 'tryregister', other)
    case 2:
      return asked('yes', 'tryregister', password)
    case 3:
      return asked('yes', 'removeuser', undefined, forgets)
    case 4:
      return asked('no', 'removeuser3', other)
    case 5:
      return asked('yes', 'removeuser3', password, forgets)
    default:
      return loginQuestion(user, other, truth)
  }
}

function malformed(random: Random): Question {
  const wrong = random.pick([
    Buffer.alloc(0),
    Buffer.from('auth'),
    Buffer.from('AUTH:alice:store.test:x'),
    Buffer.from('isuser:alice'),
    Buffer.from('isuser::store.test'),
    Buffer.from('isuser:alice:store.test:more'),
    Buffer.from('auth:\xff\xfe:store.test:x', 'latin1'),
    Buffer.from('constructor:alice:store.test:x'),
    Buffer.alloc(65_535, 'x'),
    Buffer.from(random.list(random.between(1, 200), () => random.between(0x80, 0xff))),
  ])
  return { kind: 'malformed', body: wrong, reply: 'no' }
}
