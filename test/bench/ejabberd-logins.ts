import { availableParallelism } from 'node:os'
import type { Ejabberd } from '../e2e/support/ejabberd.ts'
import { median, quantile, rotated } from './measure.ts'
import { processorTime } from './pipes.ts'
import { admitted, HOSTS, startVariants } from './variants.ts'
import { type Load, logInAndOut, type Target } from './xmpp-load.ts'

/** How the logins of a variant went: medians over the rounds, but for the times of the logins. */
export interface Logins {
  /** In a second. */
  rate: number
  /** From the connection to the bound resource, in milliseconds. */
  median: number
  p99: number
  /** What ejabberd and the programs used of the processor for a login, in microseconds; and the client. */
  server: number
  client: number
}

/** Who answers. */
export type Variant = keyof typeof HOSTS

/** How much. */
export interface Rounds extends Load {
  people: number
  rounds: number
  /** The logins of each variant before the first round: a worker of five has answered a fifth of them, and V8 has compiled its code. */
  before: number
}

/** Logins at one ejabberd whose virtual hosts, which take turns, have different kinds of authentication. */
export async function measureEjabberd({
  people: count,
  rounds,
  before,
  ...load
}: Rounds): Promise<Record<Variant, Logins>> {
  const people = admitted(count)
  const ejabberd = await startVariants(people)
  try {
    const { c2s: port } = ejabberd.installation.places.ports
    const turns = Object.entries(HOSTS).map(
      ([name, host]) => new Turns(name, ejabberd, { port, host, people }),
    )
    for (const { target } of turns) {
      await logInAndOut(target, acquaint(count))
      await logInAndOut(target, { ...load, logins: before })
    }
    for (let round = 0; round < rounds; round++) {
      for (const turn of rotated(turns, round)) await turn.take(load)
    }
    return Object.fromEntries(turns.map((turn) => [turn.name, turn.result()])) as Record<Variant, Logins>
  } finally {
    await ejabberd.dispose()
  }
}

/**
 * So many logins that each of the five workers has seen each user, and remembers the password. No more at once than there
 * are cores: the first ones cost a hash.
 */
function acquaint(people: number): Load {
  return { logins: 400 * people, clients: availableParallelism() }
}

/** The turns of one variant. */
class Turns {
  readonly name: string
  readonly target: Target
  readonly #ejabberd: Ejabberd
  readonly #rates: number[] = []
  readonly #times: number[] = []
  readonly #server: number[] = []
  readonly #client: number[] = []

  constructor(name: string, ejabberd: Ejabberd, target: Target) {
    this.name = name
    this.target = target
    this.#ejabberd = ejabberd
  }

  async take(load: Load): Promise<void> {
    const before = this.#processorTimes()
    const { rate, times } = await logInAndOut(this.target, load)
    const after = this.#processorTimes()
    this.#rates.push(rate)
    this.#times.push(...times)
    this.#server.push((after.server - before.server) / load.logins)
    this.#client.push((after.client - before.client) / load.logins)
  }

  result(): Logins {
    return {
      rate: median(this.#rates),
      median: median(this.#times),
      p99: quantile(this.#times, 0.99),
      server: median(this.#server),
      client: median(this.#client),
    }
  }

  #processorTimes(): { server: number; client: number } {
    const { user, system } = process.cpuUsage()
    const server = this.#ejabberd.processes().reduce((sum, { pid }) => sum + processorTime(pid), 0)
    return { server, client: user + system }
  }
}
