import { performance } from 'node:perf_hooks'

/** What is compared: each call does the same work once. */
export type Contestants = Readonly<Record<string, () => unknown>>

/** How often. */
export interface Rounds {
  /** How often the contestants take turns. */
  rounds: number
  /** How many calls each makes in its turn, one after the other. */
  calls: number
  /** Run after each turn, outside the measurement. */
  between?: () => Promise<void>
}

/** As {@link compareAll}, and gives for each contestant the median over its turns. */
export async function compare<C extends Contestants>(
  contestants: C,
  rounds: Rounds,
): Promise<Record<keyof C, number>> {
  const times = await compareAll(contestants, rounds)
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)])) as Record<
    keyof C,
    number
  >
}

/**
 * Lets the contestants take turns, so that what disturbs the machine disturbs all of them alike, and gives for each the
 * time of a call in each of its turns, in microseconds.
 */
export async function compareAll<C extends Contestants>(
  contestants: C,
  { rounds, calls, between }: Rounds,
): Promise<Record<keyof C, number[]>> {
  const entries = Object.entries(contestants)
  const turns = new Map<string, number[]>(entries.map(([name]) => [name, []]))
  // The first turn warms up the compiler, the connections and the caches, and does not count.
  for (let round = -1; round < rounds; round++) {
    for (const [name, call] of rotated(entries, round)) {
      const start = performance.now()
      for (let i = 0; i < calls; i++) await call()
      if (round >= 0) turns.get(name)?.push(((performance.now() - start) * 1000) / calls)
      await between?.()
    }
  }
  return Object.fromEntries(turns) as Record<keyof C, number[]>
}

/** The same in another order each time: who comes behind whom makes a difference. */
export function rotated<T>(values: readonly T[], turn: number): T[] {
  const first = (turn + values.length) % values.length
  return [...values.slice(first), ...values.slice(0, first)]
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

/** The value below which this part of them lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** How long a call takes that does not wait. */
export function microseconds(call: () => void): number {
  const start = process.hrtime.bigint()
  call()
  return Number(process.hrtime.bigint() - start) / 1000
}

/** Lines of a table, with the columns below each other. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
