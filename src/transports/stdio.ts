/**
 * Standard input and output as a connection that nothing else in the process can disturb.
 *
 * @module
 */
import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs'
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { Readable, type Writable } from 'node:stream'

/** Standard input and output, taken. */
export interface Stdio {
  readonly input: Readable
  readonly output: Writable
}

let taken = false

/**
 * Takes standard input and output away from everything else in the process: a print in a handler would be read as
 * the answer to somebody's login, and what else reads would swallow requests. From then on `process.stdout` and
 * `console.log` write to standard error, and `process.stdin` is empty.
 *
 * Where they are pipes, as under ejabberd, descriptors 0 and 1 themselves lead to nowhere afterwards, so that
 * neither a child process that inherits them nor a native library can disturb the protocol.
 *
 * What comes is lost while nobody listens for `data`: listen in the same turn.
 *
 * @throws {Error} If they were taken already.
 */
export function takeStdio(): Stdio {
  if (taken) {
    throw new Error(
      'standard input and output are served already: export the handlers instead of serving them',
    )
  }
  taken = true
  const input = takePipe(0) ?? process.stdin
  const output = takePipe(1) ?? process.stdout
  // Made when somebody wants them: few do.
  let empty: Readable | undefined
  Object.defineProperty(process, 'stdin', { get: () => (empty ??= Readable.from([])), configurable: true })
  Object.defineProperty(process, 'stdout', { get: () => process.stderr, configurable: true })
  return { input, output }
}

/** Linux only, and only for a pipe of our own user: elsewhere the redefined streams of `process` have to do. */
function takePipe(standard: 0 | 1): Socket | undefined {
  const opened: number[] = []
  const open = (path: string, flags: number) => {
    const descriptor = openSync(path, flags)
    opened.push(descriptor)
    return descriptor
  }
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants
  const flags = standard === 0 ? O_RDONLY : O_WRONLY
  try {
    if (!look(standard).isFIFO()) return undefined
    const nowhere = open('/dev/null', flags)
    const pipe = open(`/proc/self/fd/${standard}`, flags | O_NONBLOCK)
    const socket = standard === 0 ? reader(pipe) : new Socket({ fd: pipe, readable: false, writable: true })
    closeSync(standard)
    openSync('/dev/null', flags) // takes the lowest number that is free, the one just closed
    closeSync(nowhere)
    return socket
  } catch {
    for (const descriptor of opened) closeSync(descriptor)
    return undefined
  }
}

/** Longer than any frame, and as much as a pipe holds on Linux. */
const CHUNK_LENGTH = 1 << 16

/**
 * Reads a pipe into the same memory again and again: a chunk holds until its `data` event is over. New memory for each
 * read, which is what a stream takes, costs as much as all the rest of a request and much of what a worker occupies.
 */
function reader(pipe: number): Socket {
  const buffer = Buffer.alloc(CHUNK_LENGTH)
  const callback = (length: number) => socket.emit('data', buffer.subarray(0, length))
  const options: SocketConstructorOpts & { onread: OnReadOpts } = {
    fd: pipe,
    readable: true,
    writable: false,
    onread: { buffer, callback },
  }
  const socket = new Socket(options)
  return socket
}

/** Is there a person, or Prosody's pseudo-terminal, which changes bytes, instead of ejabberd? */
export function isTerminal(): boolean {
  // Node's module for terminals takes a fiftieth of a start, and where ejabberd is, there is a pipe.
  return isDevice(0) && process.getBuiltinModule('node:tty').isatty(0)
}

function isDevice(descriptor: number): boolean {
  try {
    return look(descriptor).isCharacterDevice()
  } catch {
    return false // closed
  }
}

/**
 * With plain numbers, realpathSync of Node 20 to 24 would see the pipe in the buffer that they share, and follow no
 * symbolic links any more: packages in the handlers' node_modules would be loaded from the wrong place.
 */
function look(descriptor: number): BigIntStats {
  return fstatSync(descriptor, { bigint: true })
}
