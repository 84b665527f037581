/** A part of a run, in milliseconds since its start. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** How long a run takes, and which parts of it are compared, in milliseconds. */
export interface Schedule {
  readonly duration: number
  /** Around the fifth minute; in a short run sooner, but not before everything is warm. */
  readonly early: Span
  /** The last part of the run. */
  readonly end: Span
  /** How often handlers are loaded anew, and the log is rotated. */
  readonly reloadEvery: number
}

const A_MINUTE = 60_000
/** Less has no parts that could be compared. */
export const LEAST_MINUTES = 1

/** Divides so many minutes. */
export function scheduleFor(minutes: number): Schedule {
  if (!(minutes >= LEAST_MINUTES))
    throw new Error(`Expected at least ${LEAST_MINUTES} minute, got ${minutes}`)
  const duration = minutes * A_MINUTE
  const length = Math.min(A_MINUTE, duration / 6)
  const from = Math.min(5 * A_MINUTE, 0.3 * duration)
  return {
    duration,
    early: { from, to: from + length },
    end: { from: duration - length, to: duration },
    reloadEvery: Math.max(30_000, duration / 12),
  }
}

/** Which of the compared parts a moment belongs to, if it does. */
export function partOf({ early, end }: Schedule, moment: number): 'early' | 'end' | undefined {
  if (moment >= early.from && moment < early.to) return 'early'
  return moment >= end.from && moment < end.to ? 'end' : undefined
}
