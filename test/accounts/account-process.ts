/** Runs `account` with these arguments, as the program does. */

import { account } from '../../src/commands/account.ts'

const { stdin, stdout, stderr } = process
try {
  process.exitCode = await account(process.argv.slice(2), { stdin, stdout, stderr })
} catch (error) {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 3
}
