import type { SqlOptions } from '../../../src/backends/sql.ts'
import { PASSWORD } from '../../backends/contract.ts'
import { cheapHash } from '../../helpers/cheap-hash.ts'

/** The hash of the password that the conformance suite knows alice by. */
export const ALICE_HASH: string = cheapHash(PASSWORD)

/** All five, on a table `customers`; the condition says which names are the same. */
export function statements(
  condition = 'login = :user',
): Required<Omit<SqlOptions, 'pool' | 'passwords' | 'patience'>> {
  return {
    auth: `SELECT password FROM customers WHERE ${condition}`,
    isuser: `SELECT 1 FROM customers WHERE ${condition}`,
    setpass: `UPDATE customers SET password = :hash WHERE ${condition}`,
    tryregister: 'INSERT INTO customers (login, password) VALUES (:user, :hash)',
    removeuser: `DELETE FROM customers WHERE ${condition}`,
  }
}

/** What a backend with all the statements can do. */
export const OPERATIONS = ['auth', 'isuser', 'setpass', 'tryregister', 'removeuser'] as const

/** The conformance suite makes hashes by the hundred. */
export const CHEAPLY = { passwords: { newHashes: 'ssha512' } } as const
