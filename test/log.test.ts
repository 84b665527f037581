import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Frame } from '../src/frame.ts'
import { createLog, LOG_LEVELS, type LogFields, type LogLevel, NO_LOG } from '../src/log.ts'
import { ALLOWED, failed, type Outcome, REFUSED, refused } from '../src/outcome.ts'
import { parseRequest } from '../src/request.ts'
import { logLate, logOutcome } from '../src/request-log.ts'
import { holdTime } from './helpers/clock.ts'
import { recordLog } from './helpers/log.ts'
import { body } from './helpers/wire.ts'

const NOON = new Date(Date.UTC(2026, 10, 20, 12, 0, 0, 5))

function lineOf(event: string, fields?: LogFields): string {
  const lines: string[] = []
  createLog(
    (line) => lines.push(line),
    'debug',
    () => NOON,
  ).write('warn', event, fields)
  return lines.join('')
}

test('a line is time, level, event and the fields in an order of their own', () => {
  const fields = {
    version: '1.2.3',
    pid: 4711,
    count: 3,
    file: '/var/log/x',
    reason: 'why',
    ms: 12.3456,
    outcome: 'refused',
    server: 'example.org',
    user: 'alice',
    operation: 'auth',
  } as const
  assert.equal(
    lineOf('request', fields),
    'time=2026-11-20T12:00:00.005Z level=warn event=request operation=auth user=alice server=example.org ' +
      'outcome=refused ms=12.346 reason=why file=/var/log/x count=3 version=1.2.3 pid=4711\n',
  )
})
test('a field that is not known is not there', () => {
  assert.equal(lineOf('x', { reason: undefined }), 'time=2026-11-20T12:00:00.005Z level=warn event=x\n')
})
test('zero and nothing are values', () => {
  assert.match(lineOf('x', { user: '', ms: 0 }), / user="" ms=0\n$/)
})
test('what is no field of a line does not get into it', () => {
  const fields: object = { user: 'alice', password: 'hunter2', certificate: Buffer.from('x') }
  assert.match(lineOf('x', fields), / event=x user=alice\n$/)
})

const quoted = (title: string, user: string, expected: string) =>
  test(`a name with ${title} is written as ${expected}`, () => {
    assert.equal(lineOf('x', { user }).split(' user=')[1], `${expected}\n`)
  })
quoted('nothing special', 'alice.b-c_d@e/f:g', 'alice.b-c_d@e/f:g')
quoted('letters of any script', 'عليّ', 'عليّ')
quoted('an emoji', 'a🐘', 'a🐘')
quoted('a space', 'a b', '"a b"')
quoted('a no-break space', 'a\u00a0b', '"a\u00a0b"')
quoted('an equals sign', 'a=b', '"a=b"')
quoted('a quotation mark', 'a"b', '"a\\"b"')
quoted('a backslash', 'a\\b', '"a\\\\b"')
quoted('a line end', 'a\nlevel=error', '"a\\nlevel=error"')
quoted('a carriage return', 'a\rb', '"a\\rb"')
quoted('NUL', 'a\0b', '"a\\u0000b"')
quoted('an escape sequence', '\u001b[31m', '"\\u001b[31m"')
quoted('DEL', 'a\u007f', '"a\\u{7f}"')
quoted('a C1 control character', 'a\u009bb', '"a\\u{9b}b"')
quoted('a line separator', 'a\u2028b', '"a\\u{2028}b"')
quoted('a paragraph separator', 'a\u2029b', '"a\\u{2029}b"')
quoted('a next line', 'a\u0085b', '"a\\u{85}b"')
quoted('a right-to-left override', 'a\u202eb', '"a\\u{202e}b"')
quoted('a right-to-left isolate', 'a\u2067b', '"a\\u{2067}b"')
quoted('a zero-width space', 'a\u200bb', '"a\\u{200b}b"')
quoted('a byte-order mark', '\ufeffa', '"\\u{feff}a"')
quoted('a soft hyphen', 'a\u00adb', '"a\\u{ad}b"')
quoted('a tag character', 'a\u{e0041}', '"a\\u{e0041}"')
quoted('half a surrogate pair', 'a\ud800', '"a\\ud800"')

const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u

