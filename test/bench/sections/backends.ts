import { type Cost, measureHttp, measureSql } from '../backends.ts'
import { atMost, type Effort, type Figure, type Measured } from '../report.ts'

/** What backends add to the drivers that they use. */
export async function backends({ quick }: Effort): Promise<Measured> {
  const rounds = quick ? { rounds: 3, calls: 50 } : { rounds: 31, calls: 200 }
  return {
    figures: [
      ...costs('sql', 'pool.query of pg', await measureSql(rounds)),
      ...costs('http', 'fetch', await measureHttp(rounds)),
    ],
  }
}

function costs(name: string, bareName: string, { backend, bare }: Cost): Figure[] {
  return [
    { name, value: backend, unit: 'us' },
    { name: bareName, value: bare, unit: 'us' },
    atMost(1.3, `${name} to ${bareName}`, backend, bare),
  ]
}
