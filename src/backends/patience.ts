/**
 * Trying again while a store is away.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'
import { clock } from '../clock.ts'
import { StoreError, UnavailableError } from '../errors.ts'

/** Runs an access until it succeeds, fails for another reason than the store, or patience is at an end. */
export type Patiently = <Result>(
  request: { readonly signal: AbortSignal },
  access: () => Result | Promise<Result>,
) => Result | Promise<Result>

/** How long an outage is met with patience, in milliseconds: less than the deadline, which would not say why. */
const PATIENCE = 4000

/** Between two attempts, in milliseconds. */
const PAUSE = 150

/**
 * Makes a function that runs an access to a store, and again and again for as long as it fails with a `StoreError` or
 * an `UnavailableError`: ejabberd's fail2ban counts every failure, and would ban whole offices for a volume that was
 * away for a second.
 *
 * It gives up, and throws that error, when the request is aborted, or when the outage has lasted longer than `patience`
 * (milliseconds, default 4000) or will have by the time that a server has named: the clock is that of the outage, not of
 * the request, so that requests do not pile up in a long one. An access that succeeds without waiting is answered without waiting.
 */
export function createPatience(patience: number = PATIENCE): Patiently {
  const outage = createOutage(patience)

  return (request, access) => {
    try {
      const result = access()
      if (!(result instanceof Promise)) {
        outage.end()
        return result
      }
      return result.then(
        (value) => {
          outage.end()
          return value
        },
        (error) => tryAgain(request, access, error),
      )
    } catch (error) {
      return tryAgain(request, access, error)
    }
  }

  async function tryAgain<Result>(
    request: { readonly signal: AbortSignal },
    access: () => Result | Promise<Result>,
    failure: unknown,
  ): Promise<Result> {
    let error = failure
    while (
      isOutage(error) &&
      outage.isBearable(retryAfter(error)) &&
      (await pause(Math.max(PAUSE, retryAfter(error)), request.signal)) === true
    ) {
      try {
        const result = await access()
        outage.end()
        return result
      } catch (next) {
        error = next
      }
    }
    throw error
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof StoreError || error instanceof UnavailableError
}

/** For how long, in milliseconds, not to ask again. */
function retryAfter(error: unknown): number {
  return error instanceof UnavailableError ? error.retryAfter : 0
}

/** Keeps the time of an outage. */
function createOutage(patience: number) {
  let began: number | undefined
  let lastSeen = 0
  return {
    end() {
      began = undefined
    },
    /** Notes that the store failed just now; `false` if that will have lasted longer than patience in so many milliseconds. */
    isBearable(wait: number): boolean {
      const time = clock.now()
      // If nobody has met it for so long, nobody knows that it is the same outage, and nobody is queueing.
      if (began === undefined || time - lastSeen > patience) began = time
      lastSeen = time
      return time - began + wait < patience
    },
  }
}

/** Resolves to `false`, and at once, if the request is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false)
}
