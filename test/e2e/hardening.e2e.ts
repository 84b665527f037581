/** The lines of SECURITY.md for ejabberd's unit, as printed, in a machine that systemd runs. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { blocks, read } from '../helpers/documents.ts'
import { leaveOut } from '../helpers/leaving-out.ts'
import { makeCertificate } from './support/certificate.ts'
import { EXAMPLE_PLACES, exampleConfiguration, HOST, replace, withHost } from './support/configuration.ts'
import { Machine, whyNoMachine } from './support/machine.ts'
import { packageRoot } from './support/package.ts'
import { ALLOWED, FORBIDDEN, FORBIDDEN_ANYWAY, TRIED, TRYING } from './support/tries.ts'

const SECURITY = read('SECURITY.md')
const [DROP_IN = ''] = blocks(SECURITY, 'ini')
const UNIT = '/lib/systemd/system/ejabberd.service'
const TRIES_HOST = `tries.${HOST}`

const why =
  whyNoMachine() ?? (existsSync(UNIT) ? undefined : `no ${UNIT}; please run: apt-get install ejabberd`)

describe('in a machine that systemd runs', { skip: leaveOut(why) }, () => {
  let machine: Machine
  let folder: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'extauth-hardening-'))
    machine = await Machine.start()
    await installProgram()
    await installEjabberd()
    await machine.do('systemctl', 'start', 'ejabberd')
  })
  after(async () => {
    await machine?.dispose()
    rmSync(folder, { recursive: true })
  })

  test('without the lines, an ejabberd as Debian starts it lets a handler do all that', async () => {
    const tried = await tryAll()
    const works = (names: object) => Object.keys(names).filter((name) => tried[name])
    assert.deepEqual(works(FORBIDDEN), Object.keys(FORBIDDEN))
    assert.deepEqual(works(FORBIDDEN_ANYWAY), [])
    assert.deepEqual(works(ALLOWED), Object.keys(ALLOWED))
  })

  describe('with the lines', () => {
    let exposure: number
    let complaints: ReadonlySet<string>
    before(async () => {
      exposure = await exposureOf()
      complaints = readComplaints()
      await machine.do('systemctl', 'stop', 'ejabberd')
      await machine.do('rm', '-r', '/var/lib/ejabberd/certs', '/var/lib/ejabberd/tried')
      const [path = ''] = DROP_IN.split('\n')
      machine.write(path.replace('# ', ''), DROP_IN)
      await machine.do('systemctl', 'daemon-reload')
    })

    test('systemd understands each of them', async () => {
      const { stdout, stderr } = await machine.run('systemd-analyze', 'verify', 'ejabberd.service')
      assert.deepEqual([stdout, stderr], ['', ''])
      assert.match(await machine.do('systemctl', 'cat', 'ejabberd'), /hardening\.conf/)
    })

    test('ejabberd starts', async () => {
      await machine.do('systemctl', 'start', 'ejabberd')
      assert.equal(await machine.do('systemctl', 'is-active', 'ejabberd'), 'active')
    })

    test('an account that was there before logs in, and a wrong password does not', async () => {
      await visit('alice', 'for alice')
      await assert.rejects(visit('alice', 'for bob'), /not-authorized/)
    })

    test('a registration is stored, and logs in', async () => {
      await machine.do('ejabberdctl', 'register', 'carol', HOST, 'for carol')
      const listed = await asEjabberd('ejabberd-extauth', 'account', 'list', HOST)
      assert.deepEqual(listed.split('\n').sort(), [`alice@${HOST}`, `carol@${HOST}`])
      await visit('carol', 'for carol')
    })

    test('the program logs into the file that the example names, for the group that reads logs', async () => {
      const { programLog } = EXAMPLE_PLACES
      assert.match(machine.read(programLog), /operation=tryregister user=carol server=\S+ outcome=allowed/)
      assert.equal(await machine.do('stat', '--format', '%A %G', programLog), '-rw-r----- adm')
    })

    test('ejabberd says nothing that it did not say before', async () => {
      const isNew = (line: string) => !complaints.has(line) && !line.includes('Failed c2s PLAIN')
      assert.deepEqual([...readComplaints()].filter(isNew), [])
    })

    test('nobody else can read the copies of certificates and keys that ejabberd makes', async () => {
      const modes = await machine.do('find', '/var/lib/ejabberd/certs', '-type', 'f', '-printf', '%m\n')
      assert.deepEqual(new Set(modes.split('\n')), new Set(['600']))
    })

    describe('a handler', () => {
      let tried: Readonly<Record<string, boolean>>
      before(async () => {
        tried = await tryAll()
      })
      for (const name of [...Object.keys(FORBIDDEN), ...Object.keys(FORBIDDEN_ANYWAY)])
        test(`cannot ${name}`, () => assert.equal(tried[name], false))
      for (const name of Object.keys(ALLOWED)) test(`can ${name}`, () => assert.equal(tried[name], true))
    })

    test('every process of the service runs with a filter and without a way to new privileges', async () => {
      const group = machine.read('/sys/fs/cgroup/system.slice/ejabberd.service/cgroup.procs')
      const pids = group.trim().split('\n')
      assert.ok(pids.length > 10, `${pids.length} processes`)
      for (const pid of pids) {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        assert.match(status, /^CapBnd:\t0000000000000400\nCapAmb:.*\nNoNewPrivs:\t1\nSeccomp:\t2$/m, status)
      }
    })

    test('systemd counts as SECURITY.md says', async () => {
      const [, before, now] = /says\s+(\d\.\d)\s+before\s+and\s+(\d\.\d)\s+after/.exec(SECURITY) ?? []
      const hardened = await exposureOf()
      assert.ok(hardened < 2 && exposure > 8, `${exposure} before, ${hardened} after`)
      // Each version of systemd counts in its own way.
      if (!/^systemd 25[27] /.test(await machine.do('systemctl', '--version'))) return
      assert.deepEqual([exposure, hardened], [Number(before), Number(now)])
    })

    test('ejabberd is reloaded and stopped as before', async () => {
      await machine.do('systemctl', 'reload', 'ejabberd')
      await machine.do('systemctl', 'stop', 'ejabberd')
      assert.equal(await machine.do('systemctl', 'show', '--value', '-p', 'Result', 'ejabberd'), 'success')
    })
  })

  test('MemoryDenyWriteExecute has to stay off: Node.js cannot start with it', async () => {
    assert.match(DROP_IN, /^MemoryDenyWriteExecute=false$/m)
    assert.equal(await resultWith('MemoryDenyWriteExecute=false'), 'success')
    assert.match(await resultWith('MemoryDenyWriteExecute=true'), /^(signal|core-dump)$/)
  })

  /** As the README says, but for the build, which was made already. */
  async function installProgram(): Promise<void> {
    const settings = ['--ignore-scripts', '--offline', '--loglevel=error']
    execFileSync('npm', ['pack', '--pack-destination', folder, ...settings], {
      cwd: packageRoot(),
      stdio: 'pipe',
    })
    const { version } = JSON.parse(read('package.json')) as { version: string }
    const file = `ejabberd-extauth-${version}.tgz`
    machine.write(`/root/${file}`, readFileSync(join(folder, file)))
    await machine.do('npm', 'install', '--global', ...settings, `/root/${file}`)
    await machine.do('rm', '-rf', '/var/lib/ejabberd', '/var/log/ejabberd')
    const mine = ['-d', '-o', 'ejabberd', '-g']
    await machine.do(
      'install',
      ...mine,
      'ejabberd',
      '-m',
      '700',
      '/var/lib/ejabberd',
      EXAMPLE_PLACES.accounts,
    )
    await machine.do('install', ...mine, 'adm', '-m', '2750', '/var/log/ejabberd')
    await machine.do('sh', '-c', "echo 'for alice' > /root/password")
    const add = `ejabberd-extauth account add alice ${HOST} < /root/password`
    await machine.do('sh', '-c', add)
  }

  /** The example, with one more host whose handlers try what they should not. */
  async function installEjabberd(): Promise<void> {
    const places = { ...EXAMPLE_PLACES, program: await machine.do('sh', '-c', 'command -v ejabberd-extauth') }
    const withTries = withHost(TRIES_HOST, (section) =>
      replace(section, `--accounts ${places.accounts}`, '--handlers /opt/extauth/handlers.mjs'),
    )
    machine.write('/etc/ejabberd/ejabberd.yml', withTries(exampleConfiguration(places), places))
    machine.write(places.certificate, readFileSync(makeCertificate(folder, [HOST, TRIES_HOST])))
    machine.write('/opt/extauth/handlers.mjs', TRYING)
    await machine.do(
      'chown',
      'ejabberd',
      '/etc/ejabberd/ejabberd.yml',
      places.certificate,
      '/opt/extauth/handlers.mjs',
    )
    await machine.do('install', '-d', '-m', '1777', '/srv/open', '/home/open')
  }

  async function tryAll(): Promise<Readonly<Record<string, boolean>>> {
    await machine.do('rm', '-f', TRIED)
    await machine.do('ejabberdctl', 'check_account', 'anybody', TRIES_HOST)
    return JSON.parse(machine.read(TRIED))
  }

  function asEjabberd(...command: string[]): Promise<string> {
    return machine.do('setpriv', '--reuid=ejabberd', '--regid=ejabberd', '--init-groups', '--', ...command)
  }

  async function visit(user: string, password: string): Promise<void> {
    const visitor = fileURLToPath(new URL('support/visitor.js', import.meta.url))
    const env = { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem') }
    const { status, stderr } = await machine.visit([process.execPath, visitor, user, password], env)
    if (status !== 0) throw new Error(stderr)
  }

  /** What ejabberd warns of, without the time and the process. */
  function readComplaints(): ReadonlySet<string> {
    const log = machine.read('/var/log/ejabberd/ejabberd.log')
    return new Set(
      [...log.matchAll(/\[(?:warning|error|critical)\] <[\d.]+>(.*)/g)].map(([, line = '']) => line),
    )
  }

  async function exposureOf(): Promise<number> {
    const report = await machine.do('systemd-analyze', 'security', '--no-pager', 'ejabberd.service')
    return Number(/level for ejabberd\.service: ([\d.]+)/.exec(report)?.[1])
  }

  /** How a service with one such line, which is our program, ends. */
  async function resultWith(line: string): Promise<string> {
    const program = await machine.do('sh', '-c', 'command -v ejabberd-extauth')
    machine.write(
      '/etc/systemd/system/probe.service',
      `[Service]\nType=oneshot\n${line}\nExecStart=${program} --version\n`,
    )
    await machine.do('systemctl', 'daemon-reload')
    await machine.run('systemctl', 'start', 'probe')
    return await machine.do('systemctl', 'show', '--value', '-p', 'Result', 'probe')
  }
})
