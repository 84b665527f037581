import { strict as assert } from 'node:assert'
import { type AddressInfo, createServer } from 'node:net'
import { http } from '../../../src/backends/http.ts'
import { BackendError, UnavailableError } from '../../../src/errors.ts'
import { Frame } from '../../../src/frame.ts'
import { parseRequest } from '../../../src/request.ts'
import { MARK } from '../behaviours.ts'
import { mutateBytes } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'
import { cutAnywhere } from '../traffic.ts'

/** What comes out of a connection behind a question. */
type Example = readonly Buffer[]

const tried = property({
  generate,
  check,
  show: (chunks: Example) => Buffer.concat(chunks).toString('latin1'),
})

/** Bytes instead of an answer of a web service, over a real connection. */
export const httpBytes: Target = {
  name: 'http-bytes',
  unit: 'cases',
  share: 3,
  count: 30,
  async run(random, count) {
    await server.listening
    try {
      return await tried(random, count)
    } finally {
      await server.close()
    }
  },
}

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntr\r\n2\r\nue\r\n0\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\ntrue',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 302 Found\r\nLocation: /true\r\nContent-Length: 4\r\n\r\ntrue',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\ntrue',
  `HTTP/1.1 500 ${MARK}\r\nContent-Length: 4\r\n\r\ntrue`,
  'true',
  '',
]

function generate(random: Random): Example {
  const answer = Buffer.from(random.pick(ANSWERS))
  return cutAnywhere(random, random.oneIn(3) ? answer : mutateBytes(random, answer))
}

async function check(chunks: Example): Promise<void> {
  const { url } = server.answerWith(chunks)
  const handlers = http({ url, patience: 0 })
  const request = parseRequest(Frame.of(`auth:alice:x:${MARK}-and-more`))
  assert.ok('password' in request)
  try {
    const answer = await handlers.auth?.(request as never)
    const bytes = Buffer.concat(chunks).toString('latin1')
    // Whatever was damaged: there was a 200, and these are the letters that came behind it.
    if (answer === true) assert.match(bytes, /^HTTP\/\d.*\b200\b.*t.*r.*u.*e/s)
    assert.equal(typeof answer, 'boolean')
  } catch (error) {
    if (!(error instanceof BackendError || error instanceof UnavailableError)) throw error
    assert.ok(!error.message.includes(MARK), 'an error quotes the password')
  } finally {
    await handlers.close?.()
  }
}

const server = createGarbageServer()

function createGarbageServer() {
  let answer: Example = []
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      for (const chunk of answer) socket.write(chunk)
      socket.end()
    })
  })
  return {
    get listening(): Promise<void> {
      return new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve))
    },
    close: () => new Promise((resolve) => listener.close(resolve)),
    answerWith(chunks: Example): { url: string } {
      answer = chunks
      return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/` }
    },
  }
}
