/**
 * Asks one question as ejabberd does, and says the answer in words.
 *
 * @module
 */
import { PassThrough } from 'node:stream'
import { Client } from '../client.ts'
import { UsageError } from '../errors.ts'
import { encodeFrame } from '../frame.ts'
import type { Handlers, Operation } from '../handlers.ts'
import { createLog, type Log } from '../log.ts'
import { logOutput } from '../log-output.ts'
import { hintFor } from '../nearest.ts'
import { ALLOWED, failed, type Outcome, REFUSED } from '../outcome.ts'
import { keepExit, surviveStrangers } from '../process.ts'
import { reasonOf } from '../reason.ts'
import { decodeReply, encodeReply } from '../reply.ts'
import { isOperation, OPERATIONS, takesPassword } from '../request.ts'
import { serveConnection } from '../serve.ts'
import type { Io } from './io.ts'
import { type Options, parseOptions } from './options.ts'
import { readPassword } from './password.ts'
import { loadHandlers } from './source.ts'

const STATUS = { allowed: 0, refused: 1, failed: 3 } as const satisfies Record<Outcome['kind'], number>

/**
 * Sends one frame through the handlers that the options name or, after `--`, through any other program.
 *
 * @returns The exit status: 0 allowed, 1 refused, 3 failed.
 * @throws {UsageError} If the arguments cannot be understood.
 */
export async function call(args: readonly string[], io: Io): Promise<number> {
  const separator = args.indexOf('--')
  const own = separator === -1 ? args : args.slice(0, separator)
  const program = separator === -1 ? [] : args.slice(separator + 1)
  // What is asked for is the answer; of the log, only trouble is news.
  const { options, positionals } = parseOptions(['--log-level', 'warn', ...own])
  const question = await readQuestion(positionals, io)
  const heard = await (program.length > 0
    ? askProgram(program, options, question)
    : askHandlers(options, question, io))
  const text = options.json ? toJson(question, heard) : inWords(question, heard)
  await new Promise<void>((resolve) => io.stdout.write(text, () => resolve()))
  return STATUS[heard.outcome.kind]
}

/** What came back. */
interface Heard {
  readonly outcome: Outcome
  /** The bytes that ejabberd gets; `undefined` if it gets none. */
  readonly reply: Buffer | undefined
}

interface Question {
  readonly operation: Operation
  readonly user: string
  readonly server: string
  readonly body: Buffer
}

async function readQuestion(positionals: readonly string[], io: Io): Promise<Question> {
  const [operation, user, server] = wordsOf(positionals)
  if (!isOperation(operation)) {
    throw new UsageError(`Unknown operation ${operation}: ${hintFor(operation, [...OPERATIONS])}`)
  }
  const head = Buffer.from(`${operation}:${user}:${server}`)
  if (takesPassword(operation)) {
    const password = await readPassword(io, { prompt: `Password of ${user}@${server}: ` })
    return { operation, user, server, body: Buffer.concat([head, Buffer.from(`:${password}`)]) }
  }
  if (operation !== 'certauth') return { operation, user, server, body: head }
  const certificate = Buffer.concat(await io.stdin.toArray())
  return { operation, user, server, body: Buffer.concat([head, Buffer.from(':'), certificate]) }
}

/** OPERATION USER SERVER, or OPERATION USER@SERVER as it is written elsewhere. */
function wordsOf(positionals: readonly string[]): readonly [string, string, string] {
  const [operation, user, server, ...rest] = positionals
  const at = user?.indexOf('@') ?? -1
  if (operation !== undefined && user !== undefined && rest.length === 0) {
    if (server !== undefined && at === -1) return [operation, user, server]
    if (server === undefined && at !== -1) return [operation, user.slice(0, at), user.slice(at + 1)]
  }
  // Not quoted: one of them may be a password.
  const hint =
    positionals.length > 3 ? '; a password is asked for, and never taken from the command line' : ''
  throw new UsageError(`Expected call OPERATION USER SERVER, got ${positionals.length} words${hint}`)
}

