/**
 * Handlers that do with a password what they should not: the user says what.
 *
 * The program loads this file, and the tests its tables.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'node:url'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { CertificateRequest, Handlers, PasswordRequest } from '../../src/handlers.ts'

type Act = (secret: string, request: PasswordRequest | CertificateRequest) => unknown

/** What became of a request. */
export type Became = 'allowed' | 'refused' | 'failed'

const fail = (thrown: unknown): never => {
  throw thrown
}
const failWith = (message: string, properties: object = {}): never =>
  fail(Object.assign(new Error(message), properties))

/** Errors that quote the password: each of them is a request that failed. */
export const QUOTING: Readonly<Record<string, Act>> = {
  'in a message': (secret) => failWith(`no entry for ${secret}`),
  'in a rejection': (secret) => Promise.reject(new Error(secret)),
  'in the message of a cause': (secret) => failWith('failed', { cause: new Error(secret) }),
  'in a text as cause': (secret) => failWith('failed', { cause: secret }),
  'in a cause far down': (secret) =>
    failWith('a', { cause: new Error('b', { cause: new Error('c', { cause: { secret } }) }) }),
  'in an AggregateError': (secret) =>
    fail(new AggregateError([new Error(secret), new Error('b')], 'all failed')),
  'in the last of an AggregateError': (secret) =>
    fail(new AggregateError([new Error('a'), new Error(secret)], secret)),
  'in an own property': (secret) => failWith('failed', { sql: secret, parameters: [secret] }),
  'in a property of a property': (secret) => failWith('failed', { request: { body: { secret } } }),
  'in a name': (secret) => failWith('failed', { name: secret }),
  'in a code': (secret) => failWith('failed', { code: secret }),
  'in a stack': (secret) => failWith('failed', { stack: secret }),
  'in the name of a class': (secret) =>
    fail(new ({ [secret]: class extends Error {} }[secret] as typeof Error)('failed')),
  'in a thrown text': (secret) => fail(secret),
  'in a rejected text': (secret) => Promise.reject(secret),
  'in a thrown object': (secret) => fail({ message: secret, [secret]: secret }),
  'in a thrown object that says what it is': (secret) =>
    fail({ [Symbol.toStringTag]: secret, toString: () => secret }),
  'in a thrown list': (secret) => fail([secret]),
  'in a thrown map': (secret) => fail(new Map([[secret, secret]])),
  'in a thrown symbol': (secret) => fail(Symbol(secret)),
  'in a thrown function': (secret) => fail(Object.defineProperty(() => {}, 'name', { value: secret })),
  'in the thrown request': (_secret, request) => fail(request),
  'in a returned text': (secret) => secret,
  'in a promise of an object': (secret) => Promise.resolve({ secret }),
  'in a query': (secret) => failWith(`GET /login?${new URLSearchParams({ secret })} failed`),
  'in a path': (secret) => failWith(`/login/${encodeURIComponent(secret)} is not there`),
  'in the credentials of a URL': (secret) =>
    failWith(`no https://x:${encodeURIComponent(secret)}@localhost/`),
  'as SASL PLAIN': (secret) => failWith(`bad auth ${Buffer.from(`\0alice\0${secret}`).toString('base64')}`),
  'as HTTP Basic': (secret) =>
    failWith(`Basic ${Buffer.from(`alice:${secret}`).toString('base64url')} is refused`),
  'as hex': (secret) => failWith(`near 0x${Buffer.from(secret).toString('hex')}`),
  'as HEX': (secret) => failWith(`near ${Buffer.from(secret).toString('hex').toUpperCase()}`),
  'as bytes': (secret) => failWith(inspect(Buffer.from(secret))),
  'as numbers': (secret) => failWith(JSON.stringify(Buffer.from(secret))),
  'as JSON': (secret) => failWith(`bad body ${JSON.stringify({ secret })}`),
  'as JSON in JSON': (secret) => failWith(JSON.stringify(JSON.stringify({ secret }))),
  'as SQL': (secret) => failWith(`near '${secret.replaceAll("'", "''")}'`),
  'in capitals': (secret) => failWith(secret.toUpperCase()),
  'without its end': (secret) => failWith(`near "${secret.slice(0, 9)}..."`),
  'without its beginning': (secret) => failWith(`near "...${secret.slice(6)}"`),
  'at the end of what is logged of a message': (secret) => failWith('x'.repeat(470) + secret),
  'as Node.js quotes a URL': (secret) => new URL(`//${secret}`),
  'as Node.js quotes JSON': (secret) => JSON.parse(`{"a":${secret}}`),
  'as Node.js quotes a difference': (secret) => assert.equal(secret, 'another'),
  'as Node.js quotes a header': (secret) => new Headers({ authorization: `${secret}\n\0` }),
  'as Node.js quotes a path': (secret) => readFileSync(`/nonexistent/${secret}`),
  'as Node.js quotes a pattern': (secret) => new RegExp(`${secret}(`),
  'as Node.js quotes an encoding': (secret) => Buffer.from(secret, secret as BufferEncoding),
  'as Node.js quotes a command': (secret) => execFileSync('/nonexistent/command', [secret]),
  'as fetch quotes a URL': (secret) => fetch(`http://alice:${encodeURIComponent(secret)}@127.0.0.1:1/`),
  'as fetch says that nobody is there': (secret) => fetch(`http://127.0.0.1:1/${encodeURIComponent(secret)}`),
}

