import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeFrame } from '../../src/frame.ts'
import { packageRoot } from '../e2e/support/package.ts'

/** The password that all of them say yes to; as long as people have them, with one of what is in the way of many programs. */
export const PASSWORD = 'correct horse:battery'

/** What they are asked. */
export const FRAME = encodeFrame(`auth:alice:chat.example.org:${PASSWORD}`)

/** A command that answers frames on its standard input and output. */
export type Command = readonly [string, ...string[]]

/** The programs that are compared, as far as they can be run here, in a folder that belongs to the benchmark. */
export function programs(folder: string): Record<string, Command> {
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const ours = join(packageRoot(), 'dist', 'cli.js')
  return {
    ours: [process.execPath, ours, '--handlers', write('handlers.mjs', HANDLERS)],
    ...compiled({ C: write('minimal.c', C), [READING_AHEAD]: write('ahead.c', C_READING_AHEAD) }),
    'naive Node.js': [process.execPath, write('naive.mjs', NAIVE)],
    ...python(write('sample.py', PYTHON)),
  }
}

function compiled(sources: Readonly<Record<string, string>>): Record<string, Command> {
  if (!isThere('cc')) {
    console.error('There is no C compiler (cc): the comparison with a C program is left out.')
    return {}
  }
  return Object.fromEntries(
    Object.entries(sources).map(([name, source]) => {
      const target = source.slice(0, -'.c'.length)
      execFileSync('cc', ['-O2', '-o', target, source])
      return [name, [target]]
    }),
  )
}

/** The interpreter itself: a script in front of it that looks which one to take costs more than its start. */
function python(script: string): Record<string, Command> {
  if (!isThere('python3')) return {}
  const interpreter = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  })
  return { 'Python sample': [interpreter.trim(), script] }
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0
}

/** A handlers module that says yes to one password, at once. */
export const HANDLERS = `export default {
  auth: ({ password }) => password === '${PASSWORD}',
  isuser: ({ user }) => user === 'alice',
}
`

/** The parts of the C programs: how they read so many bytes is what they differ in. */
const C_HEAD = `#include <stdint.h>
#include <string.h>
#include <unistd.h>

`
const C_MAIN = `
int main(void) {
  static unsigned char head[2], body[65536];
  while (read_all(head, 2)) {
    size_t length = (size_t)head[0] << 8 | head[1];
    if (!read_all(body, length)) return 1;
    body[length] = 0;
    char *field = (char *)body;
    char *fields[4] = {field, "", "", ""};
    for (int i = 1; i < 4 && (field = strchr(field, ':')) != NULL; i++) {
      *field++ = 0;
      fields[i] = field;
    }
    int yes = strcmp(fields[0], "auth") == 0 ? strcmp(fields[3], "${PASSWORD}") == 0
            : strcmp(fields[0], "isuser") == 0 ? strcmp(fields[1], "alice") == 0 : 0;
    unsigned char reply[4] = {0, 2, 0, (unsigned char)yes};
    if (write(1, reply, 4) != 4) return 1;
  }
  return 0;
}
`

/**
 * The same in C: reads the length and the body of a frame, cuts it at the colons, compares, writes the reply. What one
 * request at a time can cost at the least, but for a seventh of it.
 */
const C = `${C_HEAD}static int read_all(unsigned char *to, size_t length) {
  while (length > 0) {
    ssize_t got = read(0, to, length);
    if (got <= 0) return 0;
    to += got;
    length -= (size_t)got;
  }
  return 1;
}
${C_MAIN}`

/** One that takes as much from the pipe at once as there is, and still writes each reply. */
export const READING_AHEAD = 'C, reading ahead'
const C_READING_AHEAD = `${C_HEAD}static int read_all(unsigned char *to, size_t length) {
  static unsigned char ahead[65536];
  static size_t at, end;
  while (length > 0) {
    if (at == end) {
      ssize_t got = read(0, ahead, sizeof ahead);
      if (got <= 0) return 0;
      at = 0;
      end = (size_t)got;
    }
    size_t part = end - at < length ? end - at : length;
    memcpy(to, ahead + at, part);
    to += part;
    at += part;
    length -= part;
  }
  return 1;
}
${C_MAIN}`

/** What one writes first in Node.js: a chunk is a frame, and a frame is text with colons. */
const NAIVE = `process.stdin.on('data', (chunk) => {
  let data = chunk
  while (data.length >= 2) {
    const length = data.readUInt16BE(0)
    const [operation, user, , ...rest] = data.toString('utf8', 2, 2 + length).split(':')
    const yes = operation === 'auth' ? rest.join(':') === '${PASSWORD}' : operation === 'isuser' && user === 'alice'
    process.stdout.write(Buffer.from([0, 2, 0, yes ? 1 : 0]))
    data = data.subarray(2 + length)
  }
})
`

/** In the manner of the sample in ejabberd's guide for developers: reads and writes one frame at a time. */
export const PYTHON = `import struct
import sys


def read_request():
    head = sys.stdin.buffer.read(2)
    if len(head) < 2:
        return None
    (size,) = struct.unpack('>H', head)
    return sys.stdin.buffer.read(size).decode('utf8').split(':', 3)


def write_reply(yes):
    sys.stdout.buffer.write(struct.pack('>HH', 2, 1 if yes else 0))
    sys.stdout.buffer.flush()


def auth(user, server, password):
    return password == '${PASSWORD}'


def isuser(user, server):
    return user == 'alice'


while True:
    request = read_request()
    if request is None:
        break
    if request[0] == 'auth':
        write_reply(auth(*request[1:]))
    elif request[0] == 'isuser':
        write_reply(isuser(*request[1:]))
    else:
        write_reply(False)
`
