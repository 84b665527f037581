import type { TestContext } from 'node:test'
import { type LdapOptions, ldap } from '../../../src/backends/ldap.ts'
import type { Handlers } from '../../../src/handlers.ts'
import { PASSWORD, withPassword } from '../../backends/contract.ts'
import { Gate } from '../../helpers/gate.ts'
import { line, PEOPLE, SERVICE, SERVICE_PASSWORD, type Slapd } from './slapd.ts'

/** The name of alice's entry. */
export const ALICE = `uid=alice,${PEOPLE}`

/** How the documentation sets it up, but for the address. */
export const SEARCH = {
  bindDn: SERVICE,
  bindPassword: SERVICE_PASSWORD,
  base: PEOPLE,
  filter: '(&(objectClass=inetOrgPerson)(uid=%u))',
}

/** A backend and the gate through which it reaches its server. */
export interface Reached {
  readonly gate: Gate
  readonly handlers: Required<Handlers>
}

/** Handlers that reach a server through a gate, without patience, with alice's password as it was in the beginning. */
export async function reach(
  t: TestContext,
  server: Slapd,
  options: (port: number) => LdapOptions = plainly,
  port = server.port,
): Promise<Reached> {
  await server.modify(
    `dn: ${ALICE}\nchangetype: modify\nreplace: userPassword\n${line('userPassword', PASSWORD)}`,
  )
  const gate = new Gate(port)
  await gate.open()
  const handlers = ldap({ patience: 0, ...options(gate.port) }) as Required<Handlers>
  t.after(async () => {
    await handlers.close()
    await gate.shut()
  })
  return { gate, handlers }
}

/** A search without TLS. */
export function plainly(port: number): LdapOptions {
  return { ...SEARCH, url: `ldap://127.0.0.1:${port}` }
}

/** A login, of alice with her own password unless it is said otherwise. */
export async function login(
  handlers: Required<Handlers>,
  password: string = PASSWORD,
  user: string = 'alice',
): Promise<boolean> {
  return handlers.auth(withPassword('auth', user, password))
}

/** The same with other options. */
export function plainlyWith(changes: Partial<LdapOptions>): (port: number) => LdapOptions {
  return (port) => ({ ...plainly(port), ...changes })
}

/** The same without a search. */
export function byName(port: number): LdapOptions {
  const { filter: _filter, ...others } = plainly(port)
  return { ...others, userDn: `uid=%u,${PEOPLE}` }
}

/** A search over TLS. */
export function securelyWith(ca: string, changes: Partial<LdapOptions> = {}): (port: number) => LdapOptions {
  return (port) => ({ ...SEARCH, url: `ldaps://127.0.0.1:${port}`, ca, ...changes })
}
