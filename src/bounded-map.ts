/**
 * A map that does not grow for ever.
 *
 * @module
 */

/** Keeps at most so many values: then the one that was looked at or set least recently goes. */
export class BoundedMap<Value> {
  readonly #limit: number
  // A Map keeps the order of insertion: the first entry is the one that was used least recently.
  readonly #entries = new Map<string, Value>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  /** The same, but not counted as a look. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#limit) this.#entries.delete(this.#entries.keys().next().value ?? key)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  /** Goes through all of them: for what happens rarely. */
  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [key, value] of this.#entries) if (matches(value)) this.#entries.delete(key)
  }
}
