import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../e2e/support/ports.ts'
import { blocks, read } from '../../helpers/documents.ts'
import { Daemon, findProgram, makeFolder, removeFolder, runCommand } from './daemon.ts'

/** An OpenLDAP server of the tests' own, on loopback, with the people of `PEOPLE` in it. */
export interface Slapd {
  /** For `ldap://`, with StartTLS. */
  readonly port: number
  /** For `ldaps://`. */
  readonly securePort: number
  /** The authority that its certificate is from; it is for `localhost` and `127.0.0.1`. */
  readonly ca: string
  readonly daemon: Daemon
  /** Makes changes, written in LDIF, as the directory's administrator. */
  modify(ldif: string): Promise<void>
  /** How many connections there are at this moment, but for the one that asks. */
  countConnections(): Promise<number>
  /** How many operations have been done so far, those of whoever asks included. */
  countOperations(): Promise<{ binds: number; searches: number }>
  /** Stops the server and removes all of it. */
  dispose(): Promise<void>
}

export const SUFFIX = 'dc=example,dc=org'
export const PEOPLE = `ou=people,${SUFFIX}`
export const SERVICE = `cn=ejabberd,ou=services,${SUFFIX}`
export const SERVICE_PASSWORD = 'b1nd-password'
const ADMIN = `cn=admin,${SUFFIX}`
const ADMIN_PASSWORD = 'adm1n'

const [ACCOUNT = '', RIGHTS = ''] = blocks(read('docs/ldap.md'), 'ldif')

/** The rights that the documentation gives, and those that most directories have. */
export const ACCESS = [
  ...[...RIGHTS.matchAll(/^olcAccess: \{\d\}(to .*(?:\n {2}.*)*)/gm)].map(([, rule]) => `access ${rule}`),
  'access to attrs=userPassword by anonymous auth by * none',
  'access to * by * none',
].join('\n')

/** A line of LDIF, in Base64, so that it may hold anything. */
export function line(attribute: string, value: string): string {
  return `${attribute}:: ${Buffer.from(value).toString('base64')}`
}

/** An entry in LDIF. */
export function entry(dn: string, classes: readonly string[], ...lines: readonly string[]): string {
  return [line('dn', dn), ...classes.map((name) => `objectClass: ${name}`), ...lines].join('\n')
}

/** A person as an entry in LDIF. */
export function person(rdn: string, uid: string, password: string | undefined, ...more: string[]): string {
  const lines = ['sn: x', line('uid', uid), ...more]
  if (!rdn.startsWith('cn=')) lines.push('cn: x')
  if (password !== undefined) lines.push(line('userPassword', password))
  return entry(`${rdn},${PEOPLE}`, ['inetOrgPerson'], ...lines)
}

/** What every server starts with: nobody but the account that searches. */
const SKELETON = [
  entry(SUFFIX, ['organization', 'dcObject'], 'o: Example', 'dc: example'),
  ...['people', 'services', 'groups', 'policies'].map((ou) =>
    entry(`ou=${ou},${SUFFIX}`, ['organizationalUnit'], `ou: ${ou}`),
  ),
  ACCOUNT.replace('{SSHA}...', SERVICE_PASSWORD),
]

/** What a test wants to be different. */
export interface SlapdOptions {
  /** Entries in LDIF. */
  readonly entries?: readonly string[]
  /** Lines of slapd.conf before the first database. */
  readonly global?: string
  /** Lines of slapd.conf at the end of the database. */
  readonly database?: string
  readonly access?: string
}

/** Starts one with these entries. */
export async function startSlapd({
  entries = [],
  global = '',
  database = '',
  access = ACCESS,
}: SlapdOptions = {}): Promise<Slapd> {
  const slapd = findProgram('slapd ldap-utils', '/usr/sbin/slapd')
  const folder = makeFolder('slapd')
  const ca = makeCertificates(folder)
  const file = join(folder, 'slapd.conf')
  writeFileSync(file, configuration(folder, global, database, access))
  await runCommand('mkdir', [join(folder, 'data')], { folder })
  await runCommand('/usr/sbin/slapadd', ['-q', '-f', file], {
    folder,
    input: [...SKELETON, ...entries].join('\n\n'),
  })

  const [port, securePort] = (await freePorts(2)) as [number, number]
  // The administrator comes this way, whatever is closed to others.
  const local = `ldapi://${encodeURIComponent(join(folder, 'ldapi'))}`
  const asAdmin = ['-x', '-H', local, '-D', ADMIN, '-w', ADMIN_PASSWORD]
  const daemon = new Daemon({
    command: slapd,
    args: [
      ...['-d', '0', '-f', file],
      ...['-h', `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${securePort} ${local}`],
    ],
    folder,
    isReady: () => runCommand('ldapwhoami', asAdmin, { folder }),
  })
  const monitor = (base: string, filter: string, attribute: string) =>
    runCommand(
      'ldapsearch',
      [...asAdmin, '-LLL', '-b', `${base},cn=Monitor`, '-s', 'one', filter, attribute],
      { folder },
    )
  await daemon.start()
  return {
    port,
    securePort,
    ca,
    daemon,
    modify: async (ldif) => {
      await runCommand('ldapmodify', asAdmin, { folder, input: ldif })
    },
    countConnections: async () => {
      const found = await monitor('cn=Connections', '(objectClass=monitorConnection)', '1.1')
      return (found.match(/^dn: /gm) ?? []).length - 1
    },
    countOperations: async () => {
      const found = await monitor('cn=Operations', '(|(cn=Bind)(cn=Search))', 'monitorOpCompleted')
      const [binds, searches] = [...found.matchAll(/^monitorOpCompleted: (\d+)$/gm)].map(([, count]) =>
        Number(count),
      )
      return { binds: binds ?? Number.NaN, searches: searches ?? Number.NaN }
    },
    dispose: async () => {
      await daemon.stop('SIGKILL').finally(() => removeFolder(folder))
    },
  }
}

function configuration(folder: string, global: string, database: string, access: string): string {
  const schemas = ['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`)
  return `
${schemas.join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb.so
moduleload ppolicy.so
moduleload argon2.so
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/server.pem
TLSCertificateKeyFile ${folder}/server.key
${global}
database mdb
suffix "${SUFFIX}"
rootdn "${ADMIN}"
rootpw ${ADMIN_PASSWORD}
directory ${folder}/data
dbnosync
index objectClass,uid,cn,member eq
${access}
${database}
database monitor
access to * by dn.exact="${ADMIN}" read by * none
`
}

/** Makes an authority and a certificate of it for this machine, and gives the authority's own one. */
export function makeCertificates(folder: string): string {
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) =>
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-nodes',
        '-days',
        '2',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        ...args,
      ],
      { stdio: 'pipe' },
    )
  openssl('-subj', '/CN=An authority', '-keyout', file('ca.key'), '-out', file('ca.pem'))
  openssl(
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ...[
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-keyout',
      file('server.key'),
      '-out',
      file('server.pem'),
    ],
  )
  execFileSync('chmod', ['644', file('server.key')])
  return readFileSync(file('ca.pem'), 'utf8')
}
