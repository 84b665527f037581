import { HOST, replace, withHandlers, withHost } from '../e2e/support/configuration.ts'
import { Ejabberd } from '../e2e/support/ejabberd.ts'
import { install } from '../e2e/support/installation.ts'
import { HANDLERS, PASSWORD, PYTHON } from './programs.ts'
import type { Person } from './stores.ts'

/** The virtual hosts of the server, by who answers there. */
export const HOSTS = {
  'ours, instant handlers': 'instant.test',
  'ours, account store': HOST,
  "ejabberd's internal authentication": 'internal.test',
  'Python sample': 'python.test',
} as const

/** Those who can log in on each of the hosts. */
export function admitted(count: number): Person[] {
  return Array.from({ length: count }, (_, number) => ({ user: `user${number}`, password: PASSWORD }))
}

/**
 * Starts one ejabberd that is configured as in our example, but for a virtual host for each variant, and without TLS:
 * it costs more than all the rest, and the same for all of them.
 */
export async function startVariants(people: readonly Person[]): Promise<Ejabberd> {
  const ejabberd = new Ejabberd(await install())
  try {
    const handlers = ejabberd.write('instant.mjs', HANDLERS)
    const sample = ejabberd.write('sample.py', PYTHON)
    ejabberd.configure(withHost(HOSTS['ours, instant handlers'], withHandlers(handlers)))
    ejabberd.configure(
      withHost(HOSTS['Python sample'], (section) =>
        section.replace(/^( +extauth_program:).*$/m, `$1 "/usr/bin/env python3 ${sample}"`),
      ),
    )
    ejabberd.configure(withHost(HOSTS["ejabberd's internal authentication"], internally))
    // Of more than five connections at once the kernel would make some wait for a second.
    ejabberd.configure((text) =>
      replace(text, 'starttls_required: true', 'starttls: false\n    backlog: 128'),
    )
    // There are few users, who have not quite gone when they come again.
    ejabberd.configure((text) => replace(text, 'max_user_sessions: 10\n', 'max_user_sessions: 1000\n'))
    await importIntoStore(ejabberd, people)
    await ejabberd.start()
    await importIntoEjabberd(ejabberd, people)
  } catch (error) {
    await ejabberd.dispose()
    throw error
  }
  return ejabberd
}

function internally(section: string): string {
  const withoutProgram = section.replace(/^ +(?:extauth_program|extauth_pool_size|auth_use_cache):.*\n/gm, '')
  return replace(withoutProgram, 'auth_method: [external]', 'auth_method: [internal]')
}

async function importIntoStore(ejabberd: Ejabberd, people: readonly Person[]): Promise<void> {
  const lines = people.map(({ user, password }) => `${user} ${HOST} ${password}\n`)
  const { accounts } = ejabberd.installation.places
  const args = ['account', 'import', ejabberd.write('people.txt', lines.join('')), '--accounts', accounts]
  const { status, stderr } = await ejabberd.program(args)
  if (status !== 0) throw new Error(`account import: status ${status}: ${stderr}`)
}

async function importIntoEjabberd(ejabberd: Ejabberd, people: readonly Person[]): Promise<void> {
  const users = people.map(({ user, password }) => `<user name='${user}' password='${password}'/>`)
  const host = `<host jid='${HOSTS["ejabberd's internal authentication"]}'>${users.join('')}</host>`
  const file = ejabberd.write('people.xml', `<server-data xmlns='urn:xmpp:pie:0'>${host}</server-data>`)
  const { status, stdout } = await ejabberd.ctl('import_piefxis', file)
  if (status !== 0) throw new Error(`import_piefxis: status ${status}: ${stdout}`)
}
