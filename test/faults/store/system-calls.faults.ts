/** A process is killed at every one of the system calls by which it creates, changes or removes an account. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { encodeName } from '../../../src/accounts/names.ts'
import { AccountStore } from '../../../src/accounts/store.ts'
import { accounts } from '../../../src/backends/accounts.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { finished, start, temporaryStore } from '../../accounts/support.ts'
import { named, withPassword } from '../../backends/contract.ts'
import { within } from '../../e2e/support/wait.ts'
import { cheapHash } from '../../helpers/cheap-hash.ts'
import { abandon, files, leaveBehind, leftovers } from './leftovers.ts'
import { killAt, type Strace, type SystemCall, watch } from './strace.ts'

const SERVER = 'example.org'
const OLD = cheapHash('old')
const NEW = cheapHash('new')

/** A write, what is in the place of the account before it, and after it. */
interface Write {
  readonly operation: 'create' | 'change' | 'remove'
  readonly user: string
  readonly before?: string
  readonly after?: string
  /** There is no account of this server yet. */
  readonly isFirst?: boolean
}

const LONG = 'a'.repeat(1023)
const WRITES: Record<string, Write> = {
  'the creation of the first account of a server': {
    operation: 'create',
    user: 'alice',
    after: NEW,
    isFirst: true,
  },
  'the creation of an account': { operation: 'create', user: 'alice', after: NEW },
  'the creation of an account with a long name': { operation: 'create', user: LONG, after: NEW },
  'a change': { operation: 'change', user: 'alice', before: OLD, after: NEW },
  'a removal': { operation: 'remove', user: 'alice', before: OLD },
}

describe('killed at any system call, it was done or was not', { concurrency: 2 }, () => {
  for (const [title, write] of Object.entries(WRITES)) {
    test(title, async (t) => {
      const whole = await run(t, write, ({ pid, file }) => watch(pid, file))
      assert.equal(whole.said, 'done true')
      const expected = await assertSound(whole.directory, write, true)
      const cuts = cutsOf(whole)
      assertWorthIt(cuts, write)
      for (const [thread, call] of cuts) {
        const cut = await run(t, write, (child) => killAt(call, child[thread], child.file))
        const last = cut.calls.at(-1)
        assert.deepEqual([cut.signal, last?.name, last?.nth], ['SIGKILL', call.name, call.nth])
        try {
          assert.deepEqual(await assertSound(cut.directory, write, cut.said === 'done true'), expected)
        } catch (error) {
          throw new Error(`killed at ${call.text}`, { cause: error })
        }
      }
      t.diagnostic(`killed at ${cuts.length} system calls`)
    })
  }
})

/** The process that writes: its main thread, and the one that works on files. */
interface Writer {
  readonly pid: number
  readonly worker: number
  /** Where strace may write. */
  readonly file: string
}

/** Where to kill it: in which thread, and at which call. */
type Cut = readonly ['pid' | 'worker', SystemCall]

/** What became of it. */
interface Run extends Writer {
  readonly directory: string
  readonly said: string | undefined
  readonly signal: string | null
  readonly calls: readonly SystemCall[]
}

async function run(t: TestContext, write: Write, attach: (writer: Writer) => Promise<Strace>): Promise<Run> {
  const { directory } = await prepare(t, write)
  const { operation, user, after = '' } = write
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const child = start('../faults/store/operation-process', [directory, operation, user, after], { env })
  try {
    const ended = finished(child)
    const worker = await threadOf(child)
    const writer = { pid: child.pid ?? 0, worker, file: join(directory, '..', 'calls') }
    const strace = await attach(writer)
    child.stdin?.end('begin')
    const { output, signal } = await within('the writer to end', ended)
    return { ...writer, directory, said: /done \w+/.exec(output)?.[0], signal, calls: await strace.calls() }
  } finally {
    child.kill('SIGKILL')
  }
}

async function threadOf({ stdout }: ChildProcess): Promise<number> {
  assert.ok(stdout)
  const [text] = await within('the writer to start', once(stdout, 'data'))
  return Number(/thread (\d+)/.exec(String(text))?.[1])
}

