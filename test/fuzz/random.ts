/** Numbers that look random and are the same for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 up, below the limit. Generators take care that 0 is the simplest choice. */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    return Math.floor((mix(this.#state) / 2 ** 32) * limit)
  }

  /** A whole number, both limits included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** Is it the one of so many times? */
  oneIn(times: number): boolean {
    return this.below(times) === times - 1
  }

  /** One of these; the first is the simplest. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  /** So many of what the function makes. */
  list<Item>(count: number, make: () => Item): Item[] {
    return Array.from({ length: count }, make)
  }

  /** Most often small, sometimes as large as allowed. */
  size(most: number): number {
    return this.below(this.oneIn(8) ? most + 1 : Math.min(most, 8) + 1)
  }
}

/** Remembers what it has drawn, so that it can be drawn again. */
export class Recorder extends Random {
  readonly tape: number[] = []

  override below(limit: number): number {
    const drawn = super.below(limit)
    this.tape.push(drawn)
    return drawn
  }
}

/** Draws what stands on a tape, and 0 behind its end. */
export class Replay extends Random {
  readonly #tape: readonly number[]
  #at = 0

  constructor(tape: readonly number[]) {
    super(0)
    this.#tape = tape
  }

  override below(limit: number): number {
    return Math.min(this.#tape[this.#at++] ?? 0, limit - 1)
  }
}

/** A seed that is made of others, or of texts. */
export function seedOf(...parts: readonly (number | string)[]): number {
  let seed = 0
  for (const part of parts) {
    const numbers = typeof part === 'number' ? [part] : [...part].map((char) => char.charCodeAt(0))
    for (const number of numbers) seed = mix((Math.imul(seed, 31) + number) >>> 0)
  }
  return seed
}

/** Spreads each bit over all others: the finalizer of MurmurHash3. */
function mix(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
