/** A handler hangs: whoever asked is refused at our deadline, everybody else is served, no worker is lost. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Edit, replace } from './support/configuration.ts'
import { type Ejabberd, startEjabberd } from './support/ejabberd.ts'
import { login } from './support/login.ts'
import { assertRefused } from './support/stanzas.ts'

/** In milliseconds. */
const DEADLINE = 2000
/** What ejabberd gives a request, and a worker that has not answered by then; milliseconds. */
const EJABBERDS_DEADLINE = 30_000

const HANDLERS = `
export default {
  auth({ user, password }) {
    if (user === 'hanging') return new Promise(() => {})
    if (user === 'late') return new Promise((resolve) => setTimeout(resolve, ${DEADLINE + 500}, true))
    return password === 'right'
  },
}
`
const withDeadline: Edit = (text) =>
  replace(text, ' --handlers ', ` --timeout ${DEADLINE / 1000} --handlers `)

let ejabberd: Ejabberd
before(async () => {
  ejabberd = await startEjabberd({ handlers: HANDLERS, edits: [withDeadline] })
})
after(() => ejabberd?.dispose())

test('whoever meets a handler that hangs or is late is refused at our deadline, nobody else is hurt', async () => {
  const workers = await ejabberd.until('five workers', () => workerPids().length === 5 && workerPids())
  const trouble = meetTrouble()
  const served = await meanwhile(trouble, async () => {
    await visit('alice', 'right')
    await assertRefused(visit('bob', 'wrong'), 'a wrong password while answers are late')
  })
  for (const duration of await trouble) {
    assert.ok(duration >= DEADLINE, `refused before the deadline: ${duration} ms`)
    assert.ok(duration < EJABBERDS_DEADLINE / 2, `refused by ejabberd and not by us: ${duration} ms`)
  }
  assert.ok(served >= 4, `only ${served} others were served in the meantime`)
  assert.deepEqual(workerPids(), workers)
  assert.deepEqual(linesWith(ejabberd.log(), /: timeout|terminated unexpectedly|: disconnected/), [])
})

test('the log says who was refused because of it, and that an answer came too late', async () => {
  const failed = /user=hanging server=example\.org outcome=failed ms=2\d{3}\S* reason=".*2000 ms/
  assert.match(ejabberd.programLog(), failed)
  assert.match(ejabberd.programLog(), /event=late_answer operation=auth user=late .* outcome=allowed/)
})

/** Logins that take too long, two at a time; gives how long each of them took. */
async function meetTrouble(): Promise<number[]> {
  const durations: number[] = []
  for (let round = 0; round < 4; round++) {
    const refusals = ['hanging', 'late'].map(async (user) => {
      const start = performance.now()
      await assertRefused(visit(user, 'right'))
      durations.push(performance.now() - start)
    })
    await Promise.all(refusals)
  }
  return durations
}

/** Three at a time do the same over and over until the trouble is over; gives how often it was done. */
async function meanwhile(trouble: Promise<unknown>, work: () => Promise<void>): Promise<number> {
  let over = false
  let times = 0
  const end = () => {
    over = true
  }
  trouble.then(end, end)
  const workers = [1, 2, 3].map(async () => {
    for (; !over; times++) await work()
  })
  await Promise.all(workers)
  return times
}

function linesWith(log: string, pattern: RegExp): string[] {
  return log.split('\n').filter((line) => pattern.test(line))
}

async function visit(user: string, password: string): Promise<void> {
  await (await login(ejabberd, 'tcp', { user, password })).stop()
}

function workerPids(): number[] {
  return ejabberd
    .workers()
    .map(({ pid }) => pid)
    .sort()
}
