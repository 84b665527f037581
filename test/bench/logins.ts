import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { encodeFrame } from '../../src/frame.ts'
import { microseconds } from './measure.ts'
import { makePipes, PipedProgram } from './pipes.ts'
import { hashesOf, makeStore, people, SERVER, withAccounts } from './stores.ts'

/** How long each login of a wave took, in microseconds. */
export interface Waves {
  first: number[]
  second: number[]
}

/**
 * People of an account store, each with a hash of their own, log in one after the other through one worker that has
 * just been started, and then once more.
 */
export async function measureWaves(folder: string, users: number): Promise<Waves> {
  const directory = join(folder, 'storm')
  const persons = people(users)
  await makeStore(directory, await hashesOf(persons))
  const frames = persons.map(({ user, password }) => encodeFrame(`auth:${user}:${SERVER}:${password}`))
  const program = new PipedProgram(makePipes(folder), withAccounts(directory))
  program.ask(encodeFrame(`isuser:nobody:${SERVER}`)) // not before it is up
  const first: number[] = []
  for (const frame of frames) {
    first.push(logIn(program, frame))
    await turn() // signals are heard
  }
  const second = frames.map((frame) => logIn(program, frame))
  await program.end()
  rmSync(directory, { recursive: true })
  return { first, second }
}

function logIn(program: PipedProgram, frame: Buffer): number {
  return microseconds(() => {
    if (!program.ask(frame)) throw new Error('the right password was refused')
  })
}
