/** What a section of the benchmark gives: figures for tables, and panels of a chart. */
import { table } from './measure.ts'

/** One line of the report: what was measured, and what it is to be, if there is a goal. */
export interface Figure {
  name: string
  value: number
  unit: string
  /** The most that the value should be, or, with `atLeast`, the least. */
  goal?: number
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

/** What a section has measured. */
export interface Measured {
  figures: Figure[]
  panels?: Panel[]
}

/** How much is to be measured. */
export interface Effort {
  /** A folder that belongs to the benchmark. */
  folder: string
  /** So little that it only shows that everything runs. */
  quick: boolean
  /** How many users of the account store log in, each with a hash of its own. */
  users: number
  /** How many accounts the large one of two account stores has. */
  accounts: number
}

/** Measures a section. */
export type Section = (effort: Effort) => Promise<Measured>

/** A figure: one value as a multiple of another, which it should not exceed. */
export function atMost(goal: number, name: string, value: number, reference: number): Figure {
  return { name: `ratio: ${name}`, value: value / reference, unit: '', goal }
}

/** A figure: one value as a multiple of another, which it should reach. */
export function atLeast(goal: number, name: string, value: number, reference: number): Figure {
  return { ...atMost(goal, name, value, reference), atLeast: true }
}

/** A panel of what was measured, by name. */
export function panel(title: string, unit: string, better: Panel['better'], values: object): Panel {
  return { title, unit, better, bars: Object.entries(values).map(([name, value]) => ({ name, value })) }
}

/** The figures as lines for a terminal. */
export function asText(figures: readonly Figure[]): string {
  return table(
    figures.map((figure) => {
      const goal = goalOf(figure)
      return [`  ${figure.name}`, shortNumber(figure.value), figure.unit, goal && `goal: ${goal}`]
    }),
  )
}

/** The figures as a table for a page. */
export function asMarkdown(figures: readonly Figure[]): string {
  const rows = figures.map((figure) =>
    [figure.name, `${shortNumber(figure.value)} ${figure.unit}`.trimEnd(), goalOf(figure)].join(' | '),
  )
  return ['| figure | measured | goal |', '| --- | ---: | --- |', ...rows.map((row) => `| ${row} |`)].join(
    '\n',
  )
}

/** A number with as many digits as somebody wants to read. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 100 ? 1 : 2)
}

/** A number of things. */
export function count(things: number): string {
  return things.toLocaleString('en')
}

function goalOf({ value, goal, atLeast = false }: Figure): string {
  if (goal === undefined) return ''
  const met = atLeast ? value >= goal : value <= goal
  return `${atLeast ? 'at least' : 'at most'} ${shortNumber(goal).replace(/\.?0+$/, '')}${met ? '' : ', missed'}`
}
