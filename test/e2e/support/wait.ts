import { setTimeout as pause } from 'node:timers/promises'

/** How long anything may take unless a test says otherwise; far above what is normal on a busy machine. */
export const PATIENCE = 30_000

/** What to print below a missed deadline, for example the last lines of a log. */
export type Evidence = () => string

/** The promise's value, or an error that names what was awaited once `milliseconds` have passed. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  { milliseconds = PATIENCE, evidence = noEvidence }: Limits = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(missed(what, milliseconds, evidence)), milliseconds)
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks again and again until the condition gives something other than false or undefined. */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  { milliseconds = PATIENCE, evidence = noEvidence, every = 50 }: Limits & { every?: number } = {},
): Promise<T> {
  const end = performance.now() + milliseconds
  for (;;) {
    const value = await condition()
    if (value !== false && value !== undefined) return value
    if (performance.now() > end) throw missed(what, milliseconds, evidence)
    await pause(every)
  }
}

interface Limits {
  milliseconds?: number
  evidence?: Evidence
}

const noEvidence: Evidence = () => ''

function missed(what: string, milliseconds: number, evidence: Evidence): Error {
  return new Error(`waited ${milliseconds} ms in vain for: ${what}\n${evidence()}`)
}
