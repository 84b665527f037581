/**
 * A machine within this one: systemd as its first process, on a copy of this system that is thrown away. Nothing that
 * happens in it changes a file, a network interface, a clock or a setting of the kernel outside.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { descendants, kill } from './processes.ts'
import { type Finished, run } from './run.ts'
import { until, within } from './wait.ts'

const SYSTEMD = '/lib/systemd/systemd'

/** What an overlay, namespaces and control groups need: of what root has, a container usually lacks it. */
const PROBE = `set -e
mount -t tmpfs none "$0"
mkdir "$0/upper" "$0/work" "$0/root" "$0/cgroup"
mount -t overlay none -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
mount -t cgroup2 none "$0/cgroup"
mkdir "$0/cgroup/extauth-probe-$$"
rmdir "$0/cgroup/extauth-probe-$$"`

/** Why there can be no such machine here; `undefined` if there can. */
export function whyNoMachine(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can do this'
  if (!existsSync(SYSTEMD)) return `no ${SYSTEMD}; please run: apt-get install systemd`
  const folder = mkdtempSync(join(tmpdir(), 'extauth-machine-'))
  const probe = ['--mount', '--pid', '--ipc', '--uts', '--net', '--cgroup', '--fork', 'sh', '-c', PROBE]
  const { status, stderr, error } = spawnSync('unshare', [...probe, folder], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  return status === 0 ? undefined : `no namespaces here: ${error?.message ?? stderr.trim()}`
}

/** Joins a control group of its own and leaves none behind. */
const OUTSIDE = `set -e
mount -t tmpfs none "$0"
mkdir "$0/cgroup"
mount -t cgroup2 none "$0/cgroup"
group="$0/cgroup/extauth-machine-$$"
mkdir "$group"
trap 'echo $$ > "$0/cgroup/cgroup.procs"; find "$group" -depth -type d -exec rmdir {} +' EXIT
echo $$ > "$group/cgroup.procs"
unshare --fork --kill-child --pid --mount --cgroup --uts --ipc --net sh -c "$1" "$0" < /dev/null`

/** Becomes systemd, as a manager of containers has it: the kernel's settings can be read only. */
const INSIDE = `set -e
mkdir "$0/upper" "$0/work" "$0/root"
mount -t overlay none -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
cd "$0/root"
mount -t tmpfs -o mode=755 none dev
for name in null zero full random urandom tty; do
  touch "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 none dev/pts
mount -t tmpfs none dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
touch dev/console
mount -t proc none proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro none sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs -o mode=755 none run
mount -t tmpfs -o mode=1777 none tmp
rm -rf etc/systemd/system
mkdir -p etc/systemd/system old
printf '[Unit]\\nDescription=The first job\\n' > etc/systemd/system/machine.target
echo 127.0.0.1 localhost > etc/hosts
hostname localhost
pivot_root . old
exec env -i container=extauth PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c '
  umount -l /old
  exec setpriv --bounding-set -sys_time,-sys_module,-sys_rawio ${SYSTEMD} --unit=machine.target'`

/** One such machine. Its network is a loopback interface that nobody else hears. */
export class Machine {
  readonly #folder: string
  readonly #shell: ChildProcess
  #init: number | undefined
  #output = ''

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'extauth-machine-'))
    // If this process is killed, the machine is, too.
    const command = ['--pdeathsig', 'KILL', 'unshare', '--mount', 'sh', '-c', OUTSIDE, this.#folder, INSIDE]
    this.#shell = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
  }

  /** Starts one and waits until systemd has nothing left to do. */
  static async start(): Promise<Machine> {
    const machine = new Machine()
    try {
      machine.#init = await until('systemd to be started', () => machine.#findInit(), {
        evidence: () => machine.#output,
      })
      const isUp = async () => {
        const { stdout } = await machine.run('systemctl', 'is-system-running', '--wait')
        return /^(running|degraded)$/.test(stdout)
      }
      await until('systemd to be up', isUp, { evidence: () => machine.#output })
      await machine.do('ip', 'link', 'set', 'lo', 'up')
      return machine
    } catch (error) {
      await machine.dispose()
      throw error
    }
  }

  /** Runs a command in it, as its root. */
  run(...command: string[]): Promise<Finished> {
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }
    const into = ['--target', String(this.#init), '--all', '--root', '--wd', '--']
    return run('nsenter', [...into, ...command], { env })
  }

  /** Runs a command that has to succeed, and gives what it prints. */
  async do(...command: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...command)
    if (status !== 0) throw new Error(`${command.join(' ')}: status ${status}: ${stdout}\n${stderr}`)
    return stdout
  }

  /** Runs a program of this system, with its files, in the network of the machine. */
  visit(command: string[], env: NodeJS.ProcessEnv): Promise<Finished> {
    return run('nsenter', ['--target', String(this.#init), '--net', '--', ...command], { env })
  }

  /** Where a file of the machine is found from here. */
  path(path: string): string {
    return join(`/proc/${this.#init}/root`, path)
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8')
  }

  write(path: string, content: string | Buffer): void {
    mkdirSync(dirname(this.path(path)), { recursive: true })
    writeFileSync(this.path(path), content)
  }

  /** Ends it and everything in it. */
  async dispose(): Promise<void> {
    const init = this.#init ?? this.#findInit()
    const ended = once(this.#shell, 'exit')
    if (init !== undefined) kill(init)
    else this.#shell.kill()
    if (this.#shell.exitCode === null && this.#shell.signalCode === null)
      await within('the machine to end', ended)
    rmSync(this.#folder, { recursive: true })
  }

  /** The child of the innermost unshare, once it has become systemd. */
  #findInit(): number | undefined {
    if (this.#shell.exitCode !== null) throw new Error(`the machine does not start: ${this.#output}`)
    return descendants(this.#shell.pid ?? -1).find(({ argv }) => argv[0] === SYSTEMD)?.pid
  }
}
