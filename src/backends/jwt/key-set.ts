/**
 * The keys that an issuer publishes as a JSON Web Key Set (RFC 7517), and changes from time to time.
 *
 * ```text
 *   fetched         10 minutes later      graceTime later
 *   |-- in use -----|-- in use, if ------|-- requests fail --->
 *                      fetching fails
 * ```
 *
 * @module
 */
import type { JsonWebKey } from 'node:crypto'
import { clock } from '../../clock.ts'
import { BackendError, ExtauthError, UnavailableError } from '../../errors.ts'
import { isRecord } from '../../option-rules.ts'
import { reasonOf } from '../../reason.ts'
import { createJsonEndpoint, type JsonEndpoint } from '../tokens-http.ts'
import type { ChooseKey, Jose, Key, KeyHint } from './jose.ts'
import { fitting, type Keys } from './keys.ts'

/** How often the keys are fetched, in milliseconds: for so long a key that was withdrawn may still be in use. */
export const REFRESH: number = 10 * 60_000

/** How long to wait after fetching failed, in milliseconds. */
const RETRY = 1000

/** Tokens that name unknown keys cost the key server one question in so many milliseconds. */
export const COOLDOWN: number = 10_000

/** How long one attempt may take, in milliseconds. */
const TIMEOUT = 5000

/**
 * In milliseconds: long enough to update or restart a key server, and short, as who holds a key that was withdrawn may
 * keep us from hearing of it.
 */
export const GRACE_TIME: number = 60 * 60_000

/** What {@link createKeySet} needs. */
export interface KeySetOptions {
  readonly url: string | URL
  readonly graceTime?: number | undefined
  readonly load: () => Promise<Jose>
}

/** Makes keys that are fetched now, and again and again until they are closed. */
export function createKeySet({ url, graceTime = GRACE_TIME, load }: KeySetOptions): Keys & { close(): void } {
  const server = createJsonEndpoint('the key server', 'GET', url)
  let known: { readonly choose: ChooseKey; readonly at: number } | undefined
  let failure: Error | undefined
  let attempt: { readonly done: Promise<void>; readonly controller: AbortController } | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  void refresh()
  return { candidates, close }

  async function candidates(hint: KeyHint, signal: () => AbortSignal): Promise<readonly Key[]> {
    const found = await find(hint)
    if (found.length > 0 || ageOfKeys() < COOLDOWN) return found
    // While the key server is away, it is asked in the background, and nobody waits for it.
    if (failure === undefined) await untilAborted(refresh(), signal())
    if (failure !== undefined) throw failure
    return find(hint)
  }

  async function find(hint: KeyHint): Promise<readonly Key[]> {
    if (known === undefined || ageOfKeys() >= REFRESH + graceTime) return []
    return fitting(known.choose, hint).catch((error) => {
      throw new BackendError(`a key of the key server cannot be used: ${reasonOf(error)}`)
    })
  }

  function ageOfKeys(): number {
    return known === undefined ? Number.POSITIVE_INFINITY : clock.now() - known.at
  }

  /** Fetches the keys, unless somebody is at it; never rejects. */
  function refresh(): Promise<void> {
    if (attempt !== undefined) return attempt.done
    const controller = new AbortController()
    const done = fetchKeys(server, load, controller).then(
      (choose) => {
        known = { choose, at: clock.now() }
        failure = undefined
      },
      (error) => {
        failure = error
      },
    )
    attempt = { controller, done: done.finally(next) }
    return attempt.done
  }

  function next(): void {
    attempt = undefined
    clearTimeout(timer)
    if (closed) return
    timer = setTimeout(() => void refresh(), failure === undefined ? REFRESH : RETRY)
    timer.unref()
  }

  function close(): void {
    closed = true
    clearTimeout(timer)
    attempt?.controller.abort(new UnavailableError('the keys were closed'))
    server.close()
  }
}

/** Rejects with an error of ours. */
async function fetchKeys(
  server: JsonEndpoint,
  load: () => Promise<Jose>,
  controller: AbortController,
): Promise<ChooseKey> {
  const timer = setTimeout(
    () => controller.abort(new UnavailableError(`the key server did not answer within ${TIMEOUT} ms`)),
    TIMEOUT,
  )
  try {
    const answer = await server.ask({ signal: controller.signal })
    if (!isRecord(answer)) throw new BackendError(`the key server answered ${answer}`)
    const { keys } = answer
    if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isRecord))
      throw new BackendError('the key server answered with what is no key set, or an empty one')
    return (await load()).createLocalJWKSet({ keys: keys as JsonWebKey[] })
  } catch (error) {
    if (error instanceof ExtauthError) throw error
    throw new BackendError(`the keys cannot be used: ${reasonOf(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

/** Rejects as soon as the signal is aborted. */
function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
