import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Ejabberd } from '../../e2e/support/ejabberd.ts'
import { processes } from '../../e2e/support/processes.ts'

/** The open file descriptors of a process, and what each of them is, as /proc shows it. */
export function descriptors(pid: number): { number: number; what: string }[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return [{ number: Number(descriptor), what: readlinkSync(`/proc/${pid}/fd/${descriptor}`) }]
    } catch {
      return [] // closed since the list was read
    }
  })
}

/** The programs of an ejabberd, whoever their parent is by now: also one that ejabberd has given up. */
export function programs({ installation }: Ejabberd): number[] {
  const { program } = installation.places
  return processes().flatMap(({ pid, argv }) => (argv[1] === program ? [pid] : []))
}

/** Everything in an account store that is not a finished account, as paths. */
export function unfinished(store: string): string[] {
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes('/.unfinished-'))
}

/** The hash of an account as it lies in the store; `undefined` if there is no such account. */
export function storedHash(store: string, server: string, user: string): string | undefined {
  try {
    return readFileSync(join(store, server, user, 'password'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
