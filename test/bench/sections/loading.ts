import { timeLoading } from '../loading.ts'
import type { Effort, Measured } from '../report.ts'

/** By how much a backend delays the first reply. */
export async function loading({ quick }: Effort): Promise<Measured> {
  const modules = ['accounts', 'http', 'jwt', 'ldap', 'oauth', 'sql'].map((name) => `backends/${name}`)
  const times = Object.fromEntries(await timeLoading(modules, quick ? 3 : 21))
  const { '': nothing = Number.NaN, ...others } = times
  return {
    figures: [
      { name: 'without a backend', value: nothing, unit: 'ms' },
      ...Object.entries(others).map(([name, time]) => ({
        name: `more with ${name}`,
        value: time - nothing,
        unit: 'ms',
        goal: 10,
      })),
    ],
  }
}
