import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { encodeFrame } from '../../src/frame.ts'
import { compareAll } from './measure.ts'
import { makePipes, PipedProgram, type Pipes } from './pipes.ts'
import type { Command } from './programs.ts'

const FRAME = encodeFrame('isuser:alice:example.org')

/**
 * From the start of each program to its first reply, and, as `node -e 0`, from the start of a Node.js that does nothing
 * to its end; the times of all rounds, in milliseconds.
 */
export async function measureStarts(
  folder: string,
  commands: Record<string, Command>,
  rounds: number,
): Promise<Record<string, number[]>> {
  const started: PipedProgram[] = []
  const contestants: Record<string, () => unknown> = { 'node -e 0': runNothing }
  // To make pipes takes longer than a C program takes to start.
  let pipes: Pipes = makePipes(folder)
  for (const [name, command] of Object.entries(commands)) {
    contestants[name] = () => {
      const program = new PipedProgram(pipes, command)
      started.push(program)
      program.ask(FRAME)
    }
  }
  const between = async () => {
    if (started.length === 0) return
    for (const program of started.splice(0)) await program.end()
    pipes = makePipes(folder)
  }
  const times = await compareAll(contestants, { rounds, calls: 1, between })
  return Object.fromEntries(
    Object.entries(times).map(([name, all]) => [name, all.map((microseconds) => microseconds / 1000)]),
  )
}

async function runNothing(): Promise<void> {
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit')
}
