/** What a section of the benchmark gives, and how it is printed. */
import { table } from './measure.ts'

/** What a section has measured. */
export interface Measured {
  /** A table: rows by what was measured, columns by quantity and unit. */
  values: Record<string, Record<string, number>>
  goals: Goal[]
  panels?: Panel[]
}

/** What is to be reached. */
export interface Goal {
  name: string
  value: number
  /** The most that the value should be, or, with `atLeast`, the least. */
  goal: number
  atLeast?: boolean
}

/** A part of the chart: the same quantity of several programs, ours first. */
export interface Panel {
  title: string
  unit: string
  /** Which is better: `less` or `more` of it? */
  better: 'less' | 'more'
  bars: { name: string; value: number }[]
}

/** How much is to be measured. */
export interface Effort {
  /** A folder that belongs to the benchmark. */
  folder: string
  /** So little that it only shows that everything runs. */
  quick: boolean
  /** The number of the core that both ends of a pipe share where one request is asked at a time. */
  core: string
  /** How many users of the account store log in, each with a hash of their own. */
  users: number
  /** How many accounts the large one of two account stores has. */
  accounts: number
}

/** Measures a section. */
export type Section = (effort: Effort) => Promise<Measured>

/** A goal: one value as a multiple of another, which it should not exceed. */
export function atMost(goal: number, name: string, value: number, reference: number): Goal {
  return { name: `ratio: ${name}`, value: value / reference, goal }
}

/** A goal: one value as a multiple of another, which it should reach. */
export function atLeast(goal: number, name: string, value: number, reference: number): Goal {
  return { ...atMost(goal, name, value, reference), atLeast: true }
}

/** A column of the table of values. */
export function column(name: string, values: Readonly<Record<string, number>>): Measured['values'] {
  return Object.fromEntries(Object.entries(values).map(([row, value]) => [row, { [name]: value }]))
}

/** A panel of what was measured, by name. */
export function panel(
  title: string,
  unit: string,
  better: Panel['better'],
  values: Readonly<Record<string, number>>,
): Panel {
  return { title, unit, better, bars: Object.entries(values).map(([name, value]) => ({ name, value })) }
}

/** Tables for a terminal. */
export function asText(measured: Measured): string {
  return tablesOf(measured)
    .map((rows) => table(rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest])))
    .join('\n\n')
}

/** Tables for a page. */
export function asMarkdown(measured: Measured): string {
  return tablesOf(measured).map(markdownTable).join('\n\n')
}

/** The lines of a table for a page; the first row is its head. */
export function markdownTable([head = [], ...body]: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function tablesOf({ values, goals }: Measured): string[][][] {
  const columns = [...new Set(Object.values(values).flatMap((cells) => Object.keys(cells)))]
  const rows = Object.entries(values).map(([name, cells]) => [
    name,
    ...columns.map((column) => (cells[column] === undefined ? '' : shortNumber(cells[column]))),
  ])
  const reached = goals.map((goal) => [goal.name, shortNumber(goal.value), told(goal)])
  return [
    [['', ...columns], ...rows],
    [['', 'measured', 'goal'], ...reached],
  ].filter(({ length }) => length > 1)
}

function told({ value, goal, atLeast = false }: Goal): string {
  const met = atLeast ? value >= goal : value <= goal
  return `${atLeast ? 'at least' : 'at most'} ${count(Number(goal.toFixed(2)))}${met ? '' : ', missed'}`
}

/** A number with as many digits as somebody wants to read. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 1000) return count(Math.round(value))
  return value.toFixed(Math.abs(value) >= 100 ? 1 : 2)
}

/** A number of things. */
export function count(things: number): string {
  return things.toLocaleString('en')
}
