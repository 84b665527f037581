import { closeSync, openSync, readSync, statSync } from 'node:fs'

/** What the programs say became of a request. */
export interface Outcome {
  outcome: 'allowed' | 'refused' | 'failed'
  /** Was it told as failed because it took too long, and is it still under way? */
  isLate: boolean
}

/**
 * The log of the programs, by place in the file and not by time: a program whose clock was set back writes old dates.
 */
export class Journal {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  /** Where the next line will be. */
  position(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0
  }

  /** What was written between two places. */
  text(from: number, to: number = this.position()): string {
    if (to <= from) return ''
    const buffer = Buffer.alloc(to - from)
    const descriptor = openSync(this.#file, 'r')
    try {
      return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, from))
    } finally {
      closeSync(descriptor)
    }
  }

  /** The outcomes of an operation for a user between two places, those that came late included. */
  outcomes(operation: string, user: string, from: number, to: number = this.position()): Outcome[] {
    const line = new RegExp(` operation=${operation} user=${user} server=\\S+ outcome=(\\w+)(.*)`, 'g')
    return [...this.text(from, to).matchAll(line)].map(([, outcome, rest]) => ({
      outcome: outcome as Outcome['outcome'],
      isLate: /no answer within/.test(rest ?? ''),
    }))
  }
}
