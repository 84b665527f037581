import { randomInt } from 'node:crypto'
import { descendants, kill } from '../../e2e/support/processes.ts'
import type { Gate } from '../../helpers/gate.ts'
import type { Postgres } from '../../servers/support/postgres.ts'
import type { Fault } from '../support/fault.ts'
import type { Stage } from '../support/stage.ts'

/** A database, and the network between it and the programs, once they are there. */
export interface Site {
  readonly database: Postgres
  readonly gate: Gate
}

/** The user of the database that the programs are. */
export const ROLE = 'ejabberd'

/** Longer than the programs are patient with a database that is away, in milliseconds. */
const A_WHILE = 7000
/** Longer than the deadline of a request, in milliseconds. */
const A_LONG_WHILE = 9000
/** How soon after the end of each of these faults every login works again, in milliseconds. */
const RECOVERY = 10_000

/** An administrator stops it (fast shutdown), and starts it later. */
export function stopped(site: Site): Fault {
  return {
    title: `PostgreSQL is stopped for ${A_WHILE / 1000} s`,
    lasts: A_WHILE,
    recovery: RECOVERY,
    begin: () => site.database.daemon.stop('SIGINT'),
    felt: hasFailed,
    end: () => site.database.daemon.start(),
  }
}

/** An administrator stops it, and starts it at once. */
export function restarted(site: Site): Fault {
  return {
    title: 'PostgreSQL is restarted',
    lasts: A_WHILE,
    recovery: RECOVERY,
    async begin() {
      await site.database.daemon.stop('SIGINT')
      await site.database.daemon.start()
    },
    // No connection outlives the server: those that there are were made since.
    felt: async () => (await connections(site.database)) > 0,
  }
}

/** All of its processes are killed, and it is started later. */
export function killed(site: Site): Fault {
  return {
    title: `PostgreSQL is killed, and started ${A_WHILE / 1000} s later`,
    lasts: A_WHILE,
    recovery: RECOVERY,
    async begin() {
      const children = descendants(site.database.daemon.pid ?? -1)
      const ended = site.database.daemon.stop('SIGKILL')
      for (const { pid } of children) kill(pid)
      await ended
    },
    felt: hasFailed,
    end: () => site.database.daemon.start(),
  }
}

/** The process behind one connection is killed, again and again; PostgreSQL ends all others then, and recovers. */
export function crashing(site: Site): Fault {
  let crashes: NodeJS.Timeout
  let count = 0
  const crash = async () => {
    const [row] = await site.database.query(
      `SELECT pid FROM pg_stat_activity WHERE usename = '${ROLE}' LIMIT 1`,
    )
    if (row === undefined) return
    kill(Number(row[0]))
    count++
  }
  return {
    title: 'a process of PostgreSQL is killed every 2 s',
    lasts: A_WHILE,
    recovery: RECOVERY,
    begin() {
      // While it recovers it cannot be asked whom to kill.
      crashes = setInterval(() => void crash().catch(() => {}), 2000)
    },
    felt: () => count >= 2,
    end: () => clearInterval(crashes),
  }
}

/** Not a byte comes through, and nobody says so. */
export function blackholed(site: Site): Fault {
  return {
    title: `PostgreSQL is in a black hole for ${A_LONG_WHILE / 1000} s`,
    lasts: A_LONG_WHILE,
    recovery: RECOVERY,
    begin: () => site.gate.stall(),
    felt: hasFailed,
    end: () => site.gate.open(),
  }
}

/** It does what it is told, and now and then a connection is reset instead of an answer. */
export function resetting(site: Site): Fault {
  let lost = 0
  return {
    title: 'one of six answers of PostgreSQL is a reset',
    lasts: A_WHILE,
    recovery: RECOVERY,
    begin() {
      site.gate.tamper = (answer, client) => {
        if (randomInt(6) > 0) return void client.write(answer)
        lost++
        client.resetAndDestroy()
      }
    },
    felt: () => lost > 10,
    end() {
      site.gate.tamper = undefined
    },
  }
}

/** It stands still, and goes on: what it was told meanwhile it does then. */
export function frozen(site: Site): Fault {
  let stopped: number[] = []
  return {
    title: `PostgreSQL stands still for ${A_LONG_WHILE / 1000} s`,
    lasts: A_LONG_WHILE,
    recovery: RECOVERY,
    begin() {
      const server = site.database.daemon.pid as number
      kill(server, 'SIGSTOP')
      stopped = [server, ...descendants(server).map(({ pid }) => pid)]
      for (const pid of stopped) kill(pid, 'SIGSTOP')
    },
    felt: hasFailed,
    end() {
      // The one that makes new connections is the last to wake up.
      for (const pid of stopped.toReversed()) kill(pid, 'SIGCONT')
    },
  }
}

/** How many connections the programs have. */
export async function connections(database: Postgres): Promise<number> {
  const [row] = await database.query(`SELECT count(*) FROM pg_stat_activity WHERE usename = '${ROLE}'`)
  return Number(row?.[0])
}

function hasFailed(stage: Stage): boolean {
  return stage.heard(/operation=auth .*outcome=failed/)
}
