/** The chart of the benchmark: bars below each other, as SVG that can be read on a light and on a dark page. */
import { type Panel, shortNumber } from './report.ts'

const WIDTH = 820
const MARGIN = 12
const LABELS = 250
const VALUES = 190
const BARS = WIDTH - 2 * MARGIN - LABELS - VALUES
const TITLE_HEIGHT = 30
const BAR_HEIGHT = 14
const ROW_HEIGHT = 20
const GAP = 14

const STYLE = `
    text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 }
    .label { text-anchor: end }
    .note { font-weight: 400; fill: #59636e }
    .ours { fill: #0969da }
    .other { fill: #afb8c1 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .note { fill: #9198a1 }
      .ours { fill: #4493f8 }
      .other { fill: #57606a }
    }
  `

/** Draws the panels below each other, with a line below all of them that says where they were measured. */
export function draw(panels: readonly Panel[], where: string): string {
  const parts: string[] = []
  let top = MARGIN
  for (const panel of panels) {
    parts.push(...drawPanel(panel, top))
    top += heightOf(panel) + GAP
  }
  parts.push(text(`${where}; 2 × is twice the first bar`, { x: MARGIN, y: top + 10, class: 'note' }))
  const height = top + 10 + MARGIN
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`
  const description = panels.map(describe).join('; ')
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title description">
  <title id="title">ejabberd-extauth, compared with others</title>
  <desc id="description">${escaped(description)}</desc>
  <style>${STYLE}</style>
${parts.map((part) => `  ${part}\n`).join('')}</svg>
`
}

function heightOf({ bars }: Panel): number {
  return TITLE_HEIGHT + bars.length * ROW_HEIGHT
}

function drawPanel({ title, unit, better, bars }: Panel, top: number): string[] {
  const longest = Math.max(...bars.map(({ value }) => value))
  const reference = bars[0]?.value ?? Number.NaN
  const parts = [text(title, { x: MARGIN, y: top + 14, class: 'title' }, `${unit}, ${better} is better`)]
  for (const [index, { name, value }] of bars.entries()) {
    const y = top + TITLE_HEIGHT + index * ROW_HEIGHT - 6
    const width = Math.max(1, Math.round((BARS * value) / longest))
    const left = MARGIN + LABELS
    const isOurs = index === 0 || name.startsWith('ours')
    const multiple = index === 0 ? '' : `${shortNumber(value / reference)} ×`
    const baseline = y + BAR_HEIGHT - 3
    parts.push(
      text(name, { x: left - 8, y: baseline, class: 'label' }),
      `<rect x="${left}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2" class="${isOurs ? 'ours' : 'other'}"/>`,
      text(`${shortNumber(value)} ${unit}`, { x: left + width + 8, y: baseline }, multiple),
    )
  }
  return parts
}

function text(content: string, attributes: Readonly<Record<string, string | number>>, note = ''): string {
  const list = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`)
  const more = note === '' ? '' : `<tspan dx="10" class="note">${escaped(note)}</tspan>`
  return `<text${list.join('')}>${escaped(content)}${more}</text>`
}

function describe({ title, unit, bars }: Panel): string {
  return `${title}: ${bars.map(({ name, value }) => `${name} ${shortNumber(value)} ${unit}`).join(', ')}`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
