/**
 * The end of the process.
 *
 * @module
 */

/** What the pool of threads does that cannot be given up: an exit waits for it, perhaps for ever. */
const STUCK = /^(FSReq|GetAddrInfo|GetNameInfo)/

/** Ends the process now. Where a dead network file system holds a thread, only SIGKILL can. */
export function leave(exit: (status: number) => never, status: number): void {
  if (process.getActiveResourcesInfo().some((resource) => STUCK.test(resource)))
    process.kill(process.pid, 'SIGKILL')
  exit(status)
}
