import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { until } from '../../e2e/support/wait.ts'
import { Daemon, findProgram, makeFolder, removeFolder } from './daemon.ts'

/** An nginx of the tests' own, with a configuration of theirs. */
export interface Nginx {
  readonly daemon: Daemon
  /** Loads its configuration anew, and returns when the process that served until then has ended. */
  reload(): Promise<void>
  /** Stops the server and removes all of it. */
  dispose(): Promise<void>
}

/** What nginx is to serve. */
export interface NginxOptions {
  /** The `server` blocks; their file names are relative to the folder. */
  readonly servers: string
  /** A port that one of them listens on. */
  readonly port: number
  /** Puts files into the folder before nginx starts. */
  readonly prepare: (folder: string) => void
}

/** Starts one. */
export async function startNginx({ servers, port, prepare }: NginxOptions): Promise<Nginx> {
  const command = findProgram('nginx', '/usr/sbin/nginx')
  const folder = makeFolder('nginx')
  prepare(folder)
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, servers))
  const daemon = new Daemon({
    command,
    args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'],
    folder,
    isReady: () => canConnect(port),
  })
  await daemon.start()
  return {
    daemon,
    async reload() {
      const [old] = workersOf(daemon)
      process.kill(daemon.pid as number, 'SIGHUP')
      await until('the end of the old worker of nginx', () => {
        const workers = workersOf(daemon)
        return workers.length > 0 && !workers.includes(old as number)
      })
    },
    async dispose() {
      await daemon.stop('SIGTERM').finally(() => removeFolder(folder))
    },
  }
}

function configuration(folder: string, servers: string): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    daemon off;
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log stderr warn;
    events { worker_connections 256; }
    http {
      access_log off;
      ${folders.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
      ${servers}
    }`
}

function workersOf({ pid }: Daemon): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

/** Does somebody listen on this port? */
export function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/** Makes an authority, `<name>.pem` and its key in the folder, and gives its certificate. */
export function makeAuthority(folder: string, name: string): string {
  request(folder, name, ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE'])
  return readFileSync(join(folder, `${name}.pem`), 'utf8')
}

/** Makes a certificate from an authority for a subject such as `IP:127.0.0.1`. */
export function makeCertificateFrom(folder: string, authority: string, name: string, subject: string): void {
  const from = ['-CA', join(folder, `${authority}.pem`), '-CAkey', join(folder, `${authority}.key`)]
  request(folder, name, [...from, '-subj', `/CN=${name}`, '-addext', `subjectAltName=${subject}`])
}

function request(folder: string, name: string, options: string[]): void {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync(
    'openssl',
    ['req', '-x509', '-nodes', '-days', '2', ...curve, ...options, '-keyout', key, '-out', certificate],
    { stdio: 'pipe' },
  )
  chmodSync(key, 0o644)
}

/** Writes a file of users as `htpasswd` would, with the hash of crypt(3). */
export function writeUsers(file: string, users: Readonly<Record<string, string>>): void {
  const lines = Object.entries(users).map(([name, password]) => {
    const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: password, encoding: 'utf8' })
    return `${name}:${hash}`
  })
  writeFileSync(file, lines.join(''))
}

/** Writes a file below the folder, whatever folders it is in. */
export function writeBelow(folder: string, path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}