/** As deep as somebody could look who wants to know what a request is. */
const DEEP = { depth: 9, showHidden: true, customInspect: false } as const

/** Lets what was started get into trouble, and says yes. */
const settled = () => delay(5, true)

/** Does something when nobody waits for it any more. */
function later(act: () => void): Promise<boolean> {
  setImmediate(act)
  return settled()
}

/** What is no error of the request's, and what then becomes of it. */
export const OTHERS: Readonly<Record<string, readonly [act: Act, became: Became]>> = {
  'says yes': [() => true, 'allowed'],
  'says no': [() => false, 'refused'],
  'exits with it': [(secret) => process.exit(secret), 'failed'],
  'prints the request': [
    (_secret, request) => {
      console.log(request, `${request}`)
      console.error('%o %O %j %s', request, request, request, request)
      console.dir(request, DEEP)
      console.table(request)
      process.stdout.write(`${inspect({ request }, DEEP)} ${JSON.stringify([request])}\n`)
      return true
    },
    'allowed',
  ],
  'prints a copy of the request': [
    (_secret, request) => {
      console.log({ ...request }, Object.entries(request), structuredClone(request))
      return true
    },
    'allowed',
  ],
  'throws it out of nowhere': [(secret) => later(() => failWith(secret)), 'allowed'],
  'throws it as a text out of nowhere': [(secret) => later(() => fail(secret)), 'allowed'],
  'throws it as a cause out of nowhere': [
    (secret) => later(() => failWith('a', { cause: new AggregateError([secret], secret) })),
    'allowed',
  ],
  'emits it as an error that nobody hears': [
    (secret) => later(() => new EventEmitter().emit('error', { secret })),
    'allowed',
  ],
  'forgets a promise that is rejected with it': [
    (secret) => later(() => void Promise.reject(new Error(secret))),
    'allowed',
  ],
  'forgets a promise that is rejected with a text': [
    (secret) => later(() => void Promise.reject(secret)),
    'allowed',
  ],
  'has a thread that dies of it': [
    (secret) => {
      const code = 'throw new Error(require("node:worker_threads").workerData)'
      const thread = new Worker(code, { eval: true, workerData: secret, stderr: true })
      return new Promise((resolve) => thread.once('exit', () => resolve(true)))
    },
    'allowed',
  ],
  'warns of it': [(secret) => later(() => process.emitWarning(`slow query: ${secret}`)), 'allowed'],
  'warns of it in its own words': [
    (secret) => later(() => process.emitWarning(secret, { type: 'SlowQuery', code: 'SLOW', detail: secret })),
    'allowed',
  ],
  'has Node.js warn of it': [
    (secret) => later(() => void parse(`postgres://alice:${encodeURIComponent(secret)}@localhost:5x/`)),
    'allowed',
  ],
}

/** The deadline for these, in seconds. */
export const SHORT = 0.2
const tooLate: Promise<unknown>[] = []

/** Waits until the deadline is over, and somewhat longer; the end of the program waits for it. */
function late(act: () => unknown): Promise<unknown> {
  const answer = delay(SHORT * 1500).then(act)
  tooLate.push(answer)
  return answer
}

/** What has failed before it comes. */
export const LATE: Readonly<Record<string, Act>> = {
  'never answers': () => new Promise(() => {}),
  'fails too late': (secret) => late(() => failWith(secret)),
  'fails too late with a cause': (secret) => late(() => failWith('failed', { cause: { secret } })),
  'answers nonsense too late': (secret) => late(() => secret),
}

/** What nobody can keep from being written: the search has to find it. */
export const CONTROLS: Readonly<Record<string, Act>> = {
  'in a file of its own': (secret) => writeFileSync(join(tmpdir(), 'mine'), secret),
  'in the name of a folder': (secret) => mkdirSync(join(tmpdir(), Buffer.from(secret).toString('base64url'))),
  'in the working directory, encoded': (secret) => writeFileSync('dump', encodeURIComponent(secret)),
  'on standard error': (secret) => console.log(`password: ${secret}`),
  'in the title of the process': (secret) => {
    process.title = secret
  },
}

/** What only shows while it is done. */
export const FLEETING: Readonly<Record<string, Act>> = {
  'in a file that is taken away again': (secret) => {
    writeFileSync(join(tmpdir(), 'mine'), secret)
    rmSync(join(tmpdir(), 'mine'))
  },
}

const ALL: Readonly<Record<string, Act>> = {
  ...QUOTING,
  ...Object.fromEntries(Object.entries(OTHERS).map(([name, [act]]) => [name, act])),
  ...LATE,
  ...CONTROLS,
  ...FLEETING,
}

function behave(request: PasswordRequest | CertificateRequest): never {
  const secret = 'password' in request ? request.password : Buffer.from(request.certificate).toString()
  return ALL[request.user]?.(secret, request) as never
}

const handlers: Handlers = {
  auth: behave,
  setpass: behave,
  tryregister: behave,
  removeuser3: behave,
  certauth: behave,
  isuser: () => true,
  removeuser: () => true,
  close: () => Promise.allSettled(tooLate).then(() => {}),
}
export default handlers
