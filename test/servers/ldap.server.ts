/** The ldap backend on a real OpenLDAP. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { type LdapOptions, ldap } from '../../src/backends/ldap.ts'
import type { Handlers, Operation } from '../../src/handlers.ts'
import { named, PASSWORD, testBackend, withPassword } from '../backends/contract.ts'
import { until } from '../e2e/support/wait.ts'
import { Gate } from '../helpers/gate.ts'
import {
  line,
  PEOPLE,
  person,
  SERVICE,
  SERVICE_PASSWORD,
  type Slapd,
  SUFFIX,
  startSlapd,
} from './support/slapd.ts'

const ALICE = `uid=alice,${PEOPLE}`

let server: Slapd
before(async () => {
  server = await startSlapd({ entries: [person('uid=alice', 'alice', PASSWORD)] })
})
after(() => server?.dispose())

/** How the documentation sets it up. */
const service = {
  bindDn: SERVICE,
  bindPassword: SERVICE_PASSWORD,
  base: PEOPLE,
  filter: '(&(objectClass=inetOrgPerson)(uid=%u))',
}

/** Handlers that reach the server through a gate, with alice's password as it was in the beginning. */
async function setUp(
  t: TestContext,
  options: (port: number) => LdapOptions,
  { secure = false, on = server } = {},
) {
  await on.modify(
    `dn: ${ALICE}\nchangetype: modify\nreplace: userPassword\n${line('userPassword', PASSWORD)}`,
  )
  const gate = new Gate(secure ? on.securePort : on.port)
  await gate.open()
  const handlers = ldap({ patience: 0, ...options(gate.port) }) as Required<Handlers>
  t.after(async () => {
    await handlers.close()
    await handlers.close()
    await gate.shut()
  })
  return { gate, handlers }
}

const conforms = (
  name: string,
  operations: readonly Operation[],
  options: (port: number) => LdapOptions,
  secure = false,
) =>
  testBackend({
    name: `ldap ${name}`,
    operations,
    setUp: async (t) => {
      const { gate, handlers } = await setUp(t, options, { secure })
      return { handlers, stop: () => gate.shut(), restart: () => gate.open(), stall: () => gate.stall() }
    },
  })

const plain = (port: number) => ({ ...service, url: `ldap://127.0.0.1:${port}` })

conforms('with search and password changes', ['auth', 'isuser', 'setpass'], (port) => ({
  ...plain(port),
  setpass: true,
}))
