import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { encodeFrame } from '../../src/frame.ts'
import { compare } from './measure.ts'
import { PipedProgram } from './pipes.ts'
import type { Command } from './programs.ts'

const FRAME = encodeFrame('isuser:alice:example.org')

/**
 * From the start of each program to its first reply, and, as `node -e 0`, from the start of a Node.js that does nothing
 * to its end; in milliseconds.
 */
export async function measureStarts(
  folder: string,
  commands: Record<string, Command>,
  rounds: number,
): Promise<Record<string, number>> {
  const started: PipedProgram[] = []
  const contestants: Record<string, () => unknown> = { 'node -e 0': runNothing }
  for (const [name, command] of Object.entries(commands)) {
    contestants[name] = () => {
      const program = new PipedProgram(folder, command)
      started.push(program)
      program.ask(FRAME)
    }
  }
  const between = async () => {
    for (const program of started.splice(0)) await program.end()
  }
  const times = await compare(contestants, { rounds, calls: 1, between })
  return Object.fromEntries(Object.entries(times).map(([name, microseconds]) => [name, microseconds / 1000]))
}

async function runNothing(): Promise<void> {
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit')
}
