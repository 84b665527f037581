import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../e2e/support/package.ts'
import { finish, frames, REPLY, temporaryFolder } from './support.ts'

/** Somebody who owns nothing, where we may become somebody else. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Runs npm without its scripts: the program is built, and other tests are running it. */
function npm(cwd: string, ...args: string[]): string {
  const settings = ['--ignore-scripts', '--offline', '--no-audit', '--no-fund', '--loglevel=error']
  return execFileSync('npm', [...args, ...settings], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('the package holds the program, its types and its documents, and nothing else', () => {
  const [{ files }] = JSON.parse(npm(packageRoot(), 'pack', '--dry-run', '--json'))
  const paths: string[] = files.map(({ path }: { path: string }) => path)
  const others = paths.filter(
    (path) => !/^(dist\/[\w/-]+\.(js|d\.ts)|docs\/([\w-]+\.md|bench\.svg))$/.test(path),
  )
  const documents = [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'ejabberd.yml.example',
    'package.json',
  ]
  assert.deepEqual(others.sort(), documents)
  for (const name of ['cli.js', 'index.js', 'index.d.ts']) assert.ok(paths.includes(`dist/${name}`), name)
})

test('installed, it runs through its symbolic link for a user who owns nothing but the store', async (t) => {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  npm(packageRoot(), 'pack', '--pack-destination', folder)
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
  npm(folder, 'install', '--global', '--prefix', folder, join(folder, `ejabberd-extauth-${version}.tgz`))
  const program = join(folder, 'bin', 'ejabberd-extauth')
  assert.ok(lstatSync(program).isSymbolicLink())

  const accounts = join(folder, 'accounts')
  mkdirSync(accounts, { mode: 0o700 })
  if (NOBODY.uid !== undefined) chownSync(accounts, NOBODY.uid, NOBODY.gid)
  // A working directory and a home that this user may not even look into, as under a hardened service.
  const locked = join(folder, 'locked')
  mkdirSync(locked, { mode: 0o700 })
  const options = { ...NOBODY, cwd: locked, env: { PATH: process.env['PATH'], HOME: locked } }

  const add = ['account', 'add', 'alice', 'example.org', '--accounts', accounts]
  const added = await finish(program, add, Buffer.from('pa:ss\n'), options)
  assert.equal(added.status, 0, added.stderr)
  const questions = frames(
    'auth:alice:example.org:pa:ss',
    'auth:alice:example.org:pa',
    'isuser:alice:example.org',
  )
  const { stdout, stderr, status } = await finish(program, ['--accounts', accounts], questions, options)
  assert.equal(stdout.toString('hex'), REPLY.yes + REPLY.no + REPLY.yes, stderr)
  assert.equal(status, 0)
})
