/**
 * The loop over one connection.
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
import { dispatch, type HandlersSource } from './dispatch.ts'
import { Ending } from './ending.ts'
import { TruncatedFrameError } from './errors.ts'
import { FrameDecoder } from './frame.ts'
import type { Log } from './log.ts'
import { type Outcome, refused } from './outcome.ts'
import { reasonOf } from './reason.ts'
import { OutputClosed, Replies } from './replies.ts'
import { encodeReply } from './reply.ts'
import { parseRequest } from './request.ts'
import { logLate, logOutcome } from './request-log.ts'

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
  const decoder = new FrameDecoder()
  try {
    for await (const chunk of readAhead(input, () => ending.begin())) {
      for (const frame of decoder.push(chunk)) {
        const reply = answer(frame, connection, ending.budget())
        if (reply instanceof Promise) await replies.flush()
        replies.add(reply instanceof Promise ? await reply : reply)
      }
      await replies.flush()
    }
    decoder.end()
  } catch (error) {
    reportEnd(error, connection)
  } finally {
    await replies.end()
    ending.finish()
  }
  await close(connection)
}

/** One frame in, one reply out; a promise only where the handler gave one. */
function answer(frame: Buffer, connection: Connection, budget: number): Buffer | Promise<Buffer> {
  const request = parseRequest(frame)
  const start = performance.now()
  const conclude = (outcome: Outcome): Buffer => {
    logOutcome(connection.log, request, outcome, performance.now() - start)
    connection.onOutcome?.(outcome)
    return encodeReply(outcome, request.operation, connection.strict)
  }
  if ('reason' in request) return conclude(refused(request.reason))
  const outcome = dispatch(request, {
    handlers: connection.handlers,
    deadline: budget,
    onLate: (late) => logLate(connection.log, request, late, performance.now() - start),
  })
  return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome)
}

/**
 * The chunks of a stream, with one read always under way: so that the end of the input shows while a request is in
 * hand, and no more than one chunk waits.
 */
async function* readAhead(input: Readable, onEnd: () => void): AsyncGenerator<Buffer, void> {
  const chunks: AsyncIterator<Buffer, unknown> = input[Symbol.asyncIterator]()
  const read = () => {
    const result = chunks.next()
    result.then(({ done }) => done === true && onEnd(), onEnd)
    return result
  }
  try {
    let next = read()
    for (;;) {
      const { done, value } = await next
      if (done === true) return
      next = read()
      yield value
    }
  } finally {
    input.destroy()
  }
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
