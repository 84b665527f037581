import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../e2e/support/wait.ts'

/** A small file system of its own. */
export interface Disk {
  /** Fills it to the last block, and again whenever something was removed. */
  fill(): void
  /** Makes room again. */
  clear(): void
  /** Makes it read-only, as the kernel does after an error of the disk, or writable again. */
  makeWritable(writable: boolean): Promise<void>
  unmount(): void
}

/** Mounts a file system in memory; it is unmounted at the latest when this process ends. */
export function mountDisk(folder: string, size: string): Disk {
  mount('-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder)
  let isMounted = true
  const filler = join(folder, 'filler')
  let filling: NodeJS.Timeout | undefined
  const unmount = () => {
    clearInterval(filling)
    if (isMounted) execFileSync('umount', ['--lazy', folder])
    isMounted = false
    process.off('exit', unmount)
  }
  process.on('exit', unmount)
  return {
    fill() {
      fill(filler)
      filling = setInterval(() => fill(filler), REFILL)
    },
    clear() {
      clearInterval(filling)
      rmSync(filler, { force: true })
    },
    async makeWritable(writable) {
      // The kernel refuses while somebody is writing: try to slip in between.
      await until('the file system to be remounted', () => remount(folder, writable ? 'rw' : 'ro'), {
        every: 5,
      })
    },
    unmount,
  }
}

const BLOCK = Buffer.alloc(4096)

/** How soon the room that somebody made is taken, in milliseconds. */
const REFILL = 5

function fill(file: string): void {
  const descriptor = openSync(file, 'a')
  try {
    for (;;) writeSync(descriptor, BLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(descriptor)
  }
}

function remount(folder: string, mode: 'rw' | 'ro'): boolean {
  try {
    mount('-o', `remount,${mode}`, folder)
    return true
  } catch {
    return false
  }
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' })
}
