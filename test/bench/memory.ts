import { makePipes, memoryOf, PipedProgram } from './pipes.ts'
import { type Command, FRAME } from './programs.ts'

/** What a program holds, in MiB. */
export interface Memory {
  resident: number
  privateDirty: number
}

/**
 * What our program holds after its start and after so many requests; and a Node.js that holds its input open, at its
 * start and after as many requests that it answers without looking at them.
 */
export async function measureMemory(
  folder: string,
  command: Command,
  afterRequests: readonly number[],
): Promise<{ bare: Memory; bareAfter: Memory; start: Memory; after: Map<number, Memory> }> {
  const program = new PipedProgram(makePipes(folder), command)
  program.ask(FRAME)
  const start = memoryOf(program.pid)
  const after = new Map<number, Memory>()
  let asked = 1
  for (const requests of afterRequests) {
    for (; asked < requests; asked++) program.ask(FRAME)
    after.set(requests, memoryOf(program.pid))
  }
  await program.end()
  return { ...(await memoryOfBareNode(folder, asked)), start, after }
}

/** It has to answer, or we would not know when it is up. */
async function memoryOfBareNode(
  folder: string,
  requests: number,
): Promise<{ bare: Memory; bareAfter: Memory }> {
  const code = "process.stdin.on('data', () => require('node:fs').writeSync(1, Buffer.of(0, 2, 0, 1)))"
  const program = new PipedProgram(makePipes(folder), [process.execPath, '-e', code])
  program.ask(FRAME)
  const bare = memoryOf(program.pid)
  for (let asked = 1; asked < requests; asked++) program.ask(FRAME)
  const bareAfter = memoryOf(program.pid)
  await program.end()
  return { bare, bareAfter }
}