test('whatever the names are, an event is one line of printable characters', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (user, reason) => {
      const line = lineOf('x', { user, reason })
      assert.equal(line.indexOf('\n'), line.length - 1)
      assert.doesNotMatch(line.slice(0, -1), CONTROL)
    }),
    { numRuns: 1000 },
  ))
test('whatever the names are, the next field begins where it seems to', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (user) => {
      const fields = lineOf('x', { user, outcome: 'failed' }).match(/[a-z]+=("([^"\\]|\\.)*"|[^\s"]+)/g)
      assert.equal(fields?.length, 5)
      assert.equal(fields?.[4], 'outcome=failed')
    }),
    { numRuns: 1000 },
  ))

for (const [level, expected] of [
  ['error', 'error'],
  ['warn', 'error warn'],
  ['info', 'error warn info'],
  ['debug', 'error warn info debug'],
] as const) {
  test(`at the level ${level} one reads ${expected}`, () => {
    const log = recordLog(level)
    for (const each of LOG_LEVELS) log.write(each, 'x')
    assert.equal(log.lines.map((line) => /level=(\w+)/.exec(line)?.[1]).join(' '), expected)
    assert.equal(log.level, level)
  })
}
test('if nobody says otherwise, the level is info and the time is now', () => {
  const lines: string[] = []
  const log = createLog((line) => lines.push(line))
  const before = Date.now()
  log.write('debug', 'x')
  log.write('info', 'x')
  assert.equal(lines.length, 1)
  const time = Date.parse(/time=(\S+)/.exec(lines[0] ?? '')?.[1] ?? '')
  assert.ok(time >= before && time <= Date.now())
})
test('a line that cannot be written is no error of who writes it', () => {
  const log = createLog(() => {
    throw new Error('no space left')
  })
  log.write('error', 'x')
})
test('there is a log that says nothing', () => assert.equal(NO_LOG.write('error', 'x'), undefined))

const reported = (frame: string, outcome: Outcome, line: string) =>
  test(`the line of ${frame.split(':')[0]}, ${outcome.kind}: ${line.slice(0, 60)}`, async (t) => {
    const log = recordLog()
    const clock = holdTime(t)
    await clock.advance(1.5)
    logOutcome(log, parseRequest(Frame.of(frame)), outcome, 0)
    assert.deepEqual(log.lines, [line])
  })
const at = (level: LogLevel, operation: string, rest: string) =>
  `level=${level} event=request operation=${operation} user=a server=b ${rest}`
reported('auth:a:b:c', ALLOWED, at('debug', 'auth', 'outcome=allowed ms=1.5'))
reported('auth:a:b:c', REFUSED, at('info', 'auth', 'outcome=refused ms=1.5'))
reported('auth:a:b:c', failed('why so'), at('error', 'auth', 'outcome=failed ms=1.5 reason="why so"'))
reported('auth:a:b:c', refused('none'), at('warn', 'auth', 'outcome=refused ms=1.5 reason=none'))
reported('isuser:a:b', ALLOWED, at('debug', 'isuser', 'outcome=allowed ms=1.5'))
reported('isuser:a:b', REFUSED, at('debug', 'isuser', 'outcome=refused ms=1.5'))
reported('setpass:a:b:c', ALLOWED, at('info', 'setpass', 'outcome=allowed ms=1.5'))
reported('tryregister:a:b:c', REFUSED, at('info', 'tryregister', 'outcome=refused ms=1.5'))
reported('removeuser:a:b', ALLOWED, at('info', 'removeuser', 'outcome=allowed ms=1.5'))
reported('removeuser3:a:b:c', ALLOWED, at('info', 'removeuser3', 'outcome=allowed ms=1.5'))
reported(
  'auth:a:b',
  refused('password is missing'),
  'level=warn event=malformed_frame operation=auth outcome=refused reason="password is missing"',
)
reported(
  'hunter2:a:b',
  refused('unknown operation'),
  'level=warn event=malformed_frame outcome=refused reason="unknown operation"',
)
test('an answer that came too late is a warning', async (t) => {
  const log = recordLog()
  const request = parseRequest(Frame.of(body('auth', 'a', 'b', 'hunter2')))
  assert.ok(!('reason' in request))
  const clock = holdTime(t)
  await clock.advance(7000)
  logLate(log, request, ALLOWED, 0)
  assert.deepEqual(log.lines, [
    'level=warn event=late_answer operation=auth user=a server=b outcome=allowed ms=7000',
  ])
})
