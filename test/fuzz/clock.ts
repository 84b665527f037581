import { clock } from '../../src/clock.ts'

/** Time that goes on only when it is told to, from one timer to the next: a deadline costs no time, and none is a matter of luck. */
export class Clock {
  now = 0
  #timers: Timer[] = []
  #pumping: Promise<void> | undefined
  #lives = 0

  /** Takes the timers of the process and the program's clock; the function that comes back gives them back. */
  install(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis
    const { now } = clock
    const clear = (timer: unknown) => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
    Object.assign(globalThis, {
      setTimeout: (run: () => void, delay: number) => this.#add(run, delay, false),
      setInterval: (run: () => void, delay: number) => this.#add(run, delay, true),
      clearTimeout: clear,
      clearInterval: clear,
    })
    clock.now = () => this.now
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval })
      clock.now = now
    }
  }

  /** Forgets all timers, and whoever waits for one. */
  reset(): void {
    this.now = 0
    this.#timers = []
    this.#pumping = undefined
    this.#lives++
  }

  /** Goes on to one timer after the other until that is enough, or there is none left. What is ready runs first. */
  async pump(isEnough: () => boolean): Promise<void> {
    const life = this.#lives
    const before = this.#pumping
    const pumping = (async () => {
      await before
      do await turns()
      while (life === this.#lives && !isEnough() && this.#fireNext())
    })()
    this.#pumping = pumping
    await pumping
  }

  #add(run: () => void, delay: number, again: boolean): Timer {
    const every = Math.max(1, delay)
    const timer = new Timer(run, this.now + every, again ? every : undefined)
    this.#timers.push(timer)
    return timer
  }

  /** Of two that are due at the same time, the older one is first, as with Node's. */
  #fireNext(): boolean {
    const [first, ...others] = this.#timers
    if (first === undefined) return false
    const next = others.reduce((soonest, timer) => (timer.due < soonest.due ? timer : soonest), first)
    this.now = Math.max(this.now, next.due)
    if (next.every === undefined) this.#timers = this.#timers.filter((timer) => timer !== next)
    else next.due += next.every
    next.run()
    return true
  }
}

class Timer {
  readonly run: () => void
  due: number
  readonly every: number | undefined

  constructor(run: () => void, due: number, every: number | undefined) {
    this.run = run
    this.due = due
    this.every = every
  }

  unref(): this {
    return this
  }
}

/** Enough for streams, promises and immediate callbacks, one after the other. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}
