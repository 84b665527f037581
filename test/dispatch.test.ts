import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { inspect } from 'node:util'
import { type DispatchOptions, dispatch } from '../src/dispatch.ts'
import { UndecidedError } from '../src/errors.ts'
import { Frame } from '../src/frame.ts'
import type { Handlers, Operation, Request } from '../src/handlers.ts'
import type { IncomingRequest } from '../src/incoming-request.ts'
import type { Outcome } from '../src/outcome.ts'
import { OPERATIONS, parseRequest, takesPassword } from '../src/request.ts'
import { defer, settled } from './helpers/turns.ts'
import { body } from './helpers/wire.ts'

const SECRET = 'hunter2:hunter2'
const DEADLINE = 5000

function request(operation: Operation = 'auth', password = SECRET): IncomingRequest {
  const rest = takesPassword(operation) || operation === 'certauth' ? [password] : []
  const parsed = parseRequest(Frame.of(body(operation, 'alice', 'example.org', ...rest)))
  assert.ok(!('reason' in parsed))
  return parsed
}

/** What a handler says in JavaScript, where no type stops it. */
function answering(answer: () => unknown): Handlers {
  return { auth: answer as () => boolean }
}

function ask(
  handlers: Handlers,
  asked: IncomingRequest = request(),
  options: Partial<DispatchOptions> = {},
): Outcome | Promise<Outcome> {
  return dispatch(asked, { handlers: () => handlers, deadline: DEADLINE, onLate: () => {}, ...options })
}

function reasonIn(outcome: Outcome): string | undefined {
  return 'reason' in outcome ? outcome.reason : undefined
}

const becomes = (title: string, answer: () => unknown, kind: Outcome['kind'], reason?: RegExp) =>
  test(`${title} is ${kind}`, async () => {
    const outcome = await ask(answering(answer))
    assert.equal(outcome.kind, kind)
    if (reason === undefined) assert.equal(reasonIn(outcome), undefined)
    else assert.match(reasonIn(outcome) ?? '', reason)
  })

const thenable = (then: unknown) => () => ({ then })
const never = () => new Promise(() => {})

becomes('true', () => true, 'allowed')
becomes('false', () => false, 'refused')
becomes('a promise of true', async () => true, 'allowed')
becomes('a promise of false', async () => false, 'refused')
becomes('a promise of a promise of true', async () => Promise.resolve(true), 'allowed')
becomes(
  'a thenable of true',
  thenable((resolve: (v: unknown) => void) => resolve(true)),
  'allowed',
)
becomes(
  'a thenable of false',
  thenable((resolve: (v: unknown) => void) => resolve(false)),
  'refused',
)
becomes(
  'a thenable that answers false and then true',
  thenable((resolve: (v: unknown) => void) => {
    resolve(false)
    resolve(true)
  }),
  'refused',
)
becomes(
  'a thenable that answers true and then throws',
  thenable((resolve: (v: unknown) => void) => {
    resolve(true)
    throw new Error('too late')
  }),
  'allowed',
)
becomes(
  'a thenable that rejects',
  thenable((_: unknown, reject: (e: unknown) => void) => reject(new Error('no database'))),
  'failed',
  /^Error: no database$/,
)
becomes(
  'a thenable whose then throws',
  thenable(() => {
    throw new Error('broken then')
  }),
  'failed',
  /broken then/,
)
becomes(
  'an object whose then cannot be read',
  () =>
    Object.defineProperty({}, 'then', {
      get() {
        throw new Error('broken getter')
      },
    }),
  'failed',
  /broken getter/,
)
becomes('an object whose then is no function', thenable(true), 'failed', /returned object/)

for (const [title, value, type] of [
  ['undefined', undefined, 'undefined'],
  ['null', null, 'null'],
  ["'yes'", 'yes', 'string'],
  ["''", '', 'string'],
  ["'true'", 'true', 'string'],
  ['1', 1, 'number'],
  ['0', 0, 'number'],
  ['{}', {}, 'object'],
  ['an array', [true], 'array'],
  ['new Boolean(true)', Object(true), 'object'],
  ['a function', () => true, 'function'],
  ['a symbol', Symbol('no handler'), 'symbol'],
] as const) {
  const reason = new RegExp(`^the handler returned ${type} instead of true or false$`)
  becomes(title, () => value, 'failed', reason)
  becomes(`a promise of ${title}`, async () => value, 'failed', reason)
}

