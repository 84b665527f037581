import { median, quantile } from '../measure.ts'
import { difference, differenceByChance } from '../noise.ts'
import { type Refusals, refusalsOfSql, refusalsOfStore } from '../refusals.ts'
import type { Effort, Goal, Measured } from '../report.ts'

/** Whether the time of a refusal by the account store tells that there is no such user. */
export async function timing({ folder, quick }: Effort): Promise<Measured> {
  return measured({ 'account store': await refusalsOfStore(folder, quick ? 3 : 100) })
}

/** The same for the backend `sql`, at a PostgreSQL of its own. */
export async function sqlTiming({ folder, quick }: Effort): Promise<Measured> {
  const samples = (many: number) => (quick ? 3 : many)
  const { bcrypt, argon2id } = await refusalsOfSql(folder, { bcrypt: samples(60), argon2id: samples(300) })
  return measured({ 'sql, bcrypt': bcrypt, 'sql, argon2id': argon2id })
}

function measured(refusals: Readonly<Record<string, Refusals>>): Measured {
  const values = Object.entries(refusals).flatMap(([where, { unknownUser, wrongPassword }]) => [
    [`${where}: unknown user`, distribution(unknownUser)],
    [`${where}: wrong password`, distribution(wrongPassword)],
  ])
  return {
    values: Object.fromEntries(values),
    goals: Object.entries(refusals).map(([where, times]) => sameness(where, times)),
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
