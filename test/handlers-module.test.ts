import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { test } from 'node:test'
import { Frame } from '../src/frame.ts'
import type { Handlers } from '../src/handlers.ts'
import { checkHandlers } from '../src/handlers-check.ts'
import { importHandlers } from '../src/handlers-module.ts'
import { parseRequest } from '../src/request.ts'
import { temporaryFolder, write } from './helpers/files.ts'

/** Asks the handlers whether there is an alice. */
async function alice(handlers: Handlers): Promise<unknown> {
  const request = parseRequest(Frame.of('isuser:alice:x'))
  assert.ok('operation' in request && request.operation === 'isuser' && !('reason' in request))
  return await handlers.isuser?.(request)
}

// This one comes first: what a process imports first has no query, and what failed then stays failed under its URL.
test('a module that failed deeper down heals when the file there is mended', async (t) => {
  const folder = temporaryFolder(t)
  const file = write(folder, 'handlers.mjs', "export { default } from './lib/one.mjs'")
  write(
    folder,
    'lib/one.mjs',
    "import { answer } from '../lib/two.mjs'\nexport default { isuser: () => answer }",
  )
  await assert.rejects(importHandlers(file), { code: 'ERR_HANDLERS', message: /two\.mjs/ })
  write(folder, 'lib/two.mjs', 'export const answer = ')
  await assert.rejects(importHandlers(file), { code: 'ERR_HANDLERS', message: /SyntaxError/ })
  write(folder, 'lib/two.mjs', "export let answer\nthrow new Error('no database')")
  await assert.rejects(importHandlers(file), { code: 'ERR_HANDLERS', message: /no database/ })
  write(folder, 'lib/two.mjs', 'export const answer = true')
  assert.equal(await alice(await importHandlers(file)), true)
  write(folder, 'lib/two.mjs', 'export const answer = false')
  assert.equal(await alice(await importHandlers(file)), false)
})
test('a file that was missing is picked up when it is there', async (t) => {
  const folder = temporaryFolder(t)
  await assert.rejects(importHandlers(`${folder}/handlers.mjs`), { code: 'ERR_HANDLERS' })
  const file = write(folder, 'handlers.mjs', 'export default { isuser: () => true }')
  assert.equal(await alice(await importHandlers(file)), true)
})
test('a file that is changed is read anew', async (t) => {
  const folder = temporaryFolder(t)
  const file = write(folder, 'handlers.mjs', 'export default { isuser: () => true }')
  assert.equal(await alice(await importHandlers(file)), true)
  write(folder, 'handlers.mjs', 'export default { isuser: () => false }')
  assert.equal(await alice(await importHandlers(file)), false)
})
test('a module that stays broken is the same trouble each time, also behind a query', async (t) => {
  const folder = temporaryFolder(t)
  const file = write(folder, 'handlers.mjs', "export { default } from './deep.mjs?v=1'")
  write(folder, 'deep.mjs', "export default {}\nthrow new Error('no database for ' + import.meta.url)")
  const reasons: string[] = []
  for (let time = 0; time < 3; time++)
    await importHandlers(file).catch((error: Error) => reasons.push(error.message))
  assert.match(String(reasons[0]), /no database for file:.*deep\.mjs\?v=1 \(file:.*deep\.mjs\?v=1:2:\d+\)$/)
  assert.deepEqual(reasons, Array(3).fill(reasons[0]))
})
test('a package that was missing is found when it is installed', async (t) => {
  const folder = temporaryFolder(t)
  const file = write(folder, 'handlers.mjs', "export { default } from 'some-directory'")
  await assert.rejects(importHandlers(file), { code: 'ERR_HANDLERS', message: /some-directory/ })
  write(folder, 'node_modules/some-directory/package.json', '{"type":"module","exports":"./main.js"}')
  write(folder, 'node_modules/some-directory/main.js', "export { default } from './deeper.js'")
  write(folder, 'node_modules/some-directory/deeper.js', 'export default { isuser: () => true }')
  assert.equal(await alice(await importHandlers(file)), true)
})
test('a module run anew has variables of its own', async (t) => {
  const source = 'let count = 0\nexport default { isuser: () => ++count === 1 }'
  const file = write(temporaryFolder(t), 'handlers.mjs', source)
  const [first, second] = [await importHandlers(file), await importHandlers(file)]
  assert.deepEqual([await alice(first), await alice(first), await alice(second)], [true, false, true])
})

