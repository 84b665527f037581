import { median, quantile } from '../measure.ts'
import { difference, differenceByChance } from '../noise.ts'
import { type Refusals, refusalsOfSql, refusalsOfStore } from '../refusals.ts'
import type { Effort, Goal, Measured } from '../report.ts'

/** Whether the time of a refusal tells that there is no such user. */
export async function timing({ folder, quick }: Effort): Promise<Measured> {
  const samples = (many: number) => (quick ? 3 : many)
  const store = await refusalsOfStore(folder, samples(100))
  const sql = await refusalsOfSql(folder, { bcrypt: samples(60), argon2id: samples(300) })
  const all = { 'account store': store, 'sql, bcrypt': sql.bcrypt, 'sql, argon2id': sql.argon2id }
  const values = Object.entries(all).flatMap(([where, { unknownUser, wrongPassword }]) => [
    [`${where}: unknown user`, distribution(unknownUser)],
    [`${where}: wrong password`, distribution(wrongPassword)],
  ])
  return {
    values: Object.fromEntries(values),
    goals: Object.entries(all).map(([where, refusals]) => sameness(where, refusals)),
  }
}

function distribution(times: readonly number[]): Record<string, number> {
  const of = (part: number) => quantile(times, part) / 1000
  const halves = [0, 1].map((half) => times.filter((_, index) => index % 2 === half)) as [number[], number[]]
  return {
    'median, ms': median(times) / 1000,
    'width of the middle half, ms': of(0.75) - of(0.25),
    '99th percentile, ms': of(0.99),
    'two halves of the same differ by, %': 100 * difference(...halves),
  }
}

/** The goal is the noise: as much as 99 of 100 random splits of all samples differ. */
function sameness(where: string, { unknownUser, wrongPassword }: Refusals): Goal {
  return {
    name: `${where}: the medians of both differ by, %; goal: the noise`,
    value: 100 * difference(unknownUser, wrongPassword),
    goal: 100 * differenceByChance(unknownUser, wrongPassword),
  }
}
