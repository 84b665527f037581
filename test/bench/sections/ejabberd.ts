import { type Logins, measureEjabberd, type Variant } from '../ejabberd-logins.ts'
import { atLeast, type Effort, type Goal, type Measured, panel } from '../report.ts'

/** Logins at a real ejabberd. */
export async function ejabberd({ quick }: Effort): Promise<Measured> {
  const work = quick
    ? { people: 5, before: 0, rounds: 2, logins: 100 }
    : { people: 20, before: 120_000, rounds: 15, logins: 600 }
  const variants = await measureEjabberd({ ...work, clients: 16 })
  const values = Object.entries(variants).map(([name, { rate, median, p99, server, client }]) => [
    name,
    {
      'logins/s': rate,
      'median, ms': median,
      '99th percentile, ms': p99,
      'ejabberd and program, us of processor': server,
      'client, us of processor': client,
    },
  ])
  const rates = Object.fromEntries(Object.entries(variants).map(([name, { rate }]) => [name, rate]))
  return {
    values: Object.fromEntries(values),
    goals: goals(variants),
    panels: [panel('A real ejabberd', 'logins/s', 'more', rates)],
  }
}

function goals(variants: Record<Variant, Logins>): Goal[] {
  const { "ejabberd's internal authentication": internal, 'Python sample': python } = variants
  return (['ours, instant handlers', 'ours, account store'] as const).flatMap((name) => [
    atLeast(0.9, `logins/s, ${name}, to internal`, variants[name].rate, internal.rate),
    atLeast(1, `logins/s, ${name}, to Python`, variants[name].rate, python.rate),
  ])
}