const loads = (title: string, source: string, name = 'handlers.mjs') =>
  test(`the default export may be ${title}`, async (t) => {
    const file = write(temporaryFolder(t), name, source)
    for (const path of [file, relative(process.cwd(), file)]) {
      assert.equal(await alice(await importHandlers(path)), true)
    }
  })
loads('an object', 'export default { isuser: () => true }')
loads('an object with a close', 'export default { isuser: () => true, close() {} }')
loads('an object with more in it', 'export default { isuser: () => true, log: 1, users: [] }')
loads(
  'an object with a method of its own beside the right one',
  'export default { isuser: () => true, isusers() {} }',
)
loads(
  'an instance with properties of nearly the same names',
  'class A { user = "svc"; closed = false\n isuser() { return true } }\nexport default new A()',
)
loads('a function', 'export default () => ({ isuser: () => true })')
loads('an async function', 'export default async () => ({ isuser: async () => true })')
loads('an instance of a class', 'class A { #x = true\n isuser() { return this.#x } }\nexport default new A()')
loads(
  'made by waiting at the top of the module',
  'const answer = await Promise.resolve(true)\nexport default { isuser: () => answer }',
)
loads('an export of CommonJS', 'module.exports = { isuser: () => true }', 'handlers.cjs')
loads('a function of CommonJS', 'module.exports = async () => ({ isuser: () => true })', 'handlers.cjs')
loads('in a file with an odd name', 'export default { isuser: () => true }', 'a #1?b%20 ü.mjs')

const fails = (title: string, source: string | undefined, message: RegExp, name = 'handlers.mjs') =>
  test(`an error that names the file: ${title}`, async (t) => {
    const folder = temporaryFolder(t)
    const file = source === undefined ? `${folder}/${name}` : write(folder, name, source)
    await assert.rejects(importHandlers(file), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_HANDLERS')
      assert.ok(error.message.startsWith(`${file}: `), error.message)
      assert.match(error.message.slice(file.length + 2), message)
      assert.ok('cause' in error)
      return true
    })
  })
