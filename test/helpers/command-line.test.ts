import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const TOOLS = ['bench/bench', 'fuzz/fuzz', 'soak/soak'] as const

const MISTAKES = [
  {
    tool: 'bench/bench',
    args: ['--users', '0'],
    says: 'Expected --users to be a whole number, 1 or more, got 0',
  },
  { tool: 'bench/bench', args: ['speed'], says: 'Expected names of sections, got speed' },
  { tool: 'bench/bench', args: ['--slow'], says: "Unknown option '--slow'" },
  {
    tool: 'fuzz/fuzz',
    args: ['--seed', 'x'],
    says: 'Expected --seed to be a whole number, 0 or more, got x',
  },
  {
    tool: 'fuzz/fuzz',
    args: ['--minutes', '0'],
    says: 'Expected --minutes to be a number, 0.01 or more, got 0',
  },
  { tool: 'fuzz/fuzz', args: ['--target', 'frame'], says: 'Expected --target to be a target, got frame' },
  {
    tool: 'soak/soak',
    args: ['--minutes', '0.5'],
    says: 'Expected --minutes to be a number, 1 or more, got 0.5',
  },
  {
    tool: 'soak/soak',
    args: ['--rate', '0'],
    says: 'Expected --rate to be a number, 0.1 or more, got 0',
  },
] as const

describe('the tools for development', () => {
  for (const tool of TOOLS) {
    test(`${tool} --help says how it is used`, () => {
      const { status, stdout, stderr } = run(tool, ['--help'])
      assert.match(stdout, /^Usage: npm run [a-z]+ -- \[options\]/)
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    })
  }

  for (const { tool, args, says } of MISTAKES) {
    test(`${tool} ${args.join(' ')} ends with a sentence and the usage`, () => {
      const { status, stdout, stderr } = run(tool, args)
      assert.ok(stderr.startsWith(says), stderr)
      assert.match(stderr, /\n\nUsage: npm run /)
      assert.doesNotMatch(stderr, /\n +at /)
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    })
  }
})

function run(tool: string, args: readonly string[]) {
  const file = fileURLToPath(new URL(`../${tool}.js`, import.meta.url))
  return spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', timeout: 60_000 })
}
