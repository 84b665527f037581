/**
 * What all combinations share: members that are looked at first, asked by operation, and closed by who has them last.
 *
 * @module
 */
import { isPromise, NO_HANDLER, removeWithPassword } from '../dispatch.ts'
import { HandlersError } from '../errors.ts'
import type { Answer, Handlers, Operation, PasswordRequest, Request } from '../handlers.ts'
import { checkHandlers } from '../handlers-check.ts'
import { hold } from '../hold.ts'
import { typeName } from '../reason.ts'
import { isOperation, OPERATIONS } from '../request.ts'

/** Throws a `TypeError` for handlers that are none; it says which they are, such as "`*` of byServer". */
export function checkMember(which: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPromise(value)) {
    throw new TypeError(`Expected ${which} to be handlers, got ${describe(value)}`)
  }
  try {
    checkHandlers(value)
  } catch (error) {
    throw error instanceof HandlersError
      ? new TypeError(`Expected ${which} to be handlers: ${error.message}`)
      : error
  }
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function: call it'
  return isPromise(value) ? 'a promise: await it' : typeName(value)
}

/**
 * Makes handlers with each operation that a member has (or that is listed), and a `close` that closes the members, but
 * for those that are in use elsewhere: the last one closes them.
 */
export function combine(
  members: readonly Handlers[],
  answer: (operation: Operation, request: Request) => Answer,
  operations: readonly Operation[] = operationsOf(members),
): Handlers {
  const combined: Handlers = {}
  for (const operation of operations) combined[operation] = (request: Request) => answer(operation, request)
  if (members.some((member) => member.close !== undefined)) {
    const releases = members.map((member) => hold(member, () => member.close?.()))
    combined.close = () => releaseAll(releases)
  }
  return combined
}

/** The operations that at least one of the members has. */
export function operationsOf(members: readonly Handlers[]): readonly Operation[] {
  return [...OPERATIONS]
    .filter(isOperation)
    .filter((operation) => members.some((member) => member[operation]))
}

/**
 * Asks a member, under the operation that was called, whatever the request says. A member that cannot do it refuses.
 * What comes back may be no answer at all: it is handed on for what it is.
 */
export function ask(member: Handlers, operation: Operation, request: Request): Answer {
  const handler = member[operation] as ((request: Request) => Answer) | undefined
  if (handler !== undefined) return handler.call(member, request)
  if (operation !== 'removeuser3') return false
  const answer = removeWithPassword(member, request as PasswordRequest)
  return answer === NO_HANDLER ? false : (answer as Answer)
}

async function releaseAll(releases: readonly (() => Promise<void>)[]): Promise<void> {
  const ends = await Promise.allSettled(releases.map((release) => release()))
  const failures = ends.filter((end) => end.status === 'rejected').map((end): unknown => end.reason)
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, 'several members could not be closed')
}