const hostile = new Proxy(new Error('x'), {
  get() {
    throw new Error('get')
  },
  getPrototypeOf() {
    throw new Error('getPrototypeOf')
  },
})
const throwingGetter = Object.defineProperty(new Error('x'), 'message', {
  get() {
    throw new Error('no message')
  },
})
for (const [title, thrown, reason] of [
  ['an Error', new Error('no database'), /^Error: no database$/],
  ['a TypeError', new TypeError('x is undefined'), /^TypeError: x is undefined$/],
  ['undefined', undefined, /^a thrown undefined$/],
  ['null', null, /^a thrown null$/],
  ['a text', 'no database', /^a thrown string 'no database'$/],
  ['false', false, /^a thrown boolean false$/],
  ['true', true, /^a thrown boolean true$/],
  ['an Error whose message cannot be read', throwingGetter, /^an error that cannot be described$/],
  ['a Proxy that answers nothing', hostile, /^an error that cannot be described$/],
] as const) {
  const fail = () => {
    throw thrown
  }
  becomes(`to throw ${title}`, fail, 'failed', reason)
  becomes(`to reject with ${title}`, () => Promise.reject(thrown), 'failed', reason)
}

test('what a synchronous handler says comes without a promise and without a timer', (t) => {
  const timer = t.mock.method(globalThis, 'setTimeout')
  assert.deepEqual(
    [() => true, () => false, () => 1]
      .map((answer) => ask(answering(answer)))
      .map((outcome) => 'kind' in outcome),
    [true, true, true],
  )
  assert.equal(timer.mock.callCount(), 0)
})

for (const operation of OPERATIONS as ReadonlySet<Operation>) {
  test(`${operation} asks the handler of that name, with the request, and no other`, async () => {
    const seen: Request[] = []
    const handlers = Object.fromEntries(
      [...OPERATIONS].map((name) => [
        name,
        (given: Request) => {
          seen.push(given)
          return name === operation
        },
      ]),
    )
    const asked = request(operation)
    assert.deepEqual(await ask(handlers, asked), { kind: 'allowed' })
    assert.deepEqual(seen, [asked])
    assert.equal(seen[0], asked)
  })
  test(`${operation} without a handler is refused, and it is said why`, async () => {
    const outcome = await ask({ close() {} }, request(operation))
    assert.deepEqual(outcome, { kind: 'refused', reason: 'no handler for this operation' })
  })
}

test('a handler keeps its `this`, in a class instance and its getters', async () => {
  class Accounts implements Handlers {
    readonly #password: string = SECRET
    auth({ password }: { password: string }) {
      return password === this.#password
    }
    get isuser() {
      return () => this.#password !== ''
    }
  }
  assert.deepEqual(await ask(new Accounts()), { kind: 'allowed' })
  assert.deepEqual(await ask(new Accounts(), request('isuser')), { kind: 'allowed' })
})
test('what nobody can find out by choice is failed, and marked as no fault', async () => {
  const isuser = () => {
    throw new UndecidedError('who exists is not known')
  }
  assert.deepEqual(await ask({ isuser }, request('isuser')), {
    kind: 'failed',
    reason: 'who exists is not known',
    undecided: true,
  })
})

test('a handler that cannot be read is failed', async () => {
  const handlers = {
    get auth(): never {
      throw new Error('no such key')
    },
  }
  assert.deepEqual(await ask(handlers), { kind: 'failed', reason: 'Error: no such key' })
})
test('a handler that is no function is failed', async () => {
  assert.equal((await ask({ auth: null } as unknown as Handlers)).kind, 'failed')
})
test('handlers that cannot be had are failed', async () => {
  const none = () => {
    throw new Error('not loaded')
  }
  assert.deepEqual(await ask({}, request(), { handlers: none }), {
    kind: 'failed',
    reason: 'Error: not loaded',
  })
  const later = () => Promise.reject(new Error('never loaded'))
  assert.deepEqual(await ask({}, request(), { handlers: later }), {
    kind: 'failed',
    reason: 'Error: never loaded',
  })
})
test('handlers may be on their way when the request comes', async () => {
  const handlers = defer<Handlers>()
  const outcome = ask({}, request(), { handlers: () => handlers.promise })
  handlers.resolve({ auth: () => true })
  assert.deepEqual(await outcome, { kind: 'allowed' })
})

/** Runs with timers that only move when they are told to. */
const timed = (title: string, run: (tick: (ms: number) => Promise<void>) => Promise<void>) =>
  test(title, async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      await run(async (ms) => {
        mock.timers.tick(ms)
        await settled()
      })
    } finally {
      mock.timers.reset()
    }
  })

