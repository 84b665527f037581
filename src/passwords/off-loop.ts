/**
 * Hashes that Node has no function for are computed in a thread of their own: nothing slow runs on the event loop.
 *
 * @module
 */
import { Worker } from 'node:worker_threads'
import type { Tasks } from './off-loop-worker.ts'

/**
 * Runs a function of `off-loop-worker.ts` in the thread, which is started when it is first needed and keeps no
 * program from ending while it has nothing to do.
 *
 * One call after the other. Rejects with the signal's reason at once when it is aborted; work that has begun is
 * finished for nobody, hence every task bounds its work.
 */
export function offLoop<Name extends keyof Tasks>(
  name: Name,
  input: Parameters<Tasks[Name]>,
  signal?: AbortSignal,
): Promise<ReturnType<Tasks[Name]>> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const letGo = () => reject(signal?.reason)
    signal?.addEventListener('abort', letGo, { once: true })
    waiting.push({
      name,
      input,
      isUnwanted: () => signal?.aborted === true,
      settle(reply) {
        signal?.removeEventListener('abort', letGo)
        if ('error' in reply) reject(reply.error)
        else resolve(reply.result as ReturnType<Tasks[Name]>)
      },
    })
    next()
  })
}

/** What the thread answers: a result, or what the task threw. */
export type Reply = { readonly result: unknown } | { readonly error: unknown }

interface Job {
  readonly name: keyof Tasks
  readonly input: readonly unknown[]
  readonly isUnwanted: () => boolean
  readonly settle: (reply: Reply) => void
}

const waiting: Job[] = []
let current: Job | undefined
let thread: Worker | undefined

function next(): void {
  while (current === undefined) {
    current = nextWanted()
    if (current === undefined) {
      thread?.unref()
      return
    }
    handOver(current)
  }
}

function nextWanted(): Job | undefined {
  let job: Job | undefined
  do job = waiting.shift()
  while (job?.isUnwanted() === true)
  return job
}

function handOver({ name, input }: Job): void {
  try {
    thread ??= start()
    // Who waits for a hash must not find the program ended instead.
    thread.ref()
    thread.postMessage({ name, input })
  } catch (error) {
    // There is no thread to be had, under a limit of processes for example. There may be one for the next job.
    settle({ error })
  }
}

function start(): Worker {
  const worker = new Worker(new URL('./off-loop-worker.js', import.meta.url), { execArgv: [] })
  // Whoever comes next gets a new one.
  const end = (error: Error) => {
    if (thread !== worker) return
    thread = undefined
    settle({ error })
    next()
  }
  worker.on('message', (reply: Reply) => {
    settle(reply)
    next()
  })
  worker.on('error', end)
  worker.on('exit', (status) => end(new Error(`The thread for hashes ended with status ${status}`)))
  return worker
}

function settle(reply: Reply): void {
  const job = current
  current = undefined
  job?.settle(reply)
}
