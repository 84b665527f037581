import { median, quantile } from './measure.ts'

/** By what part the medians differ. */
export function difference(these: readonly number[], others: readonly number[]): number {
  const [one, other] = [median(these), median(others)]
  return Math.abs(one - other) / Math.min(one, other)
}

const SPLITS = 2000

/**
 * By what part the medians would differ if there was nothing in it but noise: the samples of both are thrown together
 * and split at random, again and again; 99 of 100 such splits differ by less than this.
 */
export function differenceByChance(these: readonly number[], others: readonly number[]): number {
  const all = [...these, ...others]
  const differences = Array.from({ length: SPLITS }, () => {
    shuffle(all)
    return difference(all.slice(0, these.length), all.slice(these.length))
  })
  return quantile(differences, 0.99)
}

function shuffle(values: number[]): void {
  for (let end = values.length - 1; end > 0; end--) {
    const chosen = Math.floor(Math.random() * (end + 1))
    const value = values[chosen] as number
    values[chosen] = values[end] as number
    values[end] = value
  }
}
