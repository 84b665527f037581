import type { Random } from './random.ts'

/** Something that meets bytes or text from strangers, and how it is tried. */
export interface Target {
  readonly name: string
  /** What it counts: frames whose reply was there and the one of the model, or anything else. */
  readonly unit: 'frames' | 'cases'
  /** Its part of the time, compared with those of the others. */
  readonly share: number
  /** How many cases make a round, which takes a fraction of a second. */
  readonly count: number
  /**
   * Tries so many cases, and tells how many frames or cases these were.
   *
   * @throws {Divergence} If something is not as it has to be.
   */
  run(random: Random, count: number): Promise<number>
}

/** Something is not as it has to be; the message shows the smallest case that was found. */
export class Divergence extends Error {}
