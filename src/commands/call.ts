/**
 * Asks one question as ejabberd does, and says the answer in words.
 *
 * @module
 */
import { PassThrough } from 'node:stream'
import { Client } from '../client.ts'
import { UnexpectedReplyError, UsageError } from '../errors.ts'
import type { Operation } from '../handlers.ts'
import { createLog } from '../log.ts'
import { streamOutput } from '../log-output.ts'
import { ALLOWED, failed, type Outcome, REFUSED } from '../outcome.ts'
import { encodeReply } from '../reply.ts'
import { isOperation, OPERATIONS, takesPassword } from '../request.ts'
import { serveConnection } from '../serve.ts'
import type { Io } from './io.ts'
import { nearestOf, type Options, parseOptions } from './options.ts'
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
  const { options, positionals } = parseOptions(own)
  const question = await readQuestion(positionals, io)
  const outcome = await (program.length > 0
    ? askProgram(program, question)
    : askHandlers(options, question, io))
  io.stdout.write(options.json ? toJson(question, outcome) : inWords(question, outcome, options.strict))
  return STATUS[outcome.kind]
}

interface Question {
  readonly operation: Operation
  readonly user: string
  readonly server: string
  readonly body: Buffer
}

async function readQuestion(positionals: readonly string[], io: Io): Promise<Question> {
  const [operation, user, server, ...rest] = positionals
  if (operation === undefined || user === undefined || server === undefined || rest.length > 0) {
    throw new UsageError(`Expected call OPERATION USER SERVER, got ${positionals.length} words instead of 3`)
  }
  if (!isOperation(operation)) {
    const nearest = nearestOf(operation, [...OPERATIONS])
    const hint =
      nearest === undefined ? `expected one of ${[...OPERATIONS].join(' ')}` : `did you mean ${nearest}?`
    throw new UsageError(`Unknown operation ${operation}: ${hint}`)
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

/** The way of a frame from ejabberd, but for the pipe. */
async function askHandlers(options: Options, { body }: Question, io: Io): Promise<Outcome> {
  const handlers = await loadHandlers(options)
  const input = new PassThrough()
  const output = new PassThrough()
  const client = new Client(input, output)
  let outcome = failed('no outcome')
  const served = serveConnection({
    input,
    output,
    handlers: () => handlers,
    timeout: options.timeout,
    strict: options.strict,
    log: createLog(streamOutput(io.stderr).writeLine, options.logLevel),
    close: () => handlers.close?.(),
    onOutcome: (became) => {
      outcome = became
    },
  })
  await client.exchange(body)
  await client.close()
  await served
  return outcome
}

/** Another program says no more than its reply does: a refused `setpass` of ours counts as failed there. */
async function askProgram([file = '', ...args]: readonly string[], { body }: Question): Promise<Outcome> {
  const client = Client.start([file, ...args])
  try {
    return (await client.ask(body)) === true ? ALLOWED : REFUSED
  } catch (error) {
    if (!(error instanceof UnexpectedReplyError)) throw error
    return failed(error.message)
  } finally {
    await client.close()
  }
}

function toJson({ operation, user, server }: Question, outcome: Outcome): string {
  const reason = 'reason' in outcome ? outcome.reason : undefined
  return `${JSON.stringify({ operation, user, server, outcome: outcome.kind, reason })}\n`
}

function inWords({ operation, user, server }: Question, outcome: Outcome, strict: boolean): string {
  const reason = 'reason' in outcome && outcome.reason !== undefined ? ` (${outcome.reason})` : ''
  const reply = encodeReply(outcome, operation, strict)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
  return (
    `${operation} ${user}@${server}: ${outcome.kind}${reason}\n` +
    `ejabberd is told ${reply}: ${MEANING[operation][outcome.kind]}\n`
  )
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
