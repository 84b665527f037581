import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package.ts'

/** What differs between the example and a server of the tests. */
export interface Places {
  ports: { c2s: number; http: number; s2s: number }
  certificate: string
  program: string
  accounts: string
  programLog: string
}

/** What the example itself says. */
export const EXAMPLE_PLACES: Readonly<Places> = {
  ports: { c2s: 5222, http: 5443, s2s: 5269 },
  certificate: '/etc/ejabberd/ejabberd.pem',
  program: '/usr/bin/ejabberd-extauth',
  accounts: '/var/lib/ejabberd/accounts',
  programLog: '/var/log/ejabberd/extauth.log',
}

/** The host of the example that asks the program. */
export const HOST = 'example.org'

/** The host of the example that lets everybody in. */
export const GUEST_HOST = 'guest.example.org'

/** A change to the configuration, made with {@link replace}. */
export type Edit = (configuration: string, places: Places) => string

/** The example with the ports and paths of a test, and nothing else changed. */
export function exampleConfiguration({ ports, certificate, program, accounts, programLog }: Places): string {
  let text = readFileSync(join(packageRoot(), 'ejabberd.yml.example'), 'utf8')
  text = replace(text, 'ip: "::"', 'ip: "127.0.0.1"', 3)
  text = replace(text, 'port: 5222 ', `port: ${ports.c2s} `)
  text = replace(text, 'port: 5443 ', `port: ${ports.http} `)
  text = replace(text, 'port: 5269 ', `port: ${ports.s2s} `)
  text = replace(text, '"/etc/ejabberd/ejabberd.pem"', `"${certificate}"`)
  text = replace(text, " '/usr/bin/ejabberd-extauth ", ` '${program} `)
  text = replace(text, ' /var/lib/ejabberd/accounts ', ` ${accounts} `)
  return replace(text, ' /var/log/ejabberd/extauth.log ', ` ${programLog} `)
}

/** Replaces what occurs exactly as often as said, so that a test cannot go on with something else than it says. */
export function replace(text: string, from: string, to: string, times = 1): string {
  const parts = text.split(from)
  if (parts.length !== times + 1) {
    throw new Error(`"${from}" occurs ${parts.length - 1} times in the configuration, expected ${times}`)
  }
  return parts.join(to)
}

/** An edit: the handlers module instead of the account store. The file must be readable for ejabberd. */
export function withHandlers(file: string): Edit {
  return (text, { accounts }) => replace(text, ` --accounts ${accounts} `, ` --handlers ${file} `)
}

/** An edit: every request stands in the program's log, not only what an administrator looks for. */
export const withEveryRequestLogged: Edit = (text, { program }) =>
  replace(text, ` '${program} `, ` '${program} --log-level debug `)

/** An edit: one more host that asks the program, with a section like that of the example but for a change. */
export function withHost(host: string, change: Edit = (section) => section): Edit {
  return (text, places) => {
    const [section] = /(?<=^host_config:\n) {2}example\.org:\n(?: {4}.*\n)+/m.exec(text) ?? []
    if (section === undefined) throw new Error(`no host_config of ${HOST} in the configuration`)
    const another = change(replace(section, `  ${HOST}:\n`, `  ${host}:\n`), places)
    return replace(replace(text, section, section + another), '\nhosts:\n', `\nhosts:\n  - ${host}\n`)
  }
}