const stays = (title: string, answer: () => unknown) =>
  timed(`${title} is failed at the deadline and not before`, async (tick) => {
    const became: Outcome[] = []
    const done = Promise.resolve(ask(answering(answer))).then((outcome) => became.push(outcome))
    await tick(DEADLINE - 1)
    assert.deepEqual(became, [])
    await tick(1)
    await done
    assert.deepEqual(became, [{ kind: 'failed', reason: 'no answer within 5000 ms' }])
  })
stays('a promise that never settles', never)
stays(
  'a thenable that never settles',
  thenable(() => {}),
)
stays('a promise of a thenable that never settles', () => Promise.resolve(thenable(() => {})()))

timed('handlers that never come are failed at the deadline', async (tick) => {
  const outcome = ask({}, request(), { handlers: () => never() as Promise<Handlers> })
  await tick(DEADLINE)
  assert.equal((await outcome).kind, 'failed')
})

timed('an answer in time counts, and no deadline follows', async (tick) => {
  const answer = defer<boolean>()
  const asked = request()
  const outcome = ask(
    answering(() => answer.promise),
    asked,
  )
  await tick(DEADLINE - 1)
  answer.resolve(true)
  assert.deepEqual(await outcome, { kind: 'allowed' })
  await tick(DEADLINE)
  assert.equal(asked.signal.aborted, false)
})

const late = (
  title: string,
  settle: (answer: ReturnType<typeof defer<boolean>>) => void,
  expected: Outcome,
) =>
  timed(`${title} after the deadline changes nothing, and is told`, async (tick) => {
    const answer = defer<boolean>()
    const told: Outcome[] = []
    const outcome = ask(
      answering(() => answer.promise),
      request(),
      { onLate: (said) => told.push(said) },
    )
    await tick(DEADLINE)
    assert.equal((await outcome).kind, 'failed')
    assert.deepEqual(told, [])
    settle(answer)
    await settled()
    assert.deepEqual(told, [expected])
    assert.equal((await outcome).kind, 'failed')
  })
late('true', ({ resolve }) => resolve(true), { kind: 'allowed' })
late('false', ({ resolve }) => resolve(false), { kind: 'refused' })
late('a rejection', ({ reject }) => reject(new Error('gone')), { kind: 'failed', reason: 'Error: gone' })

timed('at the deadline the signal is aborted with a TimeoutError', async (tick) => {
  const reasons: unknown[] = []
  const outcome = ask({
    auth: ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason.name))
      return new Promise(() => {})
    },
  })
  await tick(DEADLINE - 1)
  assert.deepEqual(reasons, [])
  await tick(1)
  await outcome
  assert.deepEqual(reasons, ['TimeoutError'])
})
timed('a signal that is first looked at after the deadline is aborted', async (tick) => {
  const asked = request()
  const outcome = ask(answering(never), asked)
  await tick(DEADLINE)
  await outcome
  assert.equal(asked.signal.aborted, true)
})
test('no signal is made unless somebody looks at it', async (t) => {
  const made = t.mock.method(globalThis, 'AbortController', function AbortController() {
    throw new Error('made')
  } as unknown as typeof globalThis.AbortController)
  assert.equal((await ask(answering(async () => true))).kind, 'allowed')
  assert.equal(made.mock.callCount(), 0)
  assert.deepEqual(await ask({ auth: ({ signal }) => signal.aborted }), {
    kind: 'failed',
    reason: 'Error: made',
  })
})

interface Removal {
  readonly auth?: () => unknown
  readonly removeuser?: () => unknown
}

const removes = (title: string, handlers: Removal, kind: Outcome['kind'], calls: string) =>
  test(`removeuser3 without a handler of its own: ${title}`, async () => {
    const called: string[] = []
    const recorded = Object.fromEntries(
      Object.entries(handlers).map(([name, handler]) => [
        name,
        (given: Request) => {
          called.push([name, given.operation, given.user, given.server, 'password' in given].join())
          return handler()
        },
      ]),
    )
    assert.equal((await ask(recorded, request('removeuser3'))).kind, kind)
    assert.equal(called.join(' '), calls)
  })
