/**
 * Outcome to bytes: the only place that knows what ejabberd makes of them.
 *
 * ```text
 *   00 02 00 01   yes
 *   00 02 00 00   no
 *   00 02 00 02   neither: ejabberd logs "unexpected_response", fails this one call and caches nothing
 * ```
 *
 * @module
 */
import { UnexpectedReplyError } from './errors.ts'
import { encodeFrame } from './frame.ts'
import type { Operation } from './handlers.ts'
import type { Outcome } from './outcome.ts'

const YES = encodeFrame(Uint8Array.of(0, 1))
const NO = encodeFrame(Uint8Array.of(0, 0))
const NEITHER = encodeFrame(Uint8Array.of(0, 2))

/**
 * Gives the four bytes that say an outcome.
 *
 * - A failure is not "no": ejabberd would cache it for an hour and bounce messages to people who exist.
 * - A refused `setpass` is not "no" either: `set_password/3` of ejabberd_auth_external.erl takes any boolean for
 *   success, tells the user so and, with its cache on, lets the refused password in.
 * - MongooseIM, and ejabberd before 18.06, crash on anything but yes and no. `strict` keeps to these two.
 */
export function encodeReply(outcome: Outcome, operation: Operation | undefined, strict: boolean): Buffer {
  switch (outcome.kind) {
    case 'allowed':
      return YES
    case 'refused':
      return operation === 'setpass' && !strict ? NEITHER : NO
    case 'failed':
      return strict ? NO : NEITHER
  }
}

/**
 * Reads the body of a reply as ejabberd does (`handle_info/2` of extauth.erl).
 *
 * @throws {UnexpectedReplyError} If it is neither yes nor no: the program could not find out, or is broken.
 */
export function decodeReply(body: Uint8Array): boolean {
  if (body.length === 2 && body[0] === 0 && (body[1] === 0 || body[1] === 1)) return body[1] === 1
  const seen = Buffer.from(body.subarray(0, 8)).toString('hex')
  throw new UnexpectedReplyError(
    `Expected a reply of 00 00 or 00 01, got ${body.length} bytes: ${seen}${body.length > 8 ? '...' : ''}`,
  )
}
