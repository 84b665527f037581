/** Eight processes work on the same hundred accounts at once, and what they see can have happened in some order. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { temporaryStore } from '../../accounts/support.ts'
import { cheapHash } from '../../helpers/cheap-hash.ts'
import { Belief } from './belief.ts'
import { leftovers } from './leftovers.ts'
import { type Deed, KEEPER, Worker } from './load.ts'

const PROCESSES = 8
const POPULATION = 100
/** Of each process; for a long run: `OPERATIONS=100000 node --test build/test/faults/store/histories.faults.js`. */
const OPERATIONS = Number(process.env['OPERATIONS'] ?? 2000)
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 32))

test(`${PROCESSES} processes do ${OPERATIONS} operations each on the same ${POPULATION} accounts`, async (t) => {
  t.diagnostic(`SEED=${SEED}`)
  const store = await temporaryStore(t)
  await store.create(KEEPER.user, KEEPER.server, cheapHash(KEEPER.password))
  const loads = Array.from({ length: PROCESSES }, (_, number) => ({
    name: 'abcdefgh'.charAt(number),
    seed: SEED + number,
    population: POPULATION,
    operations: OPERATIONS,
  }))
  const workers = await Promise.all(loads.map((load) => Worker.start(store.directory, load)))
  t.after(() => {
    for (const worker of workers) worker.kill()
  })
  for (const worker of workers) worker.begin()
  const ended = await Promise.all(workers.map((worker) => worker.ended()))
  assert.deepEqual(
    ended.map(({ ending, deeds }) => [ending, deeds.length]),
    ended.map(() => [0, OPERATIONS]),
  )
  const deeds = ended.flatMap(({ deeds }) => deeds)
  await new Belief(store.directory, POPULATION).assertPossible(deeds)
  assert.deepEqual(leftovers(store.directory), [])
  const contended = deeds.filter((deed) => deeds.some((other) => overlaps(deed, other)))
  t.diagnostic(`${contended.length} of ${deeds.length} operations met another one on the same account`)
  assert.ok(contended.length > deeds.length / 10)
})

function overlaps(a: Deed, b: Deed): boolean {
  return a !== b && a.user === b.user && a.begin <= b.end && b.begin <= a.end
}
