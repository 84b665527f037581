import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { giveTo } from '../../e2e/support/account.ts'
import { type Edit, HOST, replace } from '../../e2e/support/configuration.ts'
import { Ejabberd } from '../../e2e/support/ejabberd.ts'
import { install } from '../../e2e/support/installation.ts'
import { until } from '../../e2e/support/wait.ts'
import { Actor } from './actor.ts'
import { withCheapHashes } from './cheap-hashes.ts'
import { Crowd } from './crowd.ts'
import { type Disk, mountDisk } from './disk.ts'
import { Journal } from './journal.ts'
import { descriptors, programs, storedHash, unfinished } from './remains.ts'
import { Story } from './story.ts'

/** How many programs ejabberd runs: of four, all get work when somebody logs in (of three, one does nearly all). */
export const POOL = 4

/** Clients that do nothing but log in when a fault has ended, and see how soon that works. */
const PROBES = 8

/** How a stage differs from the account store as the example has it. */
export interface StageOptions {
  /** Further changes to the configuration. */
  readonly edits?: readonly Edit[]
  /** Starts another ejabberd than one with the account store, with these changes to its configuration. */
  readonly start?: (edits: readonly Edit[]) => Promise<Ejabberd>
  /** What is stored for a user, whatever it is: another password, another text; `undefined` for no such account. */
  readonly stored?: (user: string) => Promise<string | undefined> | string | undefined
  /** Has the programs do what they will have done before: what it takes them in file descriptors is no leak. */
  readonly warmUp?: (stage: Stage) => Promise<void>
  /** What writes that were not finished have left in the store, as names. */
  readonly unfinished?: () => string[]
}

/** A real ejabberd with several programs, and a crowd of clients that never rests while a fault lasts. */
export class Stage {
  readonly ejabberd: Ejabberd
  readonly journal: Journal
  readonly crowd: Crowd
  readonly probes: readonly Actor[]
  /** A client that comes when what killed programs left is to be swept up. */
  readonly sweeper: Actor
  readonly #disk: Disk | undefined
  readonly stored: NonNullable<StageOptions['stored']>
  readonly unfinished: () => string[]
  /** The most file descriptors that a program had open when all was well and nothing was under way. */
  descriptors = 0
  /** How many processes belonged to ejabberd then: its own, the programs and their launchers. */
  processes = 0
  /** Where the journal was when the faults began. */
  since = 0
  /** What was unfinished when the faults began: a test that failed may have left it. */
  leftBefore: string[] = []

  constructor(ejabberd: Ejabberd, options: StageOptions, disk?: Disk) {
    const { accounts, programLog } = ejabberd.installation.places
    this.ejabberd = ejabberd
    this.#disk = disk
    this.journal = new Journal(programLog)
    this.crowd = new Crowd(ejabberd, this.journal)
    const actor = (user: string) => new Actor(user, ejabberd, this.journal, new Story())
    this.probes = Array.from({ length: PROBES }, (_, number) => actor(`probe${number}`))
    this.sweeper = actor('sweeper')
    this.stored = options.stored ?? ((user) => storedHash(accounts, HOST, user))
    this.unfinished = options.unfinished ?? (() => unfinished(accounts))
  }

  /** The file system of the account store. */
  get disk(): Disk {
    if (this.#disk === undefined) throw new Error('this stage has no account store')
    return this.#disk
  }

  /** Have the programs said this since the faults began? */
  heard(pattern: RegExp): boolean {
    return pattern.test(this.journal.text(this.since))
  }

  /** The numbers of the programs, once the pool is complete. */
  workers(): Promise<number[]> {
    const pids = () => this.ejabberd.workers().map(({ pid }) => pid)
    return this.until(`${POOL} workers`, () => pids().length === POOL && pids())
  }

  /** What the programs have left in their folder for temporary files. */
  temporaryFiles(): string[] {
    return readdirSync(temporaryFolder(this.ejabberd.installation.places.accounts))
  }

  /** How many file descriptors each of the programs has open. */
  census(): number[] {
    return programs(this.ejabberd).map((pid) => descriptors(pid).length)
  }

  /** Waits for a condition, but not if a client was let in that should not have been. */
  until<T>(what: string, condition: Parameters<typeof until<T>>[1], milliseconds = 60_000): Promise<T> {
    const limits = { milliseconds, evidence: this.ejabberd.evidence }
    return this.during(until(what, condition, limits))
  }

  /** Waits for a promise, but not if a client was let in that should not have been. */
  during<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.crowd.violated])
  }

  /** Ends the crowd, ejabberd and what was mounted. */
  async close(): Promise<void> {
    try {
      await this.crowd.pause()
    } finally {
      await this.ejabberd.stop().finally(() => this.#disk?.unmount())
      await this.ejabberd.dispose()
    }
  }
}

/** Starts ejabberd, and lets the crowd work until everything that clients do has been done. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const edits = [...EDITS, ...(options.edits ?? [])]
  const stage =
    options.start === undefined
      ? await onDisk(edits, options)
      : new Stage(await options.start(edits), options)
  try {
    await stage.workers()
    for (const probe of stage.probes) await probe.register()
    stage.crowd.resume()
    await stage.until('the crowd to have done everything', () => {
      const { story } = stage.crowd
      return ACTS.every((act) => story.count(act, 'done') > 0) && story.total > 100
    })
    await stage.crowd.pause()
    await options.warmUp?.(stage)
    stage.descriptors = Math.max(...stage.census())
    stage.processes = stage.ejabberd.processes().length
  } catch (error) {
    await stage.close()
    throw error
  }
  return stage
}

const ACTS = ['right password', 'register', 'change password', 'remove'] as const

/** As small as it is, it can be filled in no time. */
const SIZE = '16m'

async function onDisk(edits: readonly Edit[], options: StageOptions): Promise<Stage> {
  const ejabberd = new Ejabberd(await install())
  const { account, places } = ejabberd.installation
  const disk = mountDisk(places.accounts, SIZE)
  try {
    giveTo(account, places.accounts)
    for (const edit of edits) ejabberd.configure(edit)
    // Makes the store.
    await ejabberd.addAccount('first', HOST, 'of all')
    await ejabberd.start()
  } catch (error) {
    await ejabberd.stop().finally(() => disk.unmount())
    await ejabberd.dispose()
    throw error
  }
  return new Stage(ejabberd, options, disk)
}

/** What a crowd from one address needs, which fails on purpose and registers all the time. */
const EDITS: readonly Edit[] = [
  withCheapHashes,
  (text) => replace(text, 'extauth_pool_size: 5', `extauth_pool_size: ${POOL}`),
  (text) => replace(text, 'c2s_max_auth_failures: 10', 'c2s_max_auth_failures: 1000000'),
  (text) => replace(text, 'registration_timeout: 60 ', 'registration_timeout: infinity '),
  // A folder that others use, too, would not show what the programs leave behind.
  (text, { accounts, program }) => {
    return replace(text, ` '${program} `, ` 'TMPDIR=${temporaryFolder(accounts)} ${program} `)
  },
]

/** Where the programs make temporary files, if they do. */
function temporaryFolder(accounts: string): string {
  const folder = join(dirname(accounts), 'tmp')
  mkdirSync(folder, { mode: 0o777, recursive: true })
  chmodSync(folder, 0o777)
  return folder
}