const yes = () => true
const no = () => false
const fail = () => {
  throw new Error('no database')
}
const AUTH = 'auth,auth,alice,example.org,true'
const BOTH = `${AUTH} removeuser,removeuser,alice,example.org,false`
removes('auth, then removeuser', { auth: yes, removeuser: yes }, 'allowed', BOTH)
removes('both may be asynchronous', { auth: async () => true, removeuser: async () => true }, 'allowed', BOTH)
removes('a wrong password is refused', { auth: no, removeuser: yes }, 'refused', AUTH)
removes('a wrong password is refused later', { auth: async () => false, removeuser: yes }, 'refused', AUTH)
removes('an auth that fails is failed', { auth: fail, removeuser: yes }, 'failed', AUTH)
removes('an auth that rejects is failed', { auth: async () => fail(), removeuser: yes }, 'failed', AUTH)
removes("an auth that says 'yes' is failed", { auth: () => 'yes', removeuser: yes }, 'failed', AUTH)
removes(
  "an auth that says 'yes' later is failed",
  { auth: async () => 'yes', removeuser: yes },
  'failed',
  AUTH,
)
removes('a refused removal is refused', { auth: yes, removeuser: no }, 'refused', BOTH)
removes('a failed removal is failed', { auth: yes, removeuser: fail }, 'failed', BOTH)
removes('a removal that says nothing is failed', { auth: yes, removeuser: () => undefined }, 'failed', BOTH)
removes('without auth it is refused', { removeuser: yes }, 'refused', '')
removes('without removeuser it is refused, and no password is tried', { auth: yes }, 'refused', '')
removes(
  'an auth that is a thenable whose then returns nothing is waited for',
  { auth: thenable((resolve: (v: unknown) => void) => queueMicrotask(() => resolve(true))), removeuser: yes },
  'allowed',
  BOTH,
)
test('removeuser3 has its own handler if there is one', async () => {
  const handlers = { removeuser3: yes, auth: fail, removeuser: fail }
  assert.equal((await ask(handlers, request('removeuser3'))).kind, 'allowed')
})
test('the parts of a removeuser3 share its signal and its password', async () => {
  const asked = request('removeuser3')
  const signals: AbortSignal[] = []
  await ask(
    {
      auth({ signal, password }) {
        signals.push(signal)
        return password === SECRET
      },
      removeuser({ signal }) {
        signals.push(signal)
        return true
      },
    },
    asked,
  )
  assert.equal(signals.length, 2)
  assert.ok(signals.every((signal) => signal === asked.signal))
})
timed('an auth that is right only after the deadline removes nothing', async (tick) => {
  const answer = defer<boolean>()
  const told: Outcome[] = []
  let removed = false
  const handlers = {
    auth: () => answer.promise,
    removeuser: () => {
      removed = true
      return true
    },
  }
  const outcome = ask(handlers, request('removeuser3'), { onLate: (said) => told.push(said) })
  await tick(DEADLINE)
  assert.equal((await outcome).kind, 'failed')
  answer.resolve(true)
  await settled()
  assert.equal(removed, false)
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['failed'],
  )
})

test('an error that quotes the secret of a request does not get it into the reason', async () => {
  for (const message of [`bad password ${SECRET}`, `/auth?p=${encodeURIComponent(SECRET)}`]) {
    for (const operation of ['auth', 'setpass', 'tryregister', 'removeuser3', 'certauth'] as const) {
      for (const handler of [
        () => {
          throw new Error(message)
        },
        () => Promise.reject(new Error('outer', { cause: new Error(message) })),
      ]) {
        const outcome = await ask({ [operation]: handler }, request(operation))
        assert.equal(outcome.kind, 'failed')
        assert.match(
          reasonIn(outcome) ?? '',
          /^Error.* \(the message may quote the password and is left out\)$/,
        )
        assert.doesNotMatch(reasonIn(outcome) ?? '', /hunter2/)
      }
    }
  }
})

/** The first bytes of a certificate in DER, and some that are no text. */
const DER = Buffer.from('3082025930820200a00302010202149f', 'hex')
for (const [spelling, text] of [
  ['hexadecimal', DER.toString('hex')],
  ['Base64', DER.toString('base64')],
  ['numbers', inspect(Uint8Array.from(DER), { breakLength: Number.POSITIVE_INFINITY })],
  ['what text its bytes are', DER.toString()],
] as const) {
  test(`an error that quotes a certificate in DER as ${spelling} does not get it into the reason`, async () => {
    const asked = parseRequest(Frame.of(Buffer.concat([Buffer.from('certauth:alice:example.org:'), DER])))
    assert.ok(!('reason' in asked))
    const certauth = () => {
      throw new Error(`cannot parse ${text}`)
    }
    const reason = reasonIn(await ask({ certauth }, asked))
    assert.match(reason ?? '', /^Error \(.*is left out\)$/)
  })
}
