import { type Logins, measureEjabberd, type Variant } from '../ejabberd-logins.ts'
import { atLeast, type Effort, type Figure, type Measured, panel } from '../report.ts'

/** Logins at a real ejabberd. */
export async function ejabberd({ quick }: Effort): Promise<Measured> {
  const work = quick ? { people: 5, rounds: 2, logins: 100 } : { people: 20, rounds: 15, logins: 600 }
  const variants = await measureEjabberd({ ...work, clients: 16 })
  const rates = Object.fromEntries(Object.entries(variants).map(([name, { rate }]) => [name, rate]))
  return {
    figures: [
      ...Object.entries(variants).flatMap(([name, logins]) => figures(name, logins)),
      ...ratios(variants),
    ],
    panels: [panel('A real ejabberd: logins', 'logins/s', 'more', rates)],
  }
}

function figures(name: string, { rate, median, p99, server, client }: Logins): Figure[] {
  return [
    { name, value: rate, unit: 'logins/s' },
    { name: `${name}, a login: median`, value: median, unit: 'ms' },
    { name: `${name}, a login: 99th percentile`, value: p99, unit: 'ms' },
    { name: `${name}, a login: processor time of ejabberd and the program`, value: server, unit: 'us' },
    { name: `${name}, a login: processor time of the client`, value: client, unit: 'us' },
  ]
}

function ratios(variants: Record<Variant, Logins>): Figure[] {
  const { "ejabberd's internal authentication": internal, 'Python sample': python } = variants
  return (['ours, instant handlers', 'ours, account store'] as const).flatMap((name) => [
    atLeast(0.9, `logins/s, ${name}, to internal`, variants[name].rate, internal.rate),
    atLeast(1, `logins/s, ${name}, to Python`, variants[name].rate, python.rate),
  ])
}
