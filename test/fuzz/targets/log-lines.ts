import { strict as assert } from 'node:assert'
import { formatLine, type LogFields } from '../../../src/log.ts'
import { makeText } from '../mutate.ts'
import { property } from '../property.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

type Fields = Pick<LogFields, 'user' | 'server' | 'reason' | 'file' | 'ms'>

/** Names from strangers in lines that people and programs read. */
export const logLines: Target = {
  name: 'log-lines',
  unit: 'cases',
  share: 2,
  count: 2000,
  run: property({ generate, check, show: (fields: Fields) => JSON.stringify(fields) }),
}

function generate(random: Random): Fields {
  const text = () => makeText(random)
  return {
    user: text(),
    server: text(),
    ms: random.below(1e6) / 1e4,
    ...(random.oneIn(2) ? { reason: text(), file: text() } : {}),
  }
}

function check(fields: Fields): void {
  const line = formatLine(new Date(0), 'error', 'request', fields)
  assert.ok(line.endsWith('\n'))
  // What ends a line somewhere, moves a cursor or turns the writing direction is not in it.
  assert.doesNotMatch(line.slice(0, -1), /[\p{C}\u2028\u2029]/u)
  const { ms, ...texts } = fields
  const found: Record<string, string> = {}
  for (const [, key = '', value = ''] of line.matchAll(/ (\w+)=("(?:[^"\\]|\\.)*"|[^ "\n]+)/g)) {
    assert.ok(!Object.hasOwn(found, key), `${key} is there twice`)
    found[key] = value.startsWith('"') ? unquote(value) : value
  }
  assert.deepEqual(found, {
    level: 'error',
    event: 'request',
    ...texts,
    ms: String(Math.round((ms ?? 0) * 1000) / 1000),
  })
}

function unquote(value: string): string {
  const points = value.replace(
    /(?<!\\)((?:\\\\)*)\\u\{([0-9a-f]+)\}/g,
    (_, before, hex) =>
      `${before}${[...String.fromCodePoint(Number.parseInt(hex, 16))].map((char) => char.split('').map(escaped).join('')).join('')}`,
  )
  return JSON.parse(points)
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
