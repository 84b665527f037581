/** Fifty clients of a real ejabberd with `http`, and everything that a web service can do to them. */
import { after, before, test } from 'node:test'
import { Service } from '../backends/http-service.ts'
import { HOST } from '../e2e/support/configuration.ts'
import { Gate } from '../helpers/gate.ts'
import { startEjabberdWith } from '../servers/support/ejabberds.ts'
import { endure } from './support/run.ts'
import { openStage, type Stage } from './support/stage.ts'
import { exhausted } from './trouble/descriptors.ts'
import { killed as programsKilled } from './trouble/programs.ts'
import * as trouble from './trouble/web-service.ts'

const handlers = (port: number) => `
import { http } from 'ejabberd-extauth'

export default http({ url: 'http://127.0.0.1:${port}/form/' })
`

let service: Service
let gate: Gate
let stage: Stage
before(async () => {
  service = await new Service().start()
  gate = new Gate(service.port)
  await gate.open()
  stage = await openStage({
    start: (edits) => startEjabberdWith(handlers(gate.port), [], edits),
    stored: (user) => service.accounts.get(`${user}@${HOST}`),
    unfinished: () => [],
  })
})
after(async () => {
  await stage?.close()
  await gate?.shut()
  await service?.stop()
})

const site: trouble.Site = {
  get service() {
    return service
  },
  get gate() {
    return gate
  },
}

const FAULTS = [
  [trouble.failing(site)],
  [trouble.mistaken(site)],
  [trouble.silent(site)],
  [trouble.stopped(site)],
  [trouble.garbling(site)],
  [trouble.halving(site)],
  [trouble.resetting(site)],
  [exhausted(() => gate)],
  [trouble.halving(site), programsKilled(1, 'SIGKILL')],
]

for (const faults of FAULTS) {
  test(faults.map(({ title }) => title).join(' + '), (t) => endure(stage, t, ...faults))
}
