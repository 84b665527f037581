/**
 * One request at a time, both ends on one core: started by the benchmark as a process of its own, which `taskset` pins.
 * Prints one line of JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './measure.ts'
import { makePipes, PipedProgram, processorTime } from './pipes.ts'
import { FRAME, programs } from './programs.ts'

/** What was measured of one program, in microseconds for a request. */
export interface RoundTrip {
  median: number
  p99: number
  processor: number
}

const [rounds = 20, calls = 2000] = process.argv.slice(2).map(Number)

const folder = mkdtempSync(join(tmpdir(), 'extauth-bench-'))
const started = Object.entries(programs(folder)).map(([name, command]) => ({
  name,
  program: new PipedProgram(makePipes(folder), command),
  times: [] as number[],
  processor: [] as number[],
}))
for (let round = -2; round < rounds; round++) {
  for (const { program, times, processor } of started) {
    const before = processorTime(program.pid)
    for (let call = 0; call < calls; call++) {
      const start = process.hrtime.bigint()
      if (!program.ask(FRAME)) throw new Error('the right password was refused')
      if (round >= 0) times.push(Number(process.hrtime.bigint() - start) / 1000)
    }
    if (round >= 0) processor.push((processorTime(program.pid) - before) / calls)
  }
}
const result: Record<string, RoundTrip> = {}
for (const { name, program, times, processor } of started) {
  times.sort((a, b) => a - b)
  result[name] = {
    median: median(times),
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    processor: median(processor),
  }
  await program.end()
}
rmSync(folder, { recursive: true })
console.log(JSON.stringify(result))
