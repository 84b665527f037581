import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canRun, giveTo, type SystemAccount, systemAccount } from './account.ts'
import { makeCertificate } from './certificate.ts'
import { exampleConfiguration, GUEST_HOST, HOST, type Places, replace } from './configuration.ts'
import { packageRoot } from './package.ts'
import { freePorts } from './ports.ts'

const EJABBERDCTL = '/usr/sbin/ejabberdctl'

/** Where everything of one ejabberd lies, and what it is started with. */
export interface Installation {
  /** The temporary folder; everything is below it. */
  folder: string
  account: SystemAccount
  ejabberdctl: string
  /** The configuration file, `ejabberd.yml`. */
  configuration: string
  places: Places
  environment: Record<string, string>
}

/** Lays out an ejabberd and our program in a new temporary folder, ready to be started. */
export async function install(): Promise<Installation> {
  if (!existsSync(EJABBERDCTL)) throw new Error(`no ${EJABBERDCTL}; please run: apt-get install ejabberd`)
  const account = systemAccount()
  const folder = mkdtempSync(join(tmpdir(), 'extauth-e2e-'))
  for (const name of ['accounts', 'bin', 'log', 'spool']) mkdirSync(join(folder, name), { mode: 0o700 })
  const places = await layOut(folder, account)
  const configuration = join(folder, 'ejabberd.yml')
  writeFileSync(configuration, exampleConfiguration(places))
  writeFileSync(join(folder, 'inetrc'), '{lookup, ["file", "native"]}.\n')
  // The environment cannot name the node, the script overwrites it.
  const node = `extauth-${randomBytes(6).toString('hex')}@localhost`
  writeFileSync(join(folder, 'ejabberdctl.cfg'), `ERLANG_NODE=${node}\n`)
  const ejabberdctl = ejabberdctlFor(account, folder)
  giveTo(account, folder)
  return { folder, account, ejabberdctl, configuration, places, environment: await environmentIn(folder) }
}

async function layOut(folder: string, account: SystemAccount): Promise<Places> {
  const [c2s, http, s2s] = (await freePorts(3)) as [number, number, number]
  return {
    ports: { c2s, http, s2s },
    certificate: makeCertificate(folder, [HOST, GUEST_HOST, `second.${HOST}`]),
    program: installProgram(folder, account),
    accounts: join(folder, 'accounts'),
    programLog: join(folder, 'log', 'extauth.log'),
  }
}

/** A link as npm makes one; to a copy of the package where ejabberd may not look into the checkout. */
function installProgram(folder: string, account: SystemAccount): string {
  const link = join(folder, 'ejabberd-extauth')
  let home = packageRoot()
  if (!existsSync(join(home, 'dist', 'cli.js'))) throw new Error('no dist/cli.js; please run: npm run build')
  if (!canRun(account, 'test', '-x', join(home, 'dist', 'cli.js'))) {
    for (const name of ['dist', 'package.json'])
      cpSync(join(home, name), join(folder, 'package', name), { recursive: true })
    home = join(folder, 'package')
  }
  symlinkSync(join(home, 'dist', 'cli.js'), link)
  installNode(join(folder, 'bin', 'node'), account)
  return link
}

/** The node of the tests comes first in ejabberd's PATH, so that the matrix of versions reaches the program. */
function installNode(link: string, account: SystemAccount): void {
  if (canRun(account, process.execPath, '--version')) symlinkSync(process.execPath, link)
  else copyFileSync(process.execPath, link)
}

/** Debian's script serves root and the user ejabberd only; anybody else gets a copy that says another name. */
function ejabberdctlFor({ name, ids }: SystemAccount, folder: string): string {
  if (ids.uid !== undefined || name === 'ejabberd') return EJABBERDCTL
  const copy = join(folder, 'ejabberdctl')
  const script = replace(readFileSync(EJABBERDCTL, 'utf8'), 'INSTALLUSER=ejabberd\n', `INSTALLUSER=${name}\n`)
  writeFileSync(copy, script, { mode: 0o755 })
  return copy
}

/** ERL_DIST_PORT does without epmd, which would outlive us and listen on every address. */
async function environmentIn(folder: string): Promise<Record<string, string>> {
  const [distribution] = await freePorts(1)
  return {
    PATH: `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: join(folder, 'spool'),
    LANG: 'C.UTF-8',
    CONFIG_DIR: folder,
    EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
    EJABBERDCTL_CONFIG_PATH: join(folder, 'ejabberdctl.cfg'),
    EJABBERD_PID_PATH: join(folder, 'ejabberd.pid'),
    SPOOL_DIR: join(folder, 'spool'),
    LOGS_DIR: join(folder, 'log'),
    ERL_DIST_PORT: String(distribution),
    ERL_OPTIONS: '-kernel inet_dist_use_interface {127,0,0,1} -env ERL_CRASH_DUMP_BYTES 0',
  }
}
