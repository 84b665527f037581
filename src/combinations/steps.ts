/**
 * Several questions in a row, which stay synchronous for as long as their answers are.
 *
 * @module
 */
import { isPromise } from '../dispatch.ts'
import type { Request } from '../handlers.ts'

/** Yields what a handler said, gets it back when it has settled, and returns the answer to the whole. */
export type Steps<Result> = Generator<unknown, Result, unknown>

/**
 * Runs steps. A promise comes back only if there was one to wait for.
 *
 * A request that is given up while an answer is waited for goes no further: nobody else is asked, and nothing is
 * written that was reported as failed.
 */
export function run<Result>(
  request: Pick<Request, 'signal'>,
  steps: Steps<Result>,
): Result | Promise<Result> {
  return advance(() => steps.next())

  function advance(step: () => IteratorResult<unknown, Result>): Result | Promise<Result> {
    let result = step()
    while (result.done !== true) {
      if (isPromise(result.value)) return later(result.value)
      result = steps.next(result.value)
    }
    return result.value
  }

  async function later(answer: PromiseLike<unknown>): Promise<Result> {
    let step: () => IteratorResult<unknown, Result>
    try {
      const settled = await answer
      step = () => steps.next(settled)
    } catch (error) {
      step = () => steps.throw(error)
    }
    if (request.signal.aborted) steps.return(undefined as Result)
    request.signal.throwIfAborted()
    return advance(step)
  }
}
