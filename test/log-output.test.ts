import assert from 'node:assert/strict'
import fs, {
  chmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { clock } from '../src/clock.ts'
import { fileOutput, type LogOutput, streamOutput } from '../src/log-output.ts'
import { temporaryFolder } from './helpers/files.ts'
import { Sink, StalledSink } from './helpers/streams.ts'
import { settled } from './helpers/turns.ts'

function textOf(sink: Sink): string {
  return Buffer.from(sink.hex, 'hex').toString()
}

/** What was written, but for the times. */
function withoutTime(text: string): string {
  return text.replace(/^time=\S+ /gm, '')
}

test('lines go to the stream as they are', () => {
  const stream = new Sink()
  const { writeLine, reopen } = streamOutput(stream)
  writeLine('a\n')
  reopen()
  writeLine('b\n')
  assert.equal(textOf(stream), 'a\nb\n')
})
test('while the reader stalls, lines are dropped, and later it is said how many', async () => {
  const stream = new StalledSink()
  const { writeLine } = streamOutput(stream)
  const line = `${'x'.repeat(1023)}\n`
  for (let count = 0; count < 3000; count++) writeLine(line)
  assert.ok(stream.writableLength < 2 << 20, `${stream.writableLength} bytes wait`)
  const kept = Math.floor(stream.writableLength / line.length)
  stream.flow()
  while (stream.writableLength > 0) await settled(1)
  writeLine('again\n')
  writeLine('and again\n')
  const text = textOf(stream)
  assert.ok(text.startsWith(line.repeat(kept)))
  assert.equal(
    withoutTime(text.slice(kept * line.length)),
    `level=warn event=log_lines_dropped count=${3000 - kept}\nagain\nand again\n`,
  )
})
test('a stream that breaks or is closed is no error', async () => {
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const { writeLine } = streamOutput(broken)
  writeLine('a\n')
  await settled()
  writeLine('b\n')
  assert.equal(broken.destroyed, true)
  const ended = new Sink()
  const output = streamOutput(ended)
  ended.end()
  output.writeLine('a\n')
  await settled()
})

interface Files {
  readonly path: string
  readonly read: (name?: string) => string
  readonly fallback: Sink
  readonly output: LogOutput
  /** Lets so many milliseconds pass. */
  readonly pass: (ms: number) => void
}

function logFile(t: TestContext, prepare: (path: string) => void = () => {}): Files {
  const folder = temporaryFolder(t)
  const path = join(folder, 'extauth.log')
  let now = 1000
  t.mock.method(clock, 'now', () => now)
  prepare(path)
  const fallback = new Sink()
  return {
    path,
    read: (name = 'extauth.log') => readFileSync(join(folder, name), 'utf8'),
    fallback,
    output: fileOutput(path, streamOutput(fallback)),
    pass: (ms) => {
      now += ms
    },
  }
}

test('lines are appended to the file, which others cannot read', (t) => {
  const { path, read, fallback, output } = logFile(t)
  output.writeLine('a\n')
  output.writeLine('b\n')
  fileOutput(path, output).writeLine('c\n')
  assert.equal(read(), 'a\nb\nc\n')
  assert.equal(statSync(path).mode & 0o007, 0)
  assert.equal(textOf(fallback), '')
})
test('a file that was renamed is left within a second', (t) => {
  const { path, read, output, pass } = logFile(t)
  output.writeLine('a\n')
  renameSync(path, `${path}.1`)
  pass(999)
  output.writeLine('b\n')
  pass(1)
  output.writeLine('c\n')
  renameSync(path, `${path}.2`)
  writeFileSync(path, 'a new one\n')
  pass(1000)
  output.writeLine('d\n')
  assert.equal(read('extauth.log.1'), 'a\nb\n')
  assert.equal(read('extauth.log.2'), 'c\n')
  assert.equal(read(), 'a new one\nd\n')
})

test('a file that was renamed is left at once when it is opened anew', (t) => {
  const { path, read, output } = logFile(t)
  output.writeLine('a\n')
  renameSync(path, `${path}.1`)
  output.writeLine('b\n')
  output.reopen()
  output.writeLine('c\n')
  output.reopen()
  output.reopen()
  output.writeLine('d\n')
  assert.equal(read('extauth.log.1'), 'a\nb\n')
  assert.equal(read(), 'c\nd\n')
})
test('what a file does not take goes to the fallback, and it is said why', (t) => {
  const { fallback, output } = logFile(t, (where) => mkdirSync(where))
  output.writeLine('a\n')
  output.writeLine('b\n')
  assert.match(
    withoutTime(textOf(fallback)),
    /^level=error event=log_file_failed reason="Error: EISDIR: .*" file=\S+\na\nb\n$/,
  )
})
test('a file that cannot be written is tried again after five seconds', (t) => {
  const { path, read, fallback, output, pass } = logFile(t, (where) => mkdirSync(where))
  output.writeLine('a\n')
  rmdirSync(path)
  pass(4999)
  output.writeLine('b\n')
  assert.match(textOf(fallback), /a\nb\n$/)
  pass(1)
  output.writeLine('c\n')
  assert.equal(read(), 'c\n')
  assert.match(textOf(fallback), /a\nb\n$/)
})
test('a file that is mended is taken at once when it is opened anew', (t) => {
  const { path, read, output } = logFile(t, (where) => mkdirSync(where))
  output.writeLine('a\n')
  rmdirSync(path)
  output.reopen()
  output.writeLine('b\n')
  assert.equal(read(), 'b\n')
})
test('a folder without permission is no error', { skip: process.getuid?.() === 0 && 'root may all' }, (t) => {
  const { fallback, output } = logFile(t, (where) => chmodSync(join(where, '..'), 0o500))
  output.writeLine('a\n')
  assert.match(
    withoutTime(textOf(fallback)),
    /^level=error event=log_file_failed reason="Error: EACCES: .*" file=\S+\na\n$/,
  )
})
test('a full disk is no error', { skip: process.platform !== 'linux' && 'there is no /dev/full' }, () => {
  const fallback = new Sink()
  fileOutput('/dev/full', streamOutput(fallback)).writeLine('a\n')
  assert.match(
    withoutTime(textOf(fallback)),
    /^level=error event=log_file_failed reason="Error: ENOSPC: .*" file=\/dev\/full\na\n$/,
  )
})

/** Lets every close say EIO, as on a network file system: the number of the descriptor is free all the same. */
function failToClose(t: TestContext): void {
  const { closeSync } = fs
  const mock = t.mock.method(fs, 'closeSync', (descriptor: number) => {
    closeSync(descriptor)
    throw new Error('EIO: i/o error, close')
  })
  syncBuiltinESMExports()
  t.after(() => {
    mock.mock.restore()
    syncBuiltinESMExports()
  })
}

for (const [when, leave] of [
  ['when it is opened anew', ({ output }: Files) => output.reopen()],
  [
    'when it was renamed',
    ({ path, pass }: Files) => {
      renameSync(path, `${path}.1`)
      pass(1000)
    },
  ],
] as const)
  test(`a file that cannot be closed ${when} loses no line, and none gets into another file`, (t) => {
    const files = logFile(t)
    files.output.writeLine('a\n')
    failToClose(t)
    leave(files)
    files.output.writeLine('b\n')
    const other = join(files.path, '..', 'other')
    openSync(other, 'w') // takes the number, if it is free
    files.pass(5000)
    files.output.writeLine('c\n')
    assert.match(files.read(), /b\nc\n$/)
    assert.equal(readFileSync(other, 'utf8'), '')
    assert.equal(textOf(files.fallback), '')
  })
