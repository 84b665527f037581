import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { finish, PROGRAM, type Result, temporaryFolder, writeHandlers } from './support.ts'

const HANDLERS = `{
  auth: ({ password }) => password === 'pa:ss',
  isuser: ({ user }) => { if (user === 'broken') throw new Error('no database'); return user === 'alice' },
  setpass: () => false,
  certauth: ({ certificate }) => certificate.length === 3,
  tryregister: () => process.exit(0),
  removeuser: () => { setTimeout(() => { throw new Error('later') }, 1); return new Promise((done) => setTimeout(done, 20, true)) },
}`

async function call(t: TestContext, words: string, input = ''): Promise<Result> {
  const handlers = writeHandlers(temporaryFolder(t), HANDLERS)
  return finish(PROGRAM, ['call', ...words.split(' '), '--handlers', handlers], Buffer.from(input))
}

const says = (words: string, input: string, status: number, text: RegExp) =>
  test(`call ${words} with ${JSON.stringify(input)} on its input`, async (t) => {
    const result = await call(t, words, input)
    assert.match(result.stdout.toString(), text, result.stderr)
    assert.equal(result.status, status)
  })
says(
  'auth alice example.org',
  'pa:ss\n',
  0,
  /^auth alice@example\.org: allowed\nejabberd is told 00 02 00 01: /,
)
says('auth alice@example.org', 'pa:ss', 0, /^auth alice@example\.org: allowed\n/)
says(
  'auth alice example.org',
  'pa',
  1,
  /^auth alice@example\.org: refused\nejabberd is told 00 02 00 00: .*not-authorized/,
)
says('isuser alice example.org', '', 0, /: allowed\n.*there is such a user/)
says('isuser bob example.org', '', 1, /: refused\n.*there is no such user/)
says('isuser broken example.org', '', 3, /: failed \(Error: no database\)\nejabberd is told 00 02 00 02: /)
says('isuser broken example.org --strict', '', 3, /: failed .*\nejabberd is told 00 02 00 00: /)
says(
  'isuser alice example.org --json',
  '',
  0,
  /^\{"operation":"isuser","user":"alice","server":"example\.org","outcome":"allowed"\}\n$/,
)
says(
  'setpass alice example.org',
  'new',
  1,
  /: refused\nejabberd is told 00 02 00 02: the password is not changed/,
)
says('certauth alice example.org', 'abc', 0, /: allowed/)
says('removeuser3 alice example.org', 'pa:ss', 0, /: allowed/)
says('tryregister alice example.org', 'sesame', 3, /: failed \(.*process\.exit was called/)
says('removeuser alice example.org', '', 0, /: allowed/)
says('auth ali:ce example.org', 'pa:ss', 1, /: refused/)

const refuses = (words: string, text: RegExp) =>
  test(`call ${words} is refused with a hint`, async (t) => {
    const { stderr, stdout, status } = await call(t, words)
    assert.match(stderr, text)
    assert.deepEqual([stdout.toString(), status], ['', 2])
  })
refuses('isusr alice example.org', /Unknown operation isusr: did you mean isuser\?/)
refuses('constructor alice example.org', /Unknown operation constructor: expected one of auth isuser/)
refuses('isuser alice', /Expected call OPERATION USER SERVER, got 2 words\n/)
refuses(
  'auth alice example.org pa:ss',
  /got 4 words; a password is asked for, and never taken from the command/,
)
refuses('auth alice example.org', /Expected a password, got none/)

test('a module that does not load is a failure, in JSON, too', async () => {
  const args = ['call', 'isuser', 'alice', 'example.org', '--json', '--handlers', '/nonexistent.mjs']
  const { stdout, status } = await finish(PROGRAM, args)
  assert.match(stdout.toString(), /"outcome":"failed","reason":"\/nonexistent\.mjs: no such file"/)
  assert.equal(status, 3)
})

/** Programs of other people, and what they get to hear. */
const OTHERS: Record<string, { code: string; status: number; says: RegExp }> = {
  'that says yes': {
    code: "process.stdin.once('data', () => process.stdout.write('\\0\\x02\\0\\x01'))",
    status: 0,
    says: /allowed/,
  },
  'that says no': {
    code: "process.stdin.once('data', () => process.stdout.write('\\0\\x02\\0\\0'))",
    status: 1,
    says: /refused/,
  },
  'that echoes': {
    code: 'process.stdin.pipe(process.stdout)',
    status: 3,
    says: /told 00 10 69 .* \(18 bytes\)/,
  },
  'that ends': { code: '', status: 3, says: /failed .*ended|closed its output[\s\S]*told nothing/ },
  'that is silent': { code: 'process.stdin.resume()', status: 3, says: /within 300 ms, got none/ },
}

for (const [name, { code, status, says }] of Object.entries(OTHERS)) {
  test(`asks a program ${name}`, async () => {
    const timeout = name === 'that is silent' ? '0.3' : '20'
    const args = ['call', 'isuser', 'alice', 'x.y', '--timeout', timeout, '--', process.execPath, '-e', code]
    const result = await finish(PROGRAM, args)
    assert.match(result.stdout.toString(), says, result.stderr)
    assert.equal(result.status, status)
  })
}
