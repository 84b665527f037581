import { median, quantile } from '../measure.ts'
import { difference, differenceByChance } from '../noise.ts'
import { type Refusals, refusalsOfSql, refusalsOfStore } from '../refusals.ts'
import type { Effort, Figure, Measured } from '../report.ts'

/** Whether the time of a refusal tells that there is no such user. */
export async function timing({ folder, quick }: Effort): Promise<Measured> {
  const samples = (many: number) => (quick ? 3 : many)
  const store = await refusalsOfStore(folder, samples(100))
  const sql = await refusalsOfSql(folder, { bcrypt: samples(60), argon2id: samples(300) })
  return {
    figures: [
      ...refusalFigures('account store', store),
      ...refusalFigures('sql, bcrypt', sql.bcrypt),
      ...refusalFigures('sql, argon2id', sql.argon2id),
    ],
  }
}

function refusalFigures(where: string, { unknownUser, wrongPassword }: Refusals): Figure[] {
  return [
    ...distribution(`${where}, unknown user`, unknownUser),
    ...distribution(`${where}, wrong password`, wrongPassword),
    {
      name: `${where}: difference of the medians; goal: that of 99 of 100 random splits`,
      value: 100 * difference(unknownUser, wrongPassword),
      unit: '%',
      goal: 100 * differenceByChance(unknownUser, wrongPassword),
    },
    {
      name: `${where}: difference of the medians between two halves of the wrong passwords`,
      value: 100 * difference(half(wrongPassword, 0), half(wrongPassword, 1)),
      unit: '%',
    },
  ]
}

function distribution(name: string, times: readonly number[]): Figure[] {
  return [
    { name: `${name}: median`, value: median(times) / 1000, unit: 'ms' },
    {
      name: `${name}: width of the middle half`,
      value: (quantile(times, 0.75) - quantile(times, 0.25)) / 1000,
      unit: 'ms',
    },
    { name: `${name}: 99th percentile`, value: quantile(times, 0.99) / 1000, unit: 'ms' },
  ]
}

/** Every other one. */
function half(values: readonly number[], which: 0 | 1): number[] {
  return values.filter((_, index) => index % 2 === which)
}
