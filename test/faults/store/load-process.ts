/**
 * Works on the accounts of a store as fast as it can, and notes when it begins something and what came of it.
 *
 * Arguments: directory, name, seed, number of accounts, number of operations (0: until it is killed). Says `ready`,
 * and begins when it hears something. The notes, one line of JSON each, go to file descriptor 3.
 */
import { writeSync } from 'node:fs'
import { AccountStore } from '../../../src/accounts/store.ts'
import { accounts } from '../../../src/backends/accounts.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { withPassword } from '../../backends/contract.ts'
import { Random } from '../../fuzz/random.ts'
import { cheapHash } from '../../helpers/cheap-hash.ts'
import { assertKeeper, type Begun, type Ended, type Kind, SERVER, userName } from './load.ts'

const [directory = '', name = '', ...numbers] = process.argv.slice(2)
const [seed = 0, population = 0, most = 0] = numbers.map(Number)

const KINDS: readonly Kind[] = ['login', 'create', 'create', 'change', 'change', 'remove', 'read', 'login']
/** For so long (ms) all processes work on the same few accounts, the next ones then. */
const ON_THE_SAME = 10
const FEW = 3

const random = new Random(seed)
const store = new AccountStore(directory)
const handlers = accounts({ directory }) as Required<Handlers>
/** What this process has stored last for a user, which somebody else may have changed. */
const passwords = new Map<string, string>()

await assertKeeper(handlers)
process.stdin.once('data', async () => {
  for (let count = 1; most === 0 || count <= most; count++) await act(`${name}-${count}`)
  process.exit()
})
writeSync(1, 'ready\n')

async function act(fresh: string): Promise<void> {
  const user = userName((Math.floor(now() / (ON_THE_SAME * 1e6)) + random.below(FEW)) % population)
  const kind = random.pick(KINDS)
  const password = kind === 'login' ? (passwords.get(user) ?? 'of nobody') : fresh
  note({ user, kind, password, begin: now() })
  const result = await perform(kind, user, password)
  note({ result, end: now() })
  if (result === true && kind !== 'remove') passwords.set(user, password)
}

function perform(kind: Kind, user: string, password: string): Ended['result'] | Promise<Ended['result']> {
  if (kind === 'create') return store.create(user, SERVER, cheapHash(password))
  if (kind === 'change') return store.change(user, SERVER, cheapHash(password))
  if (kind === 'remove') return store.remove(user, SERVER)
  if (kind === 'login') return handlers.auth(withPassword('auth', user, password))
  return store.read(user, SERVER) ?? null
}

/** The monotonic clock is the same for all processes. */
function now(): number {
  return Number(process.hrtime.bigint())
}

/** The operating system has it when this returns, whatever becomes of the process. */
function note(line: Begun | Ended): void {
  writeSync(3, `${JSON.stringify(line)}\n`)
}
