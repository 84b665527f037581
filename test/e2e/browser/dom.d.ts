/** The names of the DOM that the types of `playwright-core` mention; the tests use none of them. */
interface Node {
  readonly nodeType: number
}
interface HTMLElement extends Node {
  readonly title: string
}
interface SVGElement extends Node {
  readonly viewportElement: SVGElement | null
}
type HTMLElementTagNameMap = Record<string, HTMLElement>
