/**
 * A user base that is looked at and left alone.
 *
 * @module
 */
import type { Handlers, Operation } from '../handlers.ts'
import { ask, checkMember, combine, operationsOf } from './members.ts'

const READING: readonly Operation[] = ['auth', 'isuser', 'certauth']

/**
 * Makes handlers that can only look: `auth`, `isuser` and `certauth`. To register, to change a password and to remove
 * an account is refused, whatever the handlers could do.
 *
 * ejabberd tells a user that removes an account that all went well, and deletes the rest of it, before it asks anybody:
 * say `access_remove: none` in the options of its `mod_register`.
 *
 * @throws {TypeError} If these are no handlers, or none that look.
 *
 * @example
 * ```ts
 * import { accounts, readOnly, serve } from 'ejabberd-extauth'
 *
 * await serve(readOnly(accounts({ directory: '/var/lib/ejabberd/accounts' })))
 * ```
 */
export function readOnly(handlers: Handlers): Handlers {
  checkMember('what readOnly is given', handlers)
  const reading = operationsOf([handlers]).filter((operation) => READING.includes(operation))
  if (reading.length === 0) {
    throw new TypeError(
      `Expected what readOnly is given to have one of ${READING.join(', ')}, got none of them`,
    )
  }
  return combine([handlers], (operation, request) => ask(handlers, operation, request), reading)
}
