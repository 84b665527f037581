/**
 * Request to outcome: whatever a handler does or leaves undone ends here, as exactly one outcome.
 *
 * @module
 */
import type { UndecidedError } from './errors.ts'
import type { Handlers, PasswordRequest } from './handlers.ts'
import { asLogin, asRemoval, type IncomingRequest, secretsOf } from './incoming-request.ts'
import { ALLOWED, failed, type Outcome, REFUSED, refused } from './outcome.ts'
import { reasonOf, typeName } from './reason.ts'

/** Where the handlers for a request come from; they may still be on their way. Throws when there are none. */
export type HandlersSource = (request: IncomingRequest) => Handlers | Promise<Handlers>

/** What {@link dispatch} needs beside a request. */
export interface DispatchOptions {
  readonly handlers: HandlersSource
  /** How long a handler may take, in milliseconds. */
  readonly deadline: number
  /** Told what a handler said after its deadline, when it no longer counts. */
  readonly onLate: (outcome: Outcome) => void
}

/**
 * Asks the handler. Never throws and never rejects; a synchronous answer comes back as such, without a timer or a
 * promise.
 */
export function dispatch(request: IncomingRequest, options: DispatchOptions): Outcome | Promise<Outcome> {
  try {
    const answer = ask(request, options.handlers)
    return isPromise(answer) ? beforeDeadline(answer, request, options) : judge(answer)
  } catch (error) {
    return failedBy(error, request)
  }
}

/** An answer, or that there is nobody to give one. */
type Asked = unknown | typeof NO_HANDLER

/** What was asked of handlers that lack the operation. */
export const NO_HANDLER: unique symbol = Symbol('no handler')

function ask(request: IncomingRequest, source: HandlersSource): Asked | PromiseLike<Asked> {
  const handlers = source(request)
  return isPromise(handlers) ? handlers.then((loaded) => call(loaded, request)) : call(handlers, request)
}

/** One branch an operation: a name from the wire never reaches the object as a key. */
function call(handlers: Handlers, request: IncomingRequest): Asked {
  switch (request.operation) {
    case 'auth':
      return handlers.auth === undefined ? NO_HANDLER : handlers.auth(request)
    case 'isuser':
      return handlers.isuser === undefined ? NO_HANDLER : handlers.isuser(request)
    case 'setpass':
      return handlers.setpass === undefined ? NO_HANDLER : handlers.setpass(request)
    case 'tryregister':
      return handlers.tryregister === undefined ? NO_HANDLER : handlers.tryregister(request)
    case 'removeuser':
      return handlers.removeuser === undefined ? NO_HANDLER : handlers.removeuser(request)
    case 'removeuser3':
      return handlers.removeuser3 === undefined
        ? removeWithPassword(handlers, request)
        : handlers.removeuser3(request)
    case 'certauth':
      return handlers.certauth === undefined ? NO_HANDLER : handlers.certauth(request)
  }
}

/** What `removeuser3` is where it has no handler of its own. */
export function removeWithPassword(handlers: Handlers, request: PasswordRequest): Asked {
  if (handlers.auth === undefined || handlers.removeuser === undefined) return NO_HANDLER
  const remove = (answer: unknown): unknown => {
    if (answer !== true) return answer
    // After the deadline ejabberd has been told that it failed: the account must not go after all.
    request.signal.throwIfAborted()
    return handlers.removeuser?.(asRemoval(request))
  }
  const answer: unknown = handlers.auth(asLogin(request))
  return isPromise(answer) ? Promise.resolve(answer).then(remove) : remove(answer)
}

/** Only `true` lets somebody in, and only `false` is a refusal. */
function judge(answer: Asked): Outcome {
  if (answer === true) return ALLOWED
  if (answer === false) return REFUSED
  if (answer === NO_HANDLER) return refused('no handler for this operation')
  return failed(`the handler returned ${typeName(answer)} instead of true or false`)
}

function beforeDeadline(
  answer: PromiseLike<Asked>,
  request: IncomingRequest,
  { deadline, onLate }: DispatchOptions,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      resolve(failed(`no answer within ${deadline} ms`))
      request.abort(new DOMException(`No answer within ${deadline} ms`, 'TimeoutError'))
    }, deadline)
    void settle(answer, request).then((outcome) => {
      clearTimeout(timer)
      if (late) onLate(outcome)
      else resolve(outcome)
    })
  })
}

async function settle(answer: PromiseLike<Asked>, request: IncomingRequest): Promise<Outcome> {
  try {
    return judge(await answer)
  } catch (error) {
    return failedBy(error, request)
  }
}

const UNDECIDED: UndecidedError['code'] = 'ERR_UNDECIDED'

function failedBy(error: unknown, request: IncomingRequest): Outcome {
  const reason = reasonOf(error, ...secretsOf(request))
  return isUndecided(error) ? { kind: 'failed', reason, undecided: true } : failed(reason)
}

function isUndecided(error: unknown): boolean {
  // What was thrown is somebody else's: a Proxy may throw in turn when it is asked what it is. And handlers may have a
  // copy of this package of their own: its classes are others, its codes are not.
  try {
    return error instanceof Error && 'code' in error && error.code === UNDECIDED
  } catch {
    return false
  }
}

/** Is this an answer that has to be waited for? */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