/** A store with an account elsewhere, and with leftovers, which the write sweeps up on its way. */
async function prepare(t: TestContext, { user, before, isFirst }: Write): Promise<AccountStore> {
  const store = await temporaryStore(t)
  await store.create('keeper', 'other.example', cheapHash('for keeper'))
  if (isFirst !== true) {
    await store.create('neighbour', SERVER, OLD)
    leaveBehind(join(store.directory, SERVER, '.tmp'))
  }
  if (before !== undefined) {
    await store.create(user, SERVER, before)
    leaveBehind(join(store.directory, SERVER, encodeName(user)))
  }
  leaveBehind(store.directory)
  abandon(store.directory)
  return store
}

/**
 * Each call that has to do with the store, and the one that says that all is done. How often the main thread reads what
 * other threads have to tell it is different each time, so its reads cannot be counted.
 */
function cutsOf({ calls, directory, pid, worker }: Run): Cut[] {
  const isOfStore = ({ text }: SystemCall) => text.includes(directory)
  const told = calls.filter(({ thread, text }) => thread === pid && text.includes('"done true'))
  assert.equal(told.length, 1)
  return [
    ...calls.filter((call) => call.thread === pid && call.name !== 'read' && isOfStore(call)).map(inMain),
    ...calls.filter((call) => call.thread === worker && isOfStore(call)).map(inWorker),
    ...told.map(inMain),
  ]
}

const inMain = (call: SystemCall) => ['pid', call] as const
const inWorker = (call: SystemCall) => ['worker', call] as const

const ESSENTIAL: Record<Write['operation'], readonly string[]> = {
  create: ['mkdir', 'openat', 'write', 'fsync', 'close', 'rename'],
  change: ['openat', 'write', 'fsync', 'close', 'rename', 'unlink', 'rmdir'],
  remove: ['rename', 'openat', 'fsync', 'close', 'unlink', 'rmdir'],
}

/** A strace that sees nothing would let every test pass. */
function assertWorthIt(cuts: readonly Cut[], { operation }: Write): void {
  const names = new Set(cuts.map(([, { name }]) => name))
  assert.deepEqual(
    ESSENTIAL[operation].filter((name) => !names.has(name)),
    [],
  )
}

/** The account is what it was or what it was to be; the write can be repeated; then nothing is left of what was cut. */
async function assertSound(directory: string, write: Write, wasTold: boolean): Promise<string[]> {
  const { operation, user, before, after } = write
  const store = new AccountStore(directory)
  const hash = store.read(user, SERVER)
  assert.ok(hash === after || (hash === before && !wasTold), `the account is ${hash}`)
  assert.equal([...store.list(SERVER)].filter((account) => account.user === user).length, hash ? 1 : 0)
  await assertLogins(directory, user, hash)

  abandon(directory)
  if (operation === 'create') assert.equal(await store.create(user, SERVER, NEW), hash === undefined)
  if (operation === 'change') assert.equal(await store.change(user, SERVER, NEW), true)
  if (operation === 'remove') assert.equal(await store.remove(user, SERVER), hash !== undefined)
  await assertLogins(directory, user, after)
  // A removal of who is not there has nothing to sweep.
  assert.equal(await store.create('visitor', SERVER, NEW), true)
  assert.equal(await store.remove('visitor', SERVER), true)
  assert.deepEqual(leftovers(directory), [])
  return files(directory)
}

/** Exactly the password of this hash opens the account. */
async function assertLogins(directory: string, user: string, hash: string | undefined): Promise<void> {
  const { auth, isuser } = accounts({ directory }) as Required<Handlers>
  // What is verified last is what an unknown user costs; and that is a hash that takes no time.
  const keeper = withPassword('auth', 'keeper', 'for keeper')
  assert.equal(await auth({ ...keeper, server: 'other.example' }), true)
  assert.equal(await isuser(named('isuser', user)), hash !== undefined)
  assert.equal(await auth(withPassword('auth', user, 'old')), hash === OLD)
  assert.equal(await auth(withPassword('auth', user, 'new')), hash === NEW)
  assert.equal(await auth(withPassword('auth', user, 'half of a ha')), false)
}
