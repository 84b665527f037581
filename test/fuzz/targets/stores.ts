import { strict as assert } from 'node:assert'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { AccountStore } from '../../../src/accounts/store.ts'
import { makeText, wellFormed } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

/** What is done to an account, or to the directory by somebody else. */
type Step = readonly [what: (typeof STEPS)[number], user: string, server: string, hash: string]

/** Names of any kind in an account store on the disk, with strange files in it. */
export const stores: Target = {
  name: 'stores',
  unit: 'cases',
  share: 3,
  count: 3,
  run: property({ generate, check, show: (steps: readonly Step[]) => JSON.stringify(steps, null, 2) }),
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
const SERVERS = ['example.org', '[::1]', '..', '.tmp', 'EXAMPLE.org']
const USERS = [
  'alice',
  'Alice',
  '..',
  '.',
  'password',
  '.name',
  '.tmp',
  'a/b',
  '\0',
  '%',
  '%41',
  'x'.repeat(1023),
]

function generate(random: Random): Step[] {
  const text = () => wellFormed(makeText(random, 6)) || 'x'
  const [users, servers] = [
    [...USERS, text(), text()],
    [random.pick(SERVERS), random.pick([...SERVERS, text()])],
  ]
  return random.list(random.below(30), () => [
    random.pick(STEPS),
    random.pick(users),
    random.pick(servers),
    `$${random.below(100)}`,
  ])
}

async function check(steps: readonly Step[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'extauth-fuzz-'))
  try {
    const directory = join(folder, 'store')
    const store = new AccountStore(directory)
    await store.initialise()
    const accounts = new Map<string, string>()
    for (const step of steps) await take(step, store, accounts)
    assert.deepEqual(listed(store), [...accounts.keys()].sort())
    for (const [name, hash] of accounts) {
      const [user, server] = JSON.parse(name)
      assert.equal(new AccountStore(directory).read(user, server), hash)
    }
    assert.deepEqual(readdirSync(folder), ['store'], 'something is beside the store')
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    assert.ok(!names.some((name) => name.includes('unfinished')), 'something was left behind')
  } finally {
    rmSync(folder, { recursive: true })
  }
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
