import { strict as assert } from 'node:assert'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encodeName, isDigest } from '../../../src/accounts/names.ts'
import { AccountStore } from '../../../src/accounts/store.ts'
import { makeText, mutateText, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** What is done to an account, or to the directory by somebody else. */
type Step = readonly [what: (typeof STEPS)[number], user: string, server: string, hash: string]

interface Example {
  readonly steps: readonly Step[]
  /** What somebody writes at the end into the files that keep the names that are too long for a directory. */
  readonly name: string
}

/** Names of any kind in an account store on the disk, with strange files in it. */
export const stores: Target = {
  name: 'stores',
  unit: 'cases',
  share: 3,
  count: 3,
  run: property({ generate, check, show: (example) => JSON.stringify(example, null, 2) }),
}

const STEPS = [
  'create',
  'has',
  'read',
  'change',
  'remove',
  'list',
  'strange file',
  'strange directory',
] as const
/** No file can be called that. */
const LONG = 'x'.repeat(1023)
const SERVERS = ['example.org', '[::1]', '..', '.tmp', 'EXAMPLE.org']
const USERS = ['alice', 'Alice', '..', '.', 'password', '.name', '.tmp', 'a/b', '\0', '%', '%41', LONG]

function generate(random: Random): Example {
  const text = () => wellFormed(makeText(random, 6)) || 'x'
  const [users, servers] = random.oneIn(2)
    ? [
        ['alice', LONG],
        ['x', LONG],
      ]
    : [
        [...USERS, text(), text()],
        [random.pick(SERVERS), random.pick([...SERVERS, text()])],
      ]
  const steps = random.list(
    random.below(30),
    (): Step => [random.pick(STEPS), random.pick(users), random.pick(servers), `$${random.below(100)}`],
  )
  return { steps, name: random.oneIn(2) ? random.pick([...users, ...servers]) : mutateText(random, LONG) }
}

async function check({ steps, name }: Example): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'extauth-fuzz-'))
  try {
    const directory = join(folder, 'store')
    const store = new AccountStore(directory)
    await store.initialise()
    const accounts = new Map<string, string>()
    for (const step of steps) await take(step, store, accounts)
    assert.deepEqual(listed(store), [...accounts.keys()].sort())
    for (const [account, hash] of accounts) {
      const [user, server] = JSON.parse(account)
      assert.equal(new AccountStore(directory).read(user, server), hash)
    }
    assert.deepEqual(readdirSync(folder), ['store'], 'something is beside the store')
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    assert.ok(!names.some((path) => path.includes('unfinished')), 'something was left behind')
    for (const path of names.filter(isOfName)) writeFileSync(join(directory, path), name)
    const isKnown = (part: string) => !isDigest(encodeName(part)) || part === name
    const known = [...accounts.keys()].filter((account) => JSON.parse(account).every(isKnown))
    assert.deepEqual(listed(store), known.sort(), 'another name than its own is taken for that of an account')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** `~digest/.name` of a server, and `~digest/name` of a user. */
function isOfName(path: string): boolean {
  return /(^|\/)~[\da-f]{64}\/\.?name$/.test(path)
}

async function take([what, user, server, hash]: Step, store: AccountStore, accounts: Map<string, string>) {
  const name = JSON.stringify([user, server])
  const isThere = accounts.has(name)
  switch (what) {
    case 'create':
      assert.equal(await store.create(user, server, hash), !isThere)
      if (!isThere) accounts.set(name, hash)
      return
    case 'change':
      assert.equal(await store.change(user, server, hash), isThere)
      if (isThere) accounts.set(name, hash)
      return
    case 'remove':
      assert.equal(await store.remove(user, server), isThere)
      accounts.delete(name)
      return
    case 'has':
      return assert.equal(store.has(user, server), isThere)
    case 'read':
      return assert.equal(store.read(user, server), accounts.get(name))
    case 'list':
      return assert.deepEqual(listed(store), [...accounts.keys()].sort())
    case 'strange file':
      return disturb(join(store.directory, `strange${hash}`), 'file')
    case 'strange directory':
      return disturb(join(store.directory, `Strange${hash}`, 'x', 'y'), 'directory')
  }
}

function disturb(path: string, what: 'file' | 'directory'): void {
  if (what === 'file') writeFileSync(path, 'strange')
  else mkdirSync(dirname(path), { recursive: true })
}

function listed(store: AccountStore): string[] {
  return [...store.list()].map(({ user, server }) => JSON.stringify([user, server])).sort()
}
