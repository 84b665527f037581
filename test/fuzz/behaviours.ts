/**
 * What handlers do: each behaviour has a name, which is the name of the user who is asked about, so that whoever reads
 * the frames knows what has to come back.
 *
 *     yes                 the same for all operations
 *     yes+throw           one for all operations but removeuser, one for that
 *     slow-3-yes          after a time
 *     anything else       true if the number of all its characters, and of the rest of the request, is even
 */
import type { Handlers, Operation, Request } from '../../src/handlers.ts'
import { type Asked, OPERATIONS, readRequest, type Says, splitFrames } from './model.ts'

interface Behaviour {
  readonly says: Says
  readonly answer: (request: Request, wait: Wait) => unknown
  /** When it answers: infinity is later than any deadline. @default 0 at once */
  readonly after?: number
}

type Wait = (after: number) => Promise<void>

/** Those that take no time, by their names. */
const AT_ONCE: Readonly<Record<string, Behaviour>> = {
  yes: { says: 'allowed', answer: () => true },
  no: { says: 'refused', answer: () => false },
  throw: { says: 'failed', answer: (request) => fail(request) },
  reject: { says: 'failed', answer: async (request) => fail(request) },
  'async-yes': { says: 'allowed', answer: async () => true },
  'async-no': { says: 'refused', answer: async () => false },
  'soon-yes': { says: 'allowed', answer: () => soon(true) },
  'soon-no': { says: 'refused', answer: () => soon(false) },
  'soon-reject': { says: 'failed', answer: (request) => soon(request).then(fail) },
  'throw-undefined': { says: 'failed', answer: () => throwThis(undefined) },
  'throw-proxy': { says: 'failed', answer: () => throwThis(HOSTILE) },
  'reject-true': { says: 'failed', answer: () => Promise.reject(true) },
  undefined: { says: 'failed', answer: () => undefined },
  null: { says: 'failed', answer: () => null },
  one: { says: 'failed', answer: () => 1 },
  zero: { says: 'failed', answer: () => 0 },
  'text-true': { says: 'failed', answer: () => 'true' },
  'async-text': { says: 'failed', answer: async () => 'true' },
  'async-undefined': { says: 'failed', answer: async () => {} },
  'boolean-object': { says: 'failed', answer: () => Object(true) },
  array: { says: 'failed', answer: () => [true] },
  function: { says: 'failed', answer: () => () => true },
  proxy: { says: 'failed', answer: () => HOSTILE },
  'then-yes': { says: 'allowed', answer: () => thenable((yes) => yes(true)) },
  'then-no': { says: 'refused', answer: () => thenable((yes) => yes(false)) },
  'then-no-then-yes': {
    says: 'refused',
    answer: () => thenable((yes) => [false, true].map(yes)),
  },
  'then-then-yes': {
    says: 'allowed',
    answer: () => thenable((yes) => yes(thenable((really) => really(true)))),
  },
  'then-text': { says: 'failed', answer: () => thenable((yes) => yes('true')) },
  'then-reject': { says: 'failed', answer: () => thenable((_yes, no) => no(new Error('no'))) },
  'then-throw': { says: 'failed', answer: () => thenable(() => throwThis(new Error('then'))) },
  'then-getter': {
    says: 'failed',
    answer: () => Object.defineProperty({}, 'then', { get: () => throwThis(new Error('getter')) }),
  },
  'then-true': { says: 'failed', answer: () => Object.defineProperty({}, 'then', { value: true }) },
}

/** Those that would disturb a process that is not careful. */
const DISTURBING: Readonly<Record<string, Behaviour>> = {
  'prints-yes': {
    says: 'allowed',
    answer: () => {
      console.log('\0\x02\0\0')
      return true
    },
  },
  exits: { says: 'failed', answer: () => process.exit(1) },
  'strays-yes': {
    says: 'allowed',
    answer: (request) => {
      void Promise.reject(new Error(`no entry for ${secretOf(request)}`))
      return true
    },
  },
}

/** Those that take a time. */
const SLOW: Readonly<Record<string, Behaviour>> = {
  'slow-1-yes': slowly(1, 'allowed', () => true),
  'slow-1-no': slowly(1, 'refused', () => false),
  'slow-2-throw': slowly(2, 'failed', fail),
  'slow-3-yes': slowly(3, 'allowed', () => true),
  'slow-4-yes': slowly(4, 'allowed', () => true),
  'slow-9-yes': slowly(9, 'allowed', () => true),
}

/** Those whose deadline comes first. The last one is never heard of again. */
const LATE: Readonly<Record<string, Behaviour>> = {
  'late-yes': late(() => true),
  'late-throw': late(fail),
  'late-soon-yes': late(() => soon(true)),
  never: { says: 'failed', after: Number.POSITIVE_INFINITY, answer: () => new Promise(() => {}) },
}

const ALL: ReadonlyMap<string, Behaviour> = new Map(
  Object.entries({ ...AT_ONCE, ...DISTURBING, ...SLOW, ...LATE }),
)