/** The way of a frame from ejabberd, but for the pipe. */
async function askHandlers(options: Options, question: Question, io: Io): Promise<Heard> {
  const { strict, logLevel, logFile } = options
  const log = createLog(logOutput(logFile, io.stderr).writeLine, logLevel)
  // An exit, or an end by a stray exception, would look like an answer to a script.
  keepExit()
  surviveStrangers(log)
  // What a handler prints is not the answer.
  Object.defineProperty(process, 'stdout', { value: process.stderr, configurable: true })
  const outcome = await loadHandlers(options).then(
    (handlers) => serveOnce(handlers, question, options, log),
    (error) => failed(reasonOf(error)),
  )
  return { outcome, reply: encodeReply(outcome, question.operation, strict) }
}

async function serveOnce(
  handlers: Handlers,
  { body }: Question,
  options: Options,
  log: Log,
): Promise<Outcome> {
  const { timeout, strict } = options
  const [input, output] = [new PassThrough(), new PassThrough()]
  const client = new Client(input, output)
  let outcome = failed('no outcome')
  const onOutcome = (became: Outcome) => {
    outcome = became
  }
  const [source, close] = [() => handlers, () => handlers.close?.()]
  const served = serveConnection({ input, output, handlers: source, timeout, strict, log, close, onOutcome })
  await client.exchange(body)
  await client.close()
  await served
  return outcome
}

/** Another program says no more than its reply does: a refused `setpass` of ours counts as failed there. */
async function askProgram(
  [file = '', ...args]: readonly string[],
  { timeout }: Options,
  { body }: Question,
): Promise<Heard> {
  const client = Client.start([file, ...args], { timeout })
  try {
    const reply = await client.exchange(body)
    return { outcome: outcomeOf(reply), reply: encodeFrame(reply) }
  } catch (error) {
    return { outcome: failed(reasonOf(error)), reply: undefined }
  } finally {
    await client.close()
  }
}

function outcomeOf(reply: Buffer): Outcome {
  try {
    return decodeReply(reply) === true ? ALLOWED : REFUSED
  } catch (error) {
    return failed(reasonOf(error))
  }
}

function toJson({ operation, user, server }: Question, { outcome }: Heard): string {
  const reason = 'reason' in outcome ? outcome.reason : undefined
  return `${JSON.stringify({ operation, user, server, outcome: outcome.kind, reason })}\n`
}

function inWords({ operation, user, server }: Question, { outcome, reply }: Heard): string {
  const reason = 'reason' in outcome && outcome.reason !== undefined ? ` (${outcome.reason})` : ''
  const told = reply === undefined ? 'nothing' : hex(reply)
  return (
    `${operation} ${user}@${server}: ${outcome.kind}${reason}\n` +
    `ejabberd is told ${told}: ${MEANING[operation][outcome.kind]}\n`
  )
}

const SHOWN = 8

function hex(bytes: Buffer): string {
  const shown = bytes.toString('hex', 0, SHOWN).replace(/..(?=.)/g, '$& ')
  return bytes.length > SHOWN ? `${shown} ... (${bytes.length} bytes)` : shown
}

/** What becomes of it in ejabberd. */
const MEANING: Readonly<Record<Operation, Readonly<Record<Outcome['kind'], string>>>> = {
  auth: {
    allowed: 'the user is logged in',
    refused: 'the login is refused (not-authorized)',
    failed: 'the login is refused this time, and nothing is remembered',
  },
  isuser: {
    allowed: 'there is such a user',
    refused: 'there is no such user, and messages to it bounce',
    failed: 'messages to the user bounce this time, and nothing is remembered',
  },
  setpass: {
    allowed: 'the password is changed',
    refused: 'the password is not changed, and the client gets an error',
    failed: 'the password is not changed, and the client gets an error',
  },
  tryregister: {
    allowed: 'the account is created',
    refused: 'the registration is refused (not-allowed)',
    failed: 'the registration fails (internal-server-error)',
  },
  removeuser: {
    allowed: 'the account is removed',
    refused: 'nothing: ejabberd has told the user that the account is gone, although it is not',
    failed: 'nothing: ejabberd has told the user that the account is gone, although it may not be',
  },
  removeuser3: {
    allowed: 'the account is removed',
    refused: 'the account is not removed',
    failed: 'the account is not removed',
  },
  certauth: {
    allowed: 'the user is logged in',
    refused: 'the login is refused',
    failed: 'the login is refused this time',
  },
}
