/**
 * Stopping in an orderly way when somebody presses Ctrl-C.
 *
 * @module
 */

/** Runs something that stops by itself at the first SIGINT or SIGTERM. A second one ends the process, as ever. */
export async function interruptibly<Result>(run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController()
  const interrupt = (name: NodeJS.Signals) => controller.abort(new Error(`Interrupted by ${name}`))
  for (const name of SIGNALS) process.once(name, interrupt)
  try {
    return await run(controller.signal)
  } finally {
    for (const name of SIGNALS) process.off(name, interrupt)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