fails('there is no such file', undefined, /no such file|Cannot find module/)
fails('a syntax error', 'export default {\n  auth( }', /SyntaxError: Unexpected token '}' \(file:.*:2\)/)
fails('a module that throws', "throw new Error('no database')", /Error: no database/)
fails('a module that throws nothing', 'throw undefined', /a thrown undefined/)
fails('an import that is missing', "import './nowhere.mjs'", /nowhere\.mjs/)
fails(
  'an export that is missing',
  "import { nothing } from 'node:path'",
  /nothing.* \(file:.*handlers\.mjs:1\)$/,
)
fails(
  'this package, from a folder in which it is not',
  "import { sql } from 'ejabberd-extauth'",
  /: put the file into the folder in which ejabberd-extauth was installed without -g$/,
)
fails(
  'an option of this package that is wrong, and the line of the file',
  `import { accounts } from '${new URL('../src/index.js', import.meta.url)}'\n\nexport default accounts({ dir: '/tmp' })`,
  /^TypeError: .* \(file:.*handlers\.mjs:3:16\)$/,
)
fails(
  'a language that is not understood',
  'export default { isuser: () => true }',
  /: write JavaScript, in a file that ends with \.mjs, or take Node\.js 22\.18 or newer for TypeScript$/,
  'handlers.coffee',
)
fails(
  'no default export',
  'export const auth = () => true',
  /^expected the default export to be handlers, found undefined/,
)
fails('a default export that is a text', "export default 'x'", /to be handlers, found string/)
fails('a default export that is null', 'export default null', /to be handlers, found null/)
fails('a function that returns nothing', 'export default () => {}', /to be handlers, found undefined/)
fails('a function that throws', "export default () => { throw new Error('no database') }", /no database/)
fails(
  'a function that rejects',
  "export default () => Promise.reject(new Error('no database'))",
  /no database/,
)
fails(
  'a class instead of an instance',
  'export default class { auth() {} }',
  /cannot be invoked without 'new'/,
)
fails(
  'an empty object',
  'export default {}',
  /^expected at least one handler \(auth, isuser, .*\), found none/,
)
fails('a close and nothing to close', 'export default { close() {} }', /^expected at least one handler/)
fails('an array', 'export default [() => true]', /^expected at least one handler/)
fails(
  'a handler that is no function',
  'export default { auth: true }',
  /^expected the handler auth to be a function, found boolean/,
)
fails(
  'a close that is no function',
  'export default { auth() {}, close: 1 }',
  /the handler close to be a function, found number/,
)
fails('a handler that is null', 'export default { auth: null }', /handler auth to be a function, found null/)
fails(
  'a handler that cannot be read',
  "export default { get auth() { throw new Error('hidden') } }",
  /hidden/,
)
fails('isUser', 'export default { isUser: () => true }', /^there is no operation isUser: write isuser/)
fails(
  'setPass beside others',
  'export default { auth() {}, setPass() {} }',
  /^there is no operation setPass: write setpass/,
)
fails('AUTH', 'export default { AUTH() {} }', /write auth/)
fails('Close', 'export default { auth() {}, Close() {} }', /write close/)

test('handlers are passed on as they are', () => {
  const handlers = { isuser: () => true, helper: 1 }
  assert.equal(checkHandlers(handlers), handlers)
})
test('handlers may be inherited', () => {
  class Base {
    auth() {
      return true
    }
  }
  class Derived extends Base {}
  const handlers = new Derived()
  assert.equal(checkHandlers(handlers), handlers)
})
test('a name that every object has is no handler', () => {
  assert.throws(() => checkHandlers({ constructor() {}, toString() {} }), { code: 'ERR_HANDLERS' })
})

test('a package that is installed too late is found, or the error says what to do', async (t) => {
  const folder = temporaryFolder(t)
  const file = write(folder, 'handlers.mjs', "export { default } from 'late'")
  for (let times = 0; times < 2; times++) {
    await assert.rejects(importHandlers(file), {
      message: /Cannot find package 'late' .*npm install late in /,
    })
  }
  mkdirSync(`${folder}/node_modules/late`, { recursive: true })
  write(folder, 'node_modules/late/package.json', '{ "main": "./main.cjs" }')
  write(folder, 'node_modules/late/main.cjs', 'module.exports = { isuser: () => true }')
  const found = await importHandlers(file).catch((error: Error) => error.message)
  // It depends on the version of Node.
  if (typeof found !== 'string') return assert.deepEqual(Object.keys(found), ['isuser'])
  assert.match(
    found,
    /node_modules\/late was not there when .*: end process \d+, and ejabberd starts another$/,
  )
})

test('the line of a mistake that is no error of syntax is told, and the module is executed once', async (t) => {
  const folder = temporaryFolder(t)
  const code =
    "import { appendFileSync } from 'node:fs'\nappendFileSync(new URL('runs', import.meta.url), 'x')\nJSON.parse('{')"
  const file = write(folder, 'handlers.mjs', code)
  await assert.rejects(importHandlers(file), { message: /SyntaxError: .* \(file:.*handlers\.mjs:3:6\)$/ })
  assert.equal(readFileSync(`${folder}/runs`, 'utf8'), 'x')
})
