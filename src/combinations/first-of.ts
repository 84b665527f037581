/**
 * Several user bases as one.
 *
 * @module
 */
import { BackendError } from '../errors.ts'
import type { Answer, Handlers, Operation, Request } from '../handlers.ts'
import { typeName } from '../reason.ts'
import { failureOf } from './failures.ts'
import { ask, checkMember, combine, operationsOf } from './members.ts'
import { run, type Steps } from './steps.ts'

/**
 * Makes handlers of several, which are asked one after the other: for a token or a password, or for two user bases.
 *
 * `auth`, `isuser` and `certauth` are allowed as soon as one member allows, refused when all that have the operation
 * refuse, and fail when none allows and one fails: somebody may be in the base that could not be asked. The next
 * member is asked when the one before it has answered.
 *
 * The same name must be the same person in all members: each of them lets that user in.
 *
 * - `setpass` goes to the member the user is in: the first whose `isuser` allows. If that one cannot change passwords,
 *   it is refused. A member without `isuser` is asked to change the password, which it does for users of its own.
 * - `tryregister` goes to the first member that has it, when all the others have said that they do not know the user. It
 *   is there only if they can: each of them has `isuser`.
 * - `removeuser` goes to all members that have it, at the same time, and is allowed if all of them allow. A member that
 *   fails or is slow keeps none of the others from it.
 * - `removeuser3` is `auth`, then `removeuser`, whatever the members have.
 *
 * @throws {TypeError} If there is no member, or one that is no handlers.
 *
 * @example
 * ```ts
 * import { accounts, firstOf, serve } from 'ejabberd-extauth'
 *
 * const staff = accounts({ directory: '/var/lib/ejabberd/staff' })
 * const guests = accounts({ directory: '/var/lib/ejabberd/guests' })
 *
 * await serve(firstOf(staff, guests))
 * ```
 */
export function firstOf(...members: readonly Handlers[]): Handlers {
  if (members.length === 0) throw new TypeError('Expected firstOf to have at least one member, got none')
  for (const [index, member] of members.entries()) checkMember(`member ${index + 1} of firstOf`, member)
  return combine(
    members,
    (operation, request) => answer(members, operation, request),
    operationsOf(members).filter((operation) => canDo(members, operation)),
  )
}

function canDo(members: readonly Handlers[], operation: Operation): boolean {
  if (operation === 'removeuser3') return false
  if (operation !== 'tryregister') return true
  const registrar = registrarOf(members)
  return members.every((member) => member === registrar || member.isuser !== undefined)
}

function registrarOf(members: readonly Handlers[]): Handlers | undefined {
  return members.find((member) => member.tryregister !== undefined)
}

function answer(members: readonly Handlers[], operation: Operation, request: Request): Answer {
  switch (operation) {
    case 'setpass':
      return run(request, change(members, request))
    case 'tryregister':
      return run(request, register(members, request))
    case 'removeuser':
    case 'removeuser3':
      return remove(members, request)
    case 'auth':
    case 'isuser':
    case 'certauth':
      return run(request, find(members, operation, request))
  }
}

/** Who allows it? */
function* find(members: readonly Handlers[], operation: Operation, request: Request): Steps<boolean> {
  const failures: unknown[] = []
  for (const member of members) {
    try {
      if (judge(yield ask(member, operation, request)) === true) return true
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failureOf(failures, request)
  return false
}

/** Whoever the user belongs to changes the password, and nobody else. */
function* change(members: readonly Handlers[], request: Request): Steps<boolean> {
  for (const member of members) {
    const answer = judge(yield ask(member, member.isuser === undefined ? 'setpass' : 'isuser', request))
    if (answer !== true) continue
    return member.isuser === undefined || judge(yield ask(member, 'setpass', request))
  }
  return false
}

/** A name that another member knows is taken. */
function* register(members: readonly Handlers[], request: Request): Steps<boolean> {
  const registrar = registrarOf(members)
  if (registrar === undefined) return false
  for (const member of members) {
    if (member !== registrar && judge(yield ask(member, 'isuser', request)) === true) return false
  }
  return judge(yield ask(registrar, 'tryregister', request))
}

/**
 * Whoever is removed shall be in none of the members that can help it. They are asked all at once: ejabberd has told
 * already that it is done, and beyond the deadline many a store does not begin.
 */
async function remove(members: readonly Handlers[], request: Request): Promise<boolean> {
  const able = members.filter((member) => member.removeuser !== undefined)
  const removals = await Promise.allSettled(
    able.map(async (member) => judge(await ask(member, 'removeuser', request))),
  )
  const failures = removals
    .filter((removal) => removal.status === 'rejected')
    .map((removal): unknown => removal.reason)
  if (failures.length > 0) throw failureOf(failures, request)
  return removals.every((removal) => removal.status === 'fulfilled' && removal.value)
}

/** What is no answer is a failure of the member that gave it. */
function judge(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer
  throw new BackendError(`a handler returned ${typeName(answer)} instead of true or false`)
}
