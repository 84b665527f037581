import { timeLoading } from '../loading.ts'
import { column, type Effort, type Measured } from '../report.ts'

/** By how much a backend delays the first reply. */
export async function loading({ quick }: Effort): Promise<Measured> {
  const modules = ['accounts', 'http', 'jwt', 'ldap', 'oauth', 'sql'].map((name) => `backends/${name}`)
  const times = Object.fromEntries(await timeLoading(modules, quick ? 3 : 21))
  const { '': nothing = Number.NaN, ...others } = times
  return {
    values: column('first reply, ms', { 'without a backend': nothing, ...others }),
    goals: Object.entries(others).map(([name, time]) => ({
      name: `more with ${name}, ms`,
      value: time - nothing,
      goal: 10,
    })),
  }
}
