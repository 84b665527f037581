/**
 * Time that nobody sets back.
 *
 * @module
 */

/** A clock for durations: the time of day may be set, this one only goes on. Tests replace its `now`. */
export const clock: { now(): number } = {
  /**
   * Milliseconds since some moment, with fractions. `performance.now()` has the same clock and another moment, and loads
   * eight modules of Node.js when it is used first: a hundredth of a start.
   */
  now() {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1000 + nanoseconds / 1_000_000
  },
}
