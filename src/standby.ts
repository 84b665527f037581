/**
 * Handlers that may not be there yet: loaded in the background, again and again until it works.
 *
 * A program that ends soon after its start takes group chat and web logins of the whole ejabberd with it, and only
 * a restart of ejabberd brings them back. So a broken configuration is a state of ours, not an exit.
 *
 * @module
 */
import { EventEmitter } from 'node:events'
import { clock } from './clock.ts'
import { HandlersError } from './errors.ts'
import type { Handlers } from './handlers.ts'
import { hold } from './hold.ts'
import { type IncomingRequest, onAbort } from './incoming-request.ts'
import type { Log } from './log.ts'
import { reasonOf } from './reason.ts'

/** How {@link Standby} loads. */
export interface StandbyOptions {
  /** Makes the handlers; called again when it has failed, and for a reload. */
  readonly load: () => Promise<Handlers>
  readonly log: Log
  /**
   * The deadline of a request in milliseconds. For most of that time after a failure, requests wait for it to go away;
   * from then on they fail at once, so that they do not pile up.
   */
  readonly timeout: number
  /** The pause between two attempts, in milliseconds; five times as long from the twentieth on. @default 3000 */
  readonly retryAfter?: number
}

const RETRY_AFTER = 3000
// Node never frees a module that was imported: for a trouble that stays for days, some kilobytes each time count.
const EAGER_ATTEMPTS = 20
const SLOWER = 5
/** Part of the deadline: when that is met, nobody is told what the trouble was. */
const PATIENCE = 0.8
/** Time enough for a slow database, and an end to one that never answers; milliseconds. */
const LOAD_TIMEOUT = 30_000
/** Without the one nobody logs in, without the other nobody exists. */
const EXPECTED = ['auth', 'isuser'] as const
/** How often a trouble that stays is told again, in milliseconds. */
const REMIND_AFTER = 60_000

interface Loaded {
  readonly handlers: Handlers
  /** Closes them, unless they are in use elsewhere. */
  readonly close: () => Promise<void>
}

/** Keeps the handlers that were loaded last, and tries to load them while there are none. */
export class Standby {
  readonly #options: StandbyOptions
  readonly #events: EventEmitter<{ loaded: [] }> = new EventEmitter()
  #current: Loaded | undefined
  /** Not in use any more and not yet closed. */
  readonly #old: Set<Loaded> = new Set()
  #problem: Error | undefined
  #failingSince: number = clock.now()
  #told: { reason: string; at: number } | undefined
  #retry: NodeJS.Timeout | undefined
  #generation = 0
  #failures = 0
  /** Settles when the first attempt has succeeded or failed. Never rejects. */
  readonly firstAttempt: Promise<void>

  /** Starts to load at once. */
  constructor(options: StandbyOptions) {
    this.#options = options
    this.firstAttempt = this.reload()
  }

  /** Why there are no handlers; `undefined` when there are. */
  get problem(): Error | undefined {
    return this.#current === undefined ? (this.#problem ?? new HandlersError('still loading')) : undefined
  }

  /** The handlers for a request: at once when they are loaded, otherwise as soon as they are. */
  readonly source = (request: IncomingRequest): Handlers | Promise<Handlers> =>
    this.#current?.handlers ?? this.#whenLoaded(request)

  /** Loads the handlers anew. Those in use stay until that has worked. Never rejects. */
  async reload(): Promise<void> {
    clearTimeout(this.#retry)
    const generation = ++this.#generation
    try {
      const loaded = take(await inTime(this.#options.load(), (late) => this.#retire(take(late))))
      if (generation === this.#generation) this.#replace(loaded)
      else this.#retire(loaded)
    } catch (error) {
      if (generation === this.#generation) this.#fail(error)
    }
  }

  /** Ends the attempts, and lets the handlers close what they have open. May reject as their `close` does. */
  async close(): Promise<void> {
    clearTimeout(this.#retry)
    this.#generation++
    await Promise.all([...this.#old].map((old) => this.#closeOld(old)))
    await this.#current?.close()
  }

  #replace(loaded: Loaded): void {
    const { log } = this.#options
    const old = this.#current
    this.#current = loaded
    this.#problem = undefined
    this.#failures = 0
    this.#told = undefined
    log.write('info', 'handlers_loaded')
    for (const operation of EXPECTED) {
      if (loaded.handlers[operation] === undefined)
        log.write('warn', 'handler_missing', { operation, outcome: 'refused' })
    }
    this.#events.emit('loaded')
    if (old !== undefined) this.#retire(old)
  }

  /** Closes handlers later: by then the request in hand, which may still be with them, has been answered. */
  #retire(old: Loaded): void {
    this.#old.add(old)
    setTimeout(() => void this.#closeOld(old), this.#options.timeout).unref()
  }

  async #closeOld(old: Loaded): Promise<void> {
    if (!this.#old.delete(old)) return
    try {
      await old.close()
    } catch (error) {
      this.#options.log.write('error', 'close_failed', { reason: reasonOf(error) })
    }
  }

  #fail(error: unknown): void {
    const { retryAfter = RETRY_AFTER } = this.#options
    if (this.#problem === undefined) this.#failingSince = clock.now()
    this.#problem = error instanceof Error ? error : new HandlersError(reasonOf(error))
    this.#tell(reasonOf(error))
    const pause = ++this.#failures < EAGER_ATTEMPTS ? retryAfter : retryAfter * SLOWER
    this.#retry = setTimeout(() => void this.reload(), pause).unref()
  }

  #tell(reason: string): void {
    const now = clock.now()
    if (this.#told?.reason === reason && now - this.#told.at < REMIND_AFTER) return
    this.#told = { reason, at: now }
    this.#options.log.write('error', 'handlers_not_loaded', { reason })
  }

  async #whenLoaded(request: IncomingRequest): Promise<Handlers> {
    const patience = Math.round(this.#failingSince + PATIENCE * this.#options.timeout - clock.now())
    if (patience > 0) await this.#loadedWithin(patience, request)
    if (this.#current === undefined) throw this.problem
    return this.#current.handlers
  }

  /** Waits until they are loaded, but no longer than that, nor than the request may take. */
  #loadedWithin(ms: number, request: IncomingRequest): Promise<void> {
    // The first request of a worker comes here: signals, of which there would be three, cost a start some percent.
    return new Promise((resolve) => {
      let forget = () => {}
      const end = () => {
        clearTimeout(timer)
        forget()
        this.#events.off('loaded', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#events.once('loaded', end)
      forget = onAbort(request, end)
    })
  }
}

/** A CommonJS module and a package are not loaded anew: what is old may be in use in what is new. */
function take(handlers: Handlers): Loaded {
  return { handlers, close: hold(handlers, () => handlers.close?.()) }
}

function inTime(loading: Promise<Handlers>, retire: (late: Handlers) => void): Promise<Handlers> {
  return new Promise((resolve, reject) => {
    const error = new HandlersError(`expected the handlers to load within ${LOAD_TIMEOUT} ms, still waiting`)
    const expire = () => {
      reject(error)
      loading.then(retire, () => {})
    }
    const timer = setTimeout(expire, LOAD_TIMEOUT).unref()
    loading.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
