import type { TestContext } from 'node:test'
import { clock } from '../../src/clock.ts'
import { settled } from './turns.ts'

/** Time that only goes on when it is told to. */
export interface Clock {
  /** Goes on by so many milliseconds, step by step, and runs whatever becomes due on the way. */
  advance(ms: number, step?: number): Promise<void>
}

/** Takes timers and the program's clock for the length of a test. */
export function holdTime(t: TestContext): Clock {
  let now = 0
  t.mock.method(clock, 'now', () => now)
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  return {
    async advance(ms, step = ms) {
      const end = now + ms
      while (now < end) {
        const by = Math.min(step, end - now)
        now += by
        t.mock.timers.tick(by)
        await settled(4)
      }
    },
  }
}
