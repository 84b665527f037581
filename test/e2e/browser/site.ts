import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { within } from '../support/wait.ts'

/** Settings of Converse.js, https://conversejs.org/docs/configuration/. */
export type Settings = Record<string, string | boolean | string[]>

/** A web site on loopback with a page of chat, as somebody would put it on the web. */
export class Site {
  readonly #server: Server
  readonly #pages: Map<string, Settings>

  private constructor(server: Server, pages: Map<string, Settings>) {
    this.#server = server
    this.#pages = pages
  }

  /** Serves the files of Converse.js in `/dist/`, and the pages that are asked for. */
  static async open(dist: string): Promise<Site> {
    const pages = new Map<string, Settings>()
    const server = createServer(({ url = '/' }, response) => {
      const { pathname } = new URL(url, 'http://127.0.0.1')
      const settings = pages.get(pathname)
      if (settings !== undefined) response.setHeader('Content-Type', TYPES['.html']).end(page(settings))
      else if (pathname.startsWith('/dist/')) sendFile(join(dist, normalize(pathname.slice(6))), response)
      else response.writeHead(404).end()
    })
    await within('the web site to listen', once(server.listen(0, '127.0.0.1'), 'listening'))
    return new Site(server, pages)
  }

  /** Makes a page and gives its address. */
  add(path: string, settings: Settings): string {
    this.#pages.set(path, settings)
    return `${this.origin}${path}`
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

function page(settings: Settings): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Web chat</title>
<link rel="icon" href="/dist/images/favicon.ico">
<link rel="stylesheet" href="/dist/converse.min.css">
<body class="converse-fullscreen">
<script type="module">
import converse from '/dist/converse.min.js'
converse.initialize(${JSON.stringify(settings)})
</script>
`
}

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

function sendFile(file: string, response: ServerResponse): void {
  const type = Object.entries(TYPES).find(([extension]) => extension === extname(file))?.[1]
  if (type !== undefined) response.setHeader('Content-Type', type)
  createReadStream(file)
    .on('error', () => response.writeHead(404).end())
    .pipe(response)
}