/** What shall not be in any log: the beginning of every password that has one, and of nothing else. */
export const MARK = 'hunter2'

/** Damage can make a user or a server of a password, and those are logged. */
export function hasMarkedName(stream: Buffer): boolean {
  const requests = splitFrames(stream).bodies.map(readRequest)
  return requests.some((asked) => asked !== undefined && `${asked.user} ${asked.server}`.includes(MARK))
}

/** Names to ask about: those that answer at once, those that do not, and those that no behaviour has. */
export const WORDS = {
  atOnce: Object.keys(AT_ONCE),
  /** Only for a process of its own. */
  disturbing: Object.keys(DISTURBING),
  late: Object.keys(LATE),
  slow: Object.keys(SLOW),
  others: [
    'alice',
    'bob',
    '..',
    '__proto__',
    'constructor',
    '\u00fcmit',
    '\u{1f418}',
    'yes ',
    'Yes',
    'a/b',
    'x@y',
  ],
} as const

/** How one handler behaves. */
export interface Step {
  readonly word: string
  readonly says: Says
  /** 0 is at once, and infinity later than any deadline. */
  readonly after: number
}

/** The handlers that a request comes to, in their order, and how they behave; none if there is nobody to ask. */
export function stepsFor(asked: Asked, has: (operation: string) => boolean): readonly (Step & Asked)[] {
  if (has(asked.operation)) return [stepOf(asked)]
  if (asked.operation !== 'removeuser3' || !has('auth') || !has('removeuser')) return []
  const login = stepOf({ ...asked, operation: 'auth' })
  return login.says === 'allowed'
    ? [login, stepOf({ ...asked, operation: 'removeuser', secret: undefined })]
    : [login]
}

function stepOf(asked: Asked): Step & Asked {
  const word = wordFor(asked.operation, asked.user)
  const { says, after = 0 } = ALL.get(word) ?? { says: isEven(asked) ? 'allowed' : 'refused' }
  return { ...asked, word, says, after }
}

/** Does the handler of this request take a time? */
export function takesTime({ operation, user }: Request): boolean {
  return (ALL.get(wordFor(operation, user))?.after ?? 0) > 0
}

/** Handlers that behave as the users are called. */
export function behavingHandlers(
  operations: readonly string[],
  { wait, tell = () => {} }: { wait: Wait; tell?: (request: Request) => void },
): Handlers {
  const answer = (request: Request) => {
    tell(request)
    return perform(request, wait)
  }
  return Object.fromEntries(operations.map((operation) => [operation, answer]))
}

/** What the program loads: a handlers module whose time is real. */
export function programHandlers(): Handlers {
  return behavingHandlers(OPERATIONS, {
    wait: (after) => new Promise((resolve) => setTimeout(resolve, after)),
  })
}

function perform(request: Request, wait: Wait): unknown {
  const behaviour = ALL.get(wordFor(request.operation, request.user))
  return behaviour === undefined
    ? isEven({ ...namesOf(request), secret: secretOf(request) })
    : behaviour.answer(request, wait)
}

/** What a request says, as the model writes it. */
export function askedOf(request: Request): Asked {
  return { operation: request.operation, ...namesOf(request), secret: secretOf(request) }
}

function namesOf({ user, server }: Request): { user: string; server: string } {
  return { user, server }
}

function secretOf(request: Request): string | undefined {
  if ('password' in request) return request.password
  return 'certificate' in request ? Buffer.from(request.certificate).toString('hex') : undefined
}

function isEven({ user, server, secret = '' }: Omit<Asked, 'operation'>): boolean {
  return (user.length + server.length + secret.length) % 2 === 0
}

function wordFor(operation: Operation | string, user: string): string {
  const [first = '', second = first] = user.split('+', 2)
  return operation === 'removeuser' ? second : first
}

function slowly(after: number, says: Says, answer: (request: Request) => unknown): Behaviour {
  return { says, after, answer: (request, wait) => wait(after).then(() => answer(request)) }
}

/** Where the deadline is met, what is said then counts for nothing. */
function late(answer: (request: Request) => unknown): Behaviour {
  return {
    says: 'failed',
    after: Number.POSITIVE_INFINITY,
    answer: (request) => abortOf(request).then(() => answer(request)),
  }
}

const HOSTILE: unknown = new Proxy(new Error('x'), {
  get: () => throwThis(new Error('get')),
  getPrototypeOf: () => throwThis(new Error('getPrototypeOf')),
  has: () => throwThis(new Error('has')),
})

/** Quotes the password, as clients of databases like to do. */
function fail(request: Request): never {
  throw new Error(`no entry for ${secretOf(request)}`)
}

function throwThis(thrown: unknown): never {
  throw thrown
}

function soon<Value>(value: Value): Promise<Value> {
  return new Promise((resolve) => setImmediate(resolve, value))
}

function thenable(then: (yes: (value: unknown) => void, no: (error: unknown) => void) => void): object {
  return Object.defineProperty({}, 'then', { value: then })
}

function abortOf({ signal }: Request): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
