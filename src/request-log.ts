/**
 * What became of a request, in the log.
 *
 * @module
 */
import type { IncomingRequest } from './incoming-request.ts'
import type { Log, LogLevel } from './log.ts'
import type { Outcome } from './outcome.ts'
import type { Malformed } from './request.ts'

/** Writes the line of a request; `ms` is how long it took. */
export function logOutcome(
  log: Log,
  request: IncomingRequest | Malformed,
  outcome: Outcome,
  ms: number,
): void {
  const level = levelOf(request, outcome)
  const reason = 'reason' in outcome ? outcome.reason : undefined
  if ('reason' in request) {
    log.write(level, 'malformed_frame', { operation: request.operation, outcome: outcome.kind, reason })
    return
  }
  const { operation, user, server } = request
  log.write(level, 'request', { operation, user, server, outcome: outcome.kind, ms, reason })
}

/** Faults are errors; what an administrator looks for afterwards is info; the rest is too much of the same. */
function levelOf(request: IncomingRequest | Malformed, outcome: Outcome): LogLevel {
  if (outcome.kind === 'failed') return outcome.undecided === true ? 'debug' : 'error'
  if ('reason' in request || ('reason' in outcome && outcome.reason !== undefined)) return 'warn'
  if (WRITES.has(request.operation)) return 'info'
  return outcome.kind === 'refused' && request.operation !== 'isuser' ? 'info' : 'debug'
}

/** Writes the line of an answer that came after its deadline and no longer counts. */
export function logLate(log: Log, request: IncomingRequest, outcome: Outcome, ms: number): void {
  const { operation, user, server } = request
  const reason = 'reason' in outcome ? outcome.reason : undefined
  log.write('warn', 'late_answer', { operation, user, server, outcome: outcome.kind, ms, reason })
}

const WRITES: ReadonlySet<string> = new Set(['setpass', 'tryregister', 'removeuser', 'removeuser3'])
