/** Fifty clients of a real ejabberd, and somebody who edits the handlers file while they are at it. */
import { after, before, describe, test } from 'node:test'
import { HOST } from '../e2e/support/configuration.ts'
import { kill } from '../e2e/support/processes.ts'
import { startEjabberdWith } from '../servers/support/ejabberds.ts'
import { endure } from './support/run.ts'
import { openStage, POOL, type Stage } from './support/stage.ts'
import { brokenAtReload, brokenAtStart, goneAtStart } from './trouble/handlers.ts'
import { killed } from './trouble/programs.ts'

/** The account store, as a handlers file has it. */
const HANDLERS = `import { accounts } from 'ejabberd-extauth'

export default accounts({ directory: new URL('accounts', import.meta.url).pathname })
`

let stage: Stage
before(async () => {
  stage = await openStage({
    async start(edits) {
      const ejabberd = await startEjabberdWith(HANDLERS, [], edits)
      await ejabberd.addAccount('first', HOST, 'of all') // makes the store
      return ejabberd
    },
    warmUp: reload,
  })
})
after(() => stage?.close())

/** On Node.js before 22.15 the first reload starts a thread, which stays. */
async function reload(stage: Stage): Promise<void> {
  const from = stage.journal.position()
  for (const pid of await stage.workers()) kill(pid, 'SIGHUP')
  const loaded = () => stage.journal.text(from).match(/event=handlers_loaded/g)?.length === POOL
  await stage.until('every program to load the handlers', loaded)
}

describe('the handlers file', () => {
  for (const fault of [brokenAtReload(), brokenAtStart(), goneAtStart()]) {
    test(fault.title, (t) => endure(stage, t, fault))
  }
  test('is broken, and reloaded, while programs are killed', (t) =>
    endure(stage, t, brokenAtReload(), killed(POOL, 'SIGKILL')))
})
