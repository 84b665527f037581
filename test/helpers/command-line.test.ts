import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const TOOLS = ['bench', 'fuzz', 'soak'] as const

const MISTAKES = [
  ['bench', '--users 0', 'Expected --users to be a whole number, 1 or more, got 0'],
  ['bench', '--users 07', 'Expected --users to be a whole number, 1 or more, got 07'],
  ['bench', 'speed', 'Expected names of sections, got speed'],
  ['bench', '--user 3', 'Unknown option --user: did you mean --users?'],
  ['fuzz', '--seed x', 'Expected --seed to be a whole number, 0 or more, got x'],
  ['fuzz', '--minutes 0', 'Expected --minutes to be a number, 0.01 or more, got 0'],
  ['fuzz', '--target frame', 'Expected --target to be a target, got frame'],
  ['soak', '--minutes 0.5', 'Expected --minutes to be a number, 1 or more, got 0.5'],
  ['soak', '--rate 0', 'Expected --rate to be a number, 0.1 or more, got 0'],
] as const

describe('the tools for development', () => {
  for (const tool of TOOLS) {
    test(`${tool} --help says how it is used`, () => {
      const { status, stdout, stderr } = run(tool, ['--help'])
      assert.match(stdout, /^Usage: npm run [a-z]+ -- \[options\]/)
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    })
  }

  for (const [tool, line, says] of MISTAKES) {
    test(`${tool} ${line} ends with a sentence and the usage`, () => {
      const { status, stdout, stderr } = run(tool, line.split(' '))
      assert.ok(stderr.startsWith(`${says}\n\nUsage: npm run ${tool} `), stderr)
      assert.doesNotMatch(stderr, /\n +at /)
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    })
  }
})

function run(tool: string, args: readonly string[]) {
  const file = fileURLToPath(new URL(`../${tool}/${tool}.js`, import.meta.url))
  return spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', timeout: 60_000 })
}
