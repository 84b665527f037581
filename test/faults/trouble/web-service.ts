import { randomBytes, randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Script, Service } from '../../backends/http-service.ts'
import type { Gate } from '../../helpers/gate.ts'
import type { Fault } from '../support/fault.ts'
import type { Stage } from '../support/stage.ts'

/** A web service, and the network between it and the programs, once they are there. */
export interface Site {
  readonly service: Service
  readonly gate: Gate
}

/** Longer than the programs are patient with a service that is away, in milliseconds. */
const A_WHILE = 7000
/** Longer than the deadline of a request, in milliseconds. */
const A_LONG_WHILE = 9000
/** How soon after the end of each of these faults every login works again, in milliseconds. */
const RECOVERY = 10_000

/** It says that it cannot. */
export function failing(site: Site): Fault {
  return scripted(site, 'the web service answers 500', (response) => {
    response.writeHead(500).end('Internal Server Error')
  })
}

/** It is not itself: a proxy, a captive portal or a bug answers, which must not let anybody in, nor lock anybody out. */
export function mistaken(site: Site): Fault {
  return scripted(site, 'the web service answers what means nothing', (response) => {
    const [status, body, headers] = MEANINGLESS[randomInt(MEANINGLESS.length)] as Meaningless
    response.writeHead(status, headers).end(body)
  })
}

type Meaningless = [status: number, body: string, headers?: Record<string, string>]
const HTML = { 'Content-Type': 'text/html' }
const MEANINGLESS: readonly Meaningless[] = [
  [200, '<!doctype html><p>Please log in', HTML],
  [200, 'true\n'],
  [200, 'TRUE'],
  [200, ''],
  [206, 'true'],
  [302, 'true', { Location: '/login' }],
  [401, '', { 'WWW-Authenticate': 'Basic' }],
  [404, '<!doctype html><h1>Not Found</h1>', HTML],
  [502, '<!doctype html><h1>Bad Gateway</h1>', HTML],
  [503, 'true'],
]

/** It accepts connections and never says a word. */
export function silent(site: Site): Fault {
  return {
    title: `the web service answers nothing for ${A_LONG_WHILE / 1000} s`,
    lasts: A_LONG_WHILE,
    recovery: RECOVERY,
    begin: () => site.gate.stall(),
    felt: hasFailed,
    end: () => site.gate.open(),
  }
}

/** Nobody listens at its port. */
export function stopped(site: Site): Fault {
  return {
    title: `the web service is stopped for ${A_WHILE / 1000} s`,
    lasts: A_WHILE,
    recovery: RECOVERY,
    begin: () => site.gate.shut(),
    felt: hasFailed,
    end: () => site.gate.open(),
  }
}

/** It does what it is asked, and its answer arrives as something else. */
export function garbling(site: Site): Fault {
  return tampered(site, 'half of the answers of the web service are garbage', (answer, client) => {
    client.write(randomBytes(answer.length))
  })
}

/** It does what it is asked, and its answer breaks off anywhere. */
export function halving(site: Site): Fault {
  return tampered(site, 'half of the answers of the web service break off', (answer, client) => {
    client.end(answer.subarray(0, randomInt(1, answer.length)))
  })
}

/** It does what it is asked, and the connection is reset instead of an answer. */
export function resetting(site: Site): Fault {
  return tampered(site, 'half of the answers of the web service are resets', (_answer, client) => {
    client.resetAndDestroy()
  })
}

/** The service does nothing of what it is asked, and answers. */
function scripted(site: Site, title: string, script: Script): Fault {
  return {
    title,
    lasts: A_WHILE,
    recovery: RECOVERY,
    begin() {
      site.service.script = script
    },
    felt: hasFailed,
    end() {
      site.service.script = undefined
    },
  }
}

/** The service does what it is asked, which every other answer does not tell: so that there are writes to be lost. */
function tampered(site: Site, title: string, tamper: (answer: Buffer, client: Socket) => void): Fault {
  let lost = 0
  return {
    title,
    lasts: A_WHILE,
    recovery: RECOVERY,
    begin() {
      site.gate.tamper = (answer, client) => {
        if (randomInt(2) === 0) return void client.write(answer)
        lost++
        tamper(answer, client)
      }
    },
    felt: () => lost > 20,
    end() {
      site.gate.tamper = undefined
    },
  }
}

function hasFailed(stage: Stage): boolean {
  return stage.heard(/operation=auth .*outcome=failed/)
}
