/**
 * One connection, from its first byte to its last.
 *
 * ```text
 *   input --> frame --> request --> dispatch --> reply --> output
 *             bytes     fields      handler      bytes
 * ```
 *
 * ejabberd writes a request to a worker and blocks until the reply is there (`call_port/2` of extauth.erl): each
 * frame gets exactly one reply, in order. A missing one costs a worker 30 seconds, one too many answers the next
 * user's question.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream'
import { clock } from './clock.ts'
import { dispatch, type HandlersSource } from './dispatch.ts'
import { Ending } from './ending.ts'
import { TruncatedFrameError } from './errors.ts'
import type { Frame } from './frame.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { Log } from './log.ts'
import { type Outcome, refused } from './outcome.ts'
import { pump } from './pump.ts'
import { reasonOf } from './reason.ts'
import { OutputClosed, Replies } from './replies.ts'
import { encodeReply } from './reply.ts'
import { type Malformed, parseRequest } from './request.ts'
import { logLate, logOutcome } from './request-log.ts'
import { isRevocable, Silence } from './silence.ts'

/** One stream of bytes in, one out, and how to treat what comes. */
export interface Connection {
  readonly input: Readable
  readonly output: Writable
  /** Where the handlers for a request come from. */
  readonly handlers: HandlersSource
  /** How long a request may take, and how long what is left may take once the input has ended; milliseconds. */
  readonly timeout: number
  /** Answer nothing but yes and no. */
  readonly strict: boolean
  readonly log: Log
  /** When aborted, no more input is read; the request in hand is finished. */
  readonly signal?: AbortSignal | undefined
  /** Called once, when no request will follow; given up after `timeout`. */
  readonly close?: (() => void | Promise<void>) | undefined
  /** Told the outcome of each frame before its reply is written. */
  readonly onOutcome?: ((outcome: Outcome) => void) | undefined
}

/**
 * Answers every frame of `input` on `output`, and returns when the input has ended, `signal` was aborted or nobody
 * reads the output any more. Never rejects.
 */
export async function serveConnection(connection: Connection): Promise<void> {
  const { input, output } = connection
  const replies = new Replies(output)
  const ending = new Ending(connection)
  const silence = new Silence(connection)
  try {
    await pump(input, replies, {
      answer: (frame) => answer(frame, connection, ending, silence),
      onEnd: () => ending.begin(),
    })
  } catch (error) {
    reportEnd(error, connection)
  } finally {
    await replies.end()
    ending.finish()
  }
  await close(connection)
}

/** One frame in, one reply out; a promise only where the handler gave one. */
function answer(
  frame: Frame,
  connection: Connection,
  ending: Ending,
  silence: Silence,
): Buffer | Promise<Buffer> {
  const since = clock.now()
  const isLong = silence.isLong(since)
  const request = parseRequest(frame)
  if ('reason' in request) return conclude(connection, request, refused(request.reason), since)
  const outcome =
    isLong && isRevocable(request)
      ? silence.unlessGivenUp(() => ask(request, connection, ending, since))
      : ask(request, connection, ending, since)
  return outcome instanceof Promise
    ? outcome.then((settled) => conclude(connection, request, settled, since))
    : conclude(connection, request, outcome, since)
}

function ask(
  request: IncomingRequest,
  { handlers, log }: Connection,
  ending: Ending,
  since: number,
): Outcome | Promise<Outcome> {
  return dispatch(request, {
    handlers,
    deadline: ending.budget(),
    onLate: (late) => logLate(log, request, late, since),
  })
}

function conclude(
  { log, strict, onOutcome }: Connection,
  request: IncomingRequest | Malformed,
  outcome: Outcome,
  since: number,
): Buffer {
  logOutcome(log, request, outcome, since)
  onOutcome?.(outcome)
  return encodeReply(outcome, request.operation, strict)
}

/** Lets the handlers close what they have open, but not for ever. */
async function close({ close, timeout, log }: Connection): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`close has not finished within ${timeout} ms`)), timeout)
  })
  try {
    await Promise.race([close?.(), expired])
  } catch (error) {
    log.write('error', 'close_failed', { reason: reasonOf(error) })
  } finally {
    clearTimeout(timer)
  }
}

function reportEnd(error: unknown, { log, signal }: Connection): void {
  if (error instanceof TruncatedFrameError) {
    if (signal?.aborted !== true) log.write('error', 'truncated_frame', { reason: error.message })
  } else if (error instanceof OutputClosed) {
    log.write(error.byReader ? 'debug' : 'error', 'output_closed', { reason: reasonOf(error) })
  } else if (signal?.aborted !== true) {
    log.write('error', 'input_failed', { reason: reasonOf(error) })
  }
}
