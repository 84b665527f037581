import { partOf, type Schedule } from './schedule.ts'

/** How long answers of one kind took, in milliseconds, in the parts of the run that are compared. */
export interface Times {
  readonly early: number[]
  readonly end: number[]
}

/** Most complaints that are kept in words; the others are counted. */
const MOST_COMPLAINTS = 20

/** What was asked and how it was answered, from the start of a run on. */
export class Ledger {
  readonly schedule: Schedule
  readonly times = new Map<string, Times>()
  /** What was not as it had to be, in words. */
  readonly complaints: string[] = []
  asked = 0
  wrong = 0
  #start = performance.now()

  constructor(schedule: Schedule) {
    this.schedule = schedule
  }

  /** Starts the clock. */
  begin(): void {
    this.#start = performance.now()
  }

  /** The time since the start, in milliseconds. */
  get now(): number {
    return performance.now() - this.#start
  }

  /** Is the time over? */
  get isOver(): boolean {
    return this.now >= this.schedule.duration
  }

  /** Keeps an answer that was right. */
  right(kind: string, milliseconds?: number): void {
    this.asked++
    if (milliseconds !== undefined) this.took(kind, milliseconds)
  }

  /** Keeps how long something took, if it was in one of the parts that are compared. */
  took(kind: string, milliseconds: number): void {
    const part = partOf(this.schedule, this.now)
    if (part === undefined) return
    const times = this.times.get(kind) ?? { early: [], end: [] }
    this.times.set(kind, times)
    times[part].push(milliseconds)
  }

  /** Keeps an answer that was not. */
  wrongAnswer(complaint: string): void {
    this.asked++
    this.wrong++
    this.complain(complaint)
  }

  /** Keeps something that is not as it has to be. */
  complain(complaint: string): void {
    const told = `${Math.round(this.now / 1000)} s: ${complaint}`
    if (this.complaints.length < MOST_COMPLAINTS) this.complaints.push(told)
    else if (this.complaints.length === MOST_COMPLAINTS) this.complaints.push('... and more')
  }
}
