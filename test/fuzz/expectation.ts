/** What a connection has to do, said by the model alone. */
import { inspect } from 'node:util'
import { stepsFor } from './behaviours.ts'
import { type Asked, operationOf, readRequest, replyOf, type Says, splitFrames } from './model.ts'

/** What the model has to know of a connection. */
export interface Setting {
  readonly chunks: readonly Buffer[]
  readonly end: string
  readonly operations: readonly string[]
  readonly handlers: 'there' | 'on their way' | 'none'
  /** In milliseconds. */
  readonly timeout: number
  readonly strict: boolean
}

export interface Expectation {
  readonly replies: readonly string[]
  readonly asked: readonly string[]
  readonly events: Readonly<Record<'malformed_frame' | 'truncated_frame' | 'late_answer', number>>
}

/** Goes through the frames, one after the other, with a clock in its hand. */
export function expectation(setting: Setting): Expectation {
  const { chunks, end, timeout, strict } = setting
  const { bodies, ends, rest } = splitFrames(Buffer.concat(chunks))
  const lastChunk = Buffer.concat(chunks).length - (chunks.at(-1)?.length ?? 0)
  const events = { malformed_frame: 0, truncated_frame: rest > 0 ? 1 : 0, late_answer: 0 }
  const replies: string[] = []
  const asked: string[] = []
  let now = 0
  // The end shows while the last chunk is worked on; from then on there is one timeout for all that is left.
  let over = Number.POSITIVE_INFINITY

  for (const [index, body] of bodies.entries()) {
    if (end === 'at once' && (ends[index] ?? 0) > lastChunk) over = Math.min(over, now + timeout)
    const request = readRequest(body)
    if (request === undefined) {
      events.malformed_frame++
      replies.push(replyOf('refused', operationOf(body), strict))
      continue
    }
    const became = becomeOf(request, setting, Math.max(0, Math.min(timeout, over - now)))
    now += became.took
    if (became.late) events.late_answer++
    asked.push(...became.asked)
    replies.push(replyOf(became.says, request.operation, strict))
  }
  return { replies, asked, events }
}

/** Throws if these are not the replies that the model has for these bodies; names the first one that is not. */
export function compareReplies(
  seen: readonly string[],
  expected: readonly string[],
  bodies: readonly Buffer[],
): void {
  const at = expected.findIndex((reply, index) => reply !== seen[index])
  if (at >= 0) {
    const body = bodies[at]?.toString('latin1') ?? ''
    const text = inspect(body, { maxStringLength: 200 })
    throw new Error(
      `frame ${at + 1} of ${bodies.length} is answered ${seen[at]}, not ${expected[at]}: ${text}`,
    )
  }
  if (seen.length !== expected.length) throw new Error(`${seen.length} replies to ${bodies.length} frames`)
}

interface Became {
  readonly says: Says
  readonly took: number
  /** Is there an answer after all? */
  readonly late: boolean
  readonly asked: readonly string[]
}

function becomeOf(request: Asked, { operations, handlers }: Setting, budget: number): Became {
  if (handlers === 'none') return { says: 'failed', took: 0, late: false, asked: [] }
  const steps = stepsFor(request, (operation) => operations.includes(operation))
  const asked: string[] = []
  let took = 0
  let says: Says = 'refused'
  for (const step of steps) {
    const { operation, user, server, secret } = step
    asked.push(JSON.stringify({ operation, user, server, secret }))
    if (step.after > 0) took += 1000 * step.after + 1
    says = step.says
    if (took > budget) {
      return { says: 'failed', took: Math.max(1, budget), late: step.word !== 'never', asked }
    }
  }
  return { says, took, late: false, asked }
}
