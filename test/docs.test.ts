import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { parseOptions } from '../src/commands/options.ts'
import { packageRoot } from './e2e/support/package.ts'
import { installedFolder, read } from './helpers/documents.ts'
import { finish, PROGRAM, start } from './program/support.ts'

const ROOT = packageRoot()
const README = read('README.md')
const EXAMPLE = read('ejabberd.yml.example')

const { folder, env, remove } = installedFolder(PROGRAM)
after(remove)

/** The code block of the README behind a marker. */
function block(marker: string): string {
  const found = new RegExp(`<!-- ${marker} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(README)?.[1]
  assert.ok(found !== undefined, `the README has no block ${marker}`)
  return found
}

/** The sources, by path. */
function sources(directory = join(ROOT, 'src')): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? sources(join(directory, entry.name)) : [join(directory, entry.name)],
  )
}

test('the README prints the help as it is, and it fits a screen', async () => {
  const { stdout } = await finish(PROGRAM, ['--help'])
  assert.equal(block('help'), `$ ejabberd-extauth --help\n${stdout}`)
  const lines = stdout.toString().trimEnd().split('\n')
  assert.ok(lines.length <= 24, `${lines.length} lines`)
  for (const line of lines) assert.ok(line.length <= 80, line)
})

test('every extauth_program in the documents is a line that the program understands', () => {
  const lines = [...`${README}\n${EXAMPLE}`.matchAll(/extauth_program: "sh -c '(\S+) (.*) \|\| sleep 2'"/g)]
  assert.ok(lines.length >= 3)
  for (const [, program = '', args = ''] of lines) {
    assert.equal(basename(program), 'ejabberd-extauth')
    assert.deepEqual(parseOptions(args.split(' ')).positionals, [])
  }
})

test('the handlers module of the README works as printed', async (t) => {
  const file = join(folder, 'handlers.mjs')
  writeFileSync(file, block('handlers'))
  const statuses: Record<string, number> = { '/login': 200, '/exists': 404, '/password': 500 }
  const bodies: unknown[] = []
  const shop = createServer(async (request, response) => {
    bodies.push(JSON.parse(Buffer.concat(await request.toArray()).toString()))
    response.writeHead(statuses[request.url ?? ''] ?? 400).end()
  })
  shop.listen(0, '127.0.0.1')
  t.after(() => shop.close())
  await new Promise((resolve) => shop.once('listening', resolve))
  const SHOP_API = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`

  const { client } = start(t, ['--handlers', file], { env: { ...env, SHOP_API } })
  assert.equal(await client.auth('alice', 'example.org', 'pa:ss'), true)
  assert.equal(await client.isuser('bob', 'example.org'), false)
  await assert.rejects(client.setpass('alice', 'example.org', 'new'), { code: 'ERR_UNEXPECTED_REPLY' })
  assert.equal(await client.close(), 0)
  assert.deepEqual(bodies, [
    { user: 'alice', server: 'example.org', password: 'pa:ss' },
    { user: 'bob', server: 'example.org' },
    { user: 'alice', server: 'example.org', password: 'new' },
  ])
})

test('the program of the README works as printed', async (t) => {
  const file = join(folder, 'program.mjs')
  writeFileSync(file, block('program'))
  const { client } = start(t, [file], { file: process.execPath, env })
  assert.equal(await client.auth('alice', 'example.org', 'correct horse'), true)
  assert.equal(await client.auth('alice', 'example.org', 'correct'), false)
  assert.equal(await client.isuser('bob', 'example.org'), false)
  assert.equal(await client.close(), 0)
})

test('the client of the README works as printed', async () => {
  const file = join(folder, 'client.mjs')
  writeFileSync(file, block('client'))
  writeFileSync(join(folder, 'handlers.mjs'), 'export default { auth: () => true, isuser: () => false }')
  const { stdout, stderr } = await finish(process.execPath, [file], undefined, { env, cwd: folder })
  assert.equal(stdout.toString(), 'true\nfalse\n', stderr)
})

/** The examples in the doc comments, by a name to find them again. */
const EXAMPLES = sources().flatMap((path) =>
  [...readFileSync(path, 'utf8').matchAll(/^ *\* ```ts\n([\s\S]*?)^ *\* ```$/gm)].map(
    ([, lines = ''], index) =>
      [`${basename(path, '.ts')}-${index + 1}`, lines.replace(/^ *\* ?/gm, '')] as const,
  ),
)

test('the examples in the doc comments compile, strictly, as a user of the package would', () => {
  assert.ok(EXAMPLES.length >= 4)
  for (const [name, code] of EXAMPLES) writeFileSync(join(folder, `${name}.mts`), code)
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  const settings = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node']
  const files = EXAMPLES.map(([name]) => `${name}.mts`)
  execFileSync(tsc, [...settings, ...files], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
})

for (const [name] of EXAMPLES) {
  test(`the example ${name} in the doc comments runs`, async () => {
    writeFileSync(
      join(folder, 'my-program.js'),
      "require('node:fs').writeSync(1, Buffer.of(0, 2, 0, 1)); process.stdin.resume()",
    )
    const { stderr, status } = await finish(process.execPath, [`${name}.mjs`], undefined, {
      env,
      cwd: folder,
    })
    assert.equal(status, 0, stderr)
  })
}

test('every exported name has a docstring', () => {
  const missing: string[] = []
  for (const path of sources()) {
    const lines = readFileSync(path, 'utf8').split('\n')
    for (const [index, line] of lines.entries()) {
      const name = /^export (?:abstract |async )?(?:class|function\*?|interface|type|const) (\w+)/.exec(
        line,
      )?.[1]
      if (name !== undefined && !lines[index - 1]?.trimEnd().endsWith('*/'))
        missing.push(`${basename(path)}: ${name}`)
    }
  }
  assert.deepEqual(missing, [])
})
