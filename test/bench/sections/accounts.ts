import { measureWaves, type Waves } from '../logins.ts'
import { median, quantile } from '../measure.ts'
import { atLeast, atMost, count, type Effort, type Figure, type Measured, panel } from '../report.ts'
import { measureSizes, QUESTIONS, type Times } from '../store-sizes.ts'

const FEW = 1000

/** Logins against the account store, and how much its size matters. */
export async function accounts({ folder, quick, users, accounts: many }: Effort): Promise<Measured> {
  const waves = await measureWaves(folder, users)
  const turns = quick ? { rounds: 5, asked: 20, starts: 2 } : { rounds: 100, asked: 100, starts: 21 }
  const times = await measureSizes(folder, [FEW, many], turns)
  return {
    figures: [...loginFigures(waves), ...sizeFigures(times, many)],
    panels: [
      panel('Account store: a login', 'ms', 'less', {
        'the second with the same password': median(waves.second) / 1000,
        'the first': median(waves.first) / 1000,
      }),
    ],
  }
}

function loginFigures({ first, second }: Waves): Figure[] {
  const users = `${count(first.length)} users log in one after the other`
  const [rateOfFirst, rateOfSecond] = [perSecond(first), perSecond(second)]
  return [
    { name: 'first login: median', value: median(first), unit: 'us' },
    { name: 'first login: 99th percentile', value: quantile(first, 0.99), unit: 'us' },
    { name: 'second login: median', value: median(second), unit: 'us' },
    { name: 'second login: 99th percentile', value: quantile(second, 0.99), unit: 'us' },
    atLeast(300, 'a first login to a second', median(first), median(second)),
    { name: `${users}: first wave`, value: rateOfFirst, unit: 'logins/s' },
    { name: `${users}: second wave`, value: rateOfSecond, unit: 'logins/s' },
    atLeast(100, 'logins/s, second wave to first', rateOfSecond, rateOfFirst),
  ]
}

function perSecond(wave: readonly number[]): number {
  return (1_000_000 * wave.length) / wave.reduce((sum, time) => sum + time, 0)
}

function sizeFigures(times: Map<number, Times>, many: number): Figure[] {
  const values = [...times].flatMap(([size, of]) =>
    QUESTIONS.flatMap((question) => [
      { name: `${question}, one of ${count(size)}: median`, value: median(of[question]), unit: 'us' },
      {
        name: `${question}, one of ${count(size)}: 99th percentile`,
        value: quantile(of[question], 0.99),
        unit: 'us',
      },
    ]),
  )
  const [small, large] = [times.get(FEW), times.get(many)]
  const ratios = QUESTIONS.map((question) =>
    atMost(
      1.5,
      `${question}, one of ${count(many)} to one of ${count(FEW)}`,
      median(large?.[question] ?? []),
      median(small?.[question] ?? []),
    ),
  )
  return [...values, ...ratios]
}
