import { measureHttp, measureSql } from '../backends.ts'
import { atMost, column, type Effort, type Measured } from '../report.ts'

/** What backends add to the drivers that they use. */
export async function backends({ quick }: Effort): Promise<Measured> {
  const rounds = quick ? { rounds: 3, calls: 50 } : { rounds: 31, calls: 200 }
  const sql = await measureSql(rounds)
  const http = await measureHttp(rounds)
  return {
    values: column('a question, us', {
      sql: sql.backend,
      'pool.query of pg': sql.bare,
      http: http.backend,
      fetch: http.bare,
    }),
    goals: [
      atMost(1.3, 'sql to pool.query of pg', sql.backend, sql.bare),
      atMost(1.3, 'http to fetch', http.backend, http.bare),
    ],
  }
}
