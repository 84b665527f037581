import { measureWaves } from '../logins.ts'
import { median, quantile } from '../measure.ts'
import { atLeast, atMost, count, type Effort, type Goal, type Measured, panel } from '../report.ts'
import { measureSizes, QUESTIONS, type Times } from '../store-sizes.ts'

const FEW = 1000

/** Logins against the account store, and how much its size matters. */
export async function accounts({ folder, quick, users, accounts: many }: Effort): Promise<Measured> {
  const logins = await measureLogins(folder, users)
  const turns = quick ? { rounds: 5, asked: 20, starts: 2 } : { rounds: 100, asked: 100, starts: 21 }
  const sizes = await measureSizes(folder, [FEW, many], turns)
  return {
    values: { ...logins.values, ...sizeValues(sizes) },
    goals: [...logins.goals, ...sizeGoals(sizes, many)],
    panels: logins.panels ?? [],
  }
}

async function measureLogins(folder: string, users: number): Promise<Measured> {
  const { first, second } = await measureWaves(folder, users)
  const rates = [perSecond(first), perSecond(second)] as const
  const medians = [median(first), median(second)] as const
  return {
    values: {
      [`first login of ${count(users)} users`]: { ...distribution(first), 'logins/s': rates[0] },
      [`second login of ${count(users)} users`]: { ...distribution(second), 'logins/s': rates[1] },
    },
    goals: [
      atLeast(300, 'median, first login to second', medians[0], medians[1]),
      atLeast(100, `logins/s of ${count(users)} users, second wave to first`, rates[1], rates[0]),
    ],
    panels: [
      panel('Account store: a login', 'ms', 'less', {
        'the second with the same password': medians[1] / 1000,
        'the first': medians[0] / 1000,
      }),
    ],
  }
}

function perSecond(wave: readonly number[]): number {
  return (1_000_000 * wave.length) / wave.reduce((sum, time) => sum + time, 0)
}

function sizeValues(sizes: Map<number, Times>): Measured['values'] {
  const rows = QUESTIONS.flatMap((question) =>
    [...sizes].map(([size, times]) => [`${question}, one of ${count(size)}`, distribution(times[question])]),
  )
  return Object.fromEntries(rows)
}

function sizeGoals(sizes: Map<number, Times>, many: number): Goal[] {
  const [small, large] = [sizes.get(FEW), sizes.get(many)]
  return QUESTIONS.map((question) =>
    atMost(
      1.5,
      `${question}, one of ${count(many)} to one of ${count(FEW)}`,
      median(large?.[question] ?? []),
      median(small?.[question] ?? []),
    ),
  )
}

function distribution(times: readonly number[]): Record<string, number> {
  return { 'median, us': median(times), '99th percentile, us': quantile(times, 0.99) }
}
