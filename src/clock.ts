/**
 * Time that nobody sets back.
 *
 * @module
 */

/** A clock for durations: the time of day may be set, this one only goes on. */
export const clock: { now(): number } = {
  /**
   * Milliseconds since some moment, with fractions. It is the clock of `performance.now()`, which at its first use loads
   * eight modules of Node.js: a hundredth of a start.
   */
  now() {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1000 + nanoseconds / 1_000_000
  },
}
