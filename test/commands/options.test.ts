import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_OPTIONS, type Options, parseOptions } from '../../src/commands/options.ts'
import { nearestOf } from '../../src/nearest.ts'

const reads = (line: string, options: Partial<Options>, positionals: readonly string[] = []) =>
  test(`understood: ${line}`, () => {
    const args = line === '' ? [] : line.split(' ')
    assert.deepEqual(parseOptions(args), { options: { ...DEFAULT_OPTIONS, ...options }, positionals })
  })
reads('', {})
reads('--accounts /srv/accounts', { accounts: '/srv/accounts' })
reads('--accounts=/srv/accounts', { accounts: '/srv/accounts' })
reads('--handlers h.mjs --strict', { handlers: resolve('h.mjs'), strict: true })
reads('--timeout 2', { timeout: 2000 })
reads('--timeout 0.5', { timeout: 500 })
reads('--timeout 0.001', { timeout: 1 })
reads('--timeout 25', { timeout: 25_000 })
reads('--timeout 1 --timeout 2', { timeout: 2000 })
reads('--log-level error', { logLevel: 'error' })
reads('--log-level debug', { logLevel: 'debug' })
reads('--log-file x.log', { logFile: resolve('x.log') })
reads('--json', { json: true })
reads('auth alice --strict example.org', { strict: true }, ['auth', 'alice', 'example.org'])
reads('a -- --strict', {}, ['a', '--strict'])

test('if nobody says otherwise: five seconds, the level info, not strict', () => {
  const { timeout, logLevel, strict } = DEFAULT_OPTIONS
  assert.deepEqual({ timeout, logLevel, strict }, { timeout: 5000, logLevel: 'info', strict: false })
})

const refuses = (title: string, args: readonly string[], message: RegExp) =>
  test(`not understood: ${title}`, () => {
    assert.throws(() => parseOptions(args), { code: 'ERR_USAGE', message })
  })
refuses(
  'two sources',
  ['--accounts', 'a', '--handlers', 'b'],
  /^Expected --accounts DIR or --handlers FILE, got both$/,
)
for (const flag of ['accounts', 'handlers', 'log-file']) {
  refuses(`--${flag} that names nothing`, [`--${flag}=`], new RegExp(`^Expected --${flag} to name something`))
}
for (const value of [
  '0',
  '0.0004',
  '25.1',
  '30',
  '-1',
  '5s',
  '5000',
  '1e1',
  '0x5',
  '',
  ' 5',
  'NaN',
  'Infinity',
  '٣',
  '5.',
]) {
  refuses(
    `a timeout of ${JSON.stringify(value)}`,
    [`--timeout=${value}`],
    /^Expected --timeout to be a number of seconds/,
  )
}
refuses(
  'a level in upper case',
  ['--log-level', 'INFO'],
  /^Expected --log-level to be one of error, warn, info, debug, got INFO$/,
)
refuses('a level that is none', ['--log-level='], /^Expected --log-level to be one of/)
refuses('an option without its value', ['--accounts'], /--accounts/)
refuses('an option whose value is the next option', ['--accounts', '--strict'], /--accounts/)
refuses('a switch with a value', ['--strict=no'], /--strict/)
refuses('a slip of the finger', ['--acounts', 'x'], /^Unknown option --acounts: did you mean --accounts\?$/)
refuses('another slip', ['--timout=5'], /^Unknown option --timout: did you mean --timeout\?$/)
refuses(
  'an option of another program',
  ['--port', '1'],
  /^Unknown option --port: expected one of --accounts --handlers/,
)
refuses('a short option', ['-x'], /^Unknown option -x: expected one of/)
refuses('a name that every object has', ['--constructor'], /^Unknown option --constructor: expected one of/)
refuses('another name that every object has', ['--__proto__'], /^Unknown option --__proto__/)

const nearest = (word: string, expected: string | undefined) =>
  test(`nearest to ${word} is ${expected}`, () => {
    assert.equal(nearestOf(word, ['auth', 'isuser', 'setpass', 'removeuser', 'removeuser3']), expected)
  })
nearest('auht', 'auth')
nearest('ahtu', undefined)
nearest('aut', 'auth')
nearest('setpas', 'setpass')
nearest('set-pass', 'setpass')
nearest('is_user', 'isuser')
nearest('removeuser', 'removeuser')
nearest('removeuser2', 'removeuser')
nearest('register', undefined)
nearest('', undefined)
