/**
 * What runs in the thread of `off-loop.ts`: pure functions, by name. Their inputs and results can be copied from thread
 * to thread (bytes arrive as a `Uint8Array`).
 *
 * @module
 */
import { parentPort } from 'node:worker_threads'
import { md5Crypt, sha1Crypt, shaCrypt } from './crypt-rounds.ts'
import type { Reply } from './off-loop.ts'
import { stretchPhpass } from './phpass-rounds.ts'

/** The functions there are. */
export interface Tasks {
  readonly md5Crypt: typeof md5Crypt
  readonly sha1Crypt: typeof sha1Crypt
  readonly shaCrypt: typeof shaCrypt
  readonly stretchPhpass: typeof stretchPhpass
}

const TASKS: Tasks = { md5Crypt, sha1Crypt, shaCrypt, stretchPhpass }

interface Call {
  readonly name: keyof Tasks
  readonly input: never
}

function run({ name, input }: Call): Reply {
  try {
    return {
      result: (TASKS[name] as (...input: readonly unknown[]) => unknown)(...(input as readonly unknown[])),
    }
  } catch (error) {
    return { error }
  }
}

parentPort?.on('message', (call: Call) => parentPort?.postMessage(run(call)))
