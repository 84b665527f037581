import { once } from 'node:events'
import { Socket } from 'node:net'
import { median } from './measure.ts'
import { makePipes, PipedProgram } from './pipes.ts'
import { type Command, FRAME } from './programs.ts'

const REPLY_LENGTH = 4
const CHUNK = Buffer.concat(Array.from({ length: 2000 }, () => FRAME))

/** Requests answered in a second while more of them wait in the pipe: the median over the rounds, by name. */
export async function measureThroughput(
  folder: string,
  commands: Record<string, Command>,
  { rounds, requests }: { rounds: number; requests: number },
): Promise<Record<string, number>> {
  const turns = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const program = new PipedProgram(makePipes(folder), command)
      program.ask(FRAME) // not before it is up
      const rate = await pour(program, requests)
      turns.set(name, [...(turns.get(name) ?? []), rate])
    }
  }
  return Object.fromEntries([...turns].map(([name, rates]) => [name, median(rates)]))
}

async function pour(program: PipedProgram, requests: number): Promise<number> {
  const { requests: fd, replies } = program.descriptors
  const output = new Socket({ fd: replies, readable: true, writable: false })
  const input = new Socket({ fd, readable: false, writable: true })
  const start = performance.now()
  const all = countUntil(output, requests * REPLY_LENGTH)
  for (let sent = 0; sent < requests; sent += CHUNK.length / FRAME.length) {
    if (!input.write(CHUNK)) await once(input, 'drain')
  }
  await all
  const seconds = (performance.now() - start) / 1000
  input.destroy()
  await program.ended()
  return requests / seconds
}

async function countUntil(output: Socket, bytes: number): Promise<void> {
  let count = 0
  for await (const chunk of output) {
    count += chunk.length
    if (count >= bytes) return
  }
  throw new Error(`the program ended after ${count} of ${bytes} bytes`)
}
