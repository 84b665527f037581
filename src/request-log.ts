/**
 * What became of a request, in the log.
 *
 * @module
 */
import { clock } from './clock.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { isLogged, type Log, type LogLevel } from './log.ts'
import type { Outcome } from './outcome.ts'
import type { Malformed } from './request.ts'

/** Writes the line of a request that is being answered since then, on `clock`. */
export function logOutcome(
  log: Log,
  request: IncomingRequest | Malformed,
  outcome: Outcome,
  since: number,
): void {
  const level = levelOf(request, outcome)
  // Nearly every request ends here: it shall not cost a look at the clock.
  if (!isLogged(level, log.level)) return
  const reason = 'reason' in outcome ? outcome.reason : undefined
  if ('reason' in request) {
    log.write(level, 'malformed_frame', { operation: request.operation, outcome: outcome.kind, reason })
    return
  }
  const { operation, user, server } = request
  const ms = clock.now() - since
  log.write(level, 'request', { operation, user, server, outcome: outcome.kind, ms, reason })
}

/** Faults are errors; what an administrator looks for afterwards is info; the rest is too much of the same. */
function levelOf(request: IncomingRequest | Malformed, outcome: Outcome): LogLevel {
  if (outcome.kind === 'failed') return outcome.undecided === true ? 'debug' : 'error'
  if ('reason' in request || ('reason' in outcome && outcome.reason !== undefined)) return 'warn'
  if (WRITES.has(request.operation)) return 'info'
  return outcome.kind === 'refused' && request.operation !== 'isuser' ? 'info' : 'debug'
}

/** Writes the line of an answer that came after its deadline and no longer counts; `since` as above. */
export function logLate(log: Log, request: IncomingRequest, outcome: Outcome, since: number): void {
  const { operation, user, server } = request
  const ms = clock.now() - since
  const reason = 'reason' in outcome ? outcome.reason : undefined
  log.write('warn', 'late_answer', { operation, user, server, outcome: outcome.kind, ms, reason })
}

const WRITES: ReadonlySet<string> = new Set(['setpass', 'tryregister', 'removeuser', 'removeuser3'])
