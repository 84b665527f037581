import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { type Input, readPassword } from '../../src/commands/password.ts'

function streams(terminal: boolean) {
  const modes: boolean[] = []
  const extra = terminal ? { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) } : {}
  const stdin: Input & PassThrough = Object.assign(new PassThrough(), extra)
  return { stdin, stderr: new PassThrough(), modes }
}

const reads = (title: string, terminal: boolean, input: readonly (string | Buffer)[], expected: string) =>
  test(title, async () => {
    const { stdin, stderr, modes } = streams(terminal)
    const password = readPassword({ stdin, stderr })
    for (const chunk of input) stdin.write(chunk)
    if (!terminal) stdin.end()
    assert.equal(await password, expected)
    assert.deepEqual(modes, terminal ? [true, false] : [])
    assert.equal(String(stderr.read() ?? ''), terminal ? 'Password: \n' : '')
  })

reads('from a pipe: the first line', false, ['secret\nmore\n'], 'secret')
reads('from a pipe: a line without an end', false, ['secret'], 'secret')
reads('from a pipe: CRLF ends a line', false, ['secret\r\n'], 'secret')
reads('from a pipe: only one line end is taken off', false, ['secret \r\r\n'], 'secret \r')
reads('from a pipe: a line in pieces', false, ['se', 'cr', 'et\n'], 'secret')
reads('from a pipe: a letter in pieces', false, [Buffer.of(0xc3), Buffer.of(0xa9, 0x0a)], 'é')
reads('from a pipe: the most bytes', false, ['a'.repeat(65_535), '\n'], 'a'.repeat(65_535))
reads('from a terminal: a line', true, ['secret\r'], 'secret')
reads('from a terminal: key by key', true, [...'secret', '\r'], 'secret')
reads('from a terminal: Ctrl-D ends it, too', true, ['secret\u0004'], 'secret')
reads('from a terminal: backspace takes a letter back', true, ['secrex\u007ft\r'], 'secret')
reads('from a terminal: backspace takes a letter of two bytes back', true, ['é\bü\r'], 'ü')
reads('from a terminal: backspace on nothing', true, ['\b\b\u007fx\r'], 'x')
reads('from a terminal: Ctrl-U takes all back', true, ['secret\u0015x\r'], 'x')

const fails = (title: string, terminal: boolean, input: string | Buffer, message: RegExp) =>
  test(title, async () => {
    const { stdin, stderr, modes } = streams(terminal)
    const password = readPassword({ stdin, stderr })
    stdin.end(input)
    await assert.rejects(password, { code: 'ERR_USAGE', message })
    assert.deepEqual(modes, terminal ? [true, false] : [])
  })

fails('from a pipe: nothing is a UsageError', false, '', /got none/)
fails('from a pipe: an empty line is a UsageError', false, '\nsecret\n', /got none/)
fails('from a pipe: what is not UTF-8 is a UsageError', false, Buffer.of(0xff, 0x0a), /UTF-8/)
fails('from a pipe: a byte too many is a UsageError', false, 'a'.repeat(65_536), /at most 65535/)
fails('from a terminal: Ctrl-C is a UsageError', true, 'sec\u0003ret\r', /interrupted/)
fails('from a terminal: Ctrl-D on nothing is a UsageError', true, '\u0004', /got none/)
fails('from a terminal: the end of the terminal is a UsageError', true, '', /got none/)

test('a new password is asked for twice, and may be typed ahead', async () => {
  const { stdin, stderr, modes } = streams(true)
  const password = readPassword({ stdin, stderr }, { prompt: 'New: ', twice: true })
  stdin.write('secret\rsecret\r')
  assert.equal(await password, 'secret')
  assert.equal(String(stderr.read()), 'New: \nThe same again: \n')
  assert.deepEqual(modes, [true, false])
})
test('two passwords that differ are a UsageError', async () => {
  const { stdin, stderr } = streams(true)
  const password = readPassword({ stdin, stderr }, { twice: true })
  stdin.write('secret\rsecrets\r')
  await assert.rejects(password, { code: 'ERR_USAGE', message: /two different/ })
})
test('a terminal that ends before the password is there twice is a UsageError', async () => {
  const { stdin, stderr, modes } = streams(true)
  const password = readPassword({ stdin, stderr }, { twice: true })
  stdin.end('secret')
  await assert.rejects(password, { code: 'ERR_USAGE', message: /got none/ })
  assert.deepEqual(modes, [true, false])
})
test('a pipe is asked once', async () => {
  const { stdin, stderr } = streams(false)
  const password = readPassword({ stdin, stderr }, { twice: true })
  stdin.end('secret\n')
  assert.equal(await password, 'secret')
})
