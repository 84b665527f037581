/**
 * The end of the process.
 *
 * @module
 */
import { clock } from './clock.ts'

/** What the pool of threads does that cannot be given up: an exit waits for it, perhaps for ever. */
const STUCK = /^(FSReq|GetAddrInfo|GetNameInfo)/

/** How long it may take to come to its end by itself, in milliseconds: a name that is looked up usually does. */
const GRACE = 1000
const PAUSE = 10

/**
 * Ends the process, in a second at most. Where a dead network file system holds a thread, only SIGKILL can, and the
 * status is lost.
 */
export function leave(exit: (status: number) => never, status: number, since: number = clock.now()): void {
  if (!process.getActiveResourcesInfo().some((resource) => STUCK.test(resource))) exit(status)
  if (clock.now() - since > GRACE) process.kill(process.pid, 'SIGKILL')
  setTimeout(() => leave(exit, status, since), PAUSE)
}
