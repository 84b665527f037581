import { Random, Recorder, Replay } from './random.ts'
import { smallest } from './shrink.ts'
import { Divergence, type Target } from './target.ts'

// biome-ignore lint/suspicious/noConfusingVoidType: most checks have nothing to tell.
type Counted = void | number

/** What has to hold for any case. */
export interface Property<Case> {
  generate(random: Random): Case
  /** Throws, or rejects, if it does not hold; may tell how much the case counts. @default 1 */
  check(example: Case): Counted | Promise<Counted>
  /** For people, who read it in a terminal. */
  show(example: Case): string
  /** How long a case may take before it is said to hang, in milliseconds. @default longer than any on a busy machine */
  readonly patience?: number
}

// A target may hold the time of everything else.
const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis

const PATIENCE = 120_000
/** The same while a smaller case is searched for, where a wrong guess does no harm. */
const LESS_PATIENCE = 3_000

/** Makes the `run` of a target that tries a property on one case after the other. */
export function property<Case>(tried: Property<Case>): Target['run'] {
  const { patience = PATIENCE } = tried
  return async (random, count) => {
    let size = 0
    for (let index = 0; index < count; index++) {
      const seed = random.below(2 ** 32)
      const example = tried.generate(new Random(seed))
      try {
        const checking = tried.check(example)
        size += (typeof checking === 'object' ? await inTime(checking, patience) : checking) ?? 1
      } catch (failure) {
        throw await divergence(tried, seed, failure)
      }
    }
    return size
  }
}

async function divergence<Case>(tried: Property<Case>, seed: number, failure: unknown): Promise<Divergence> {
  const recorder = new Recorder(seed)
  tried.generate(recorder)
  const found = await smallest(recorder.tape, failure, async (tape) => {
    const checking = tried.check(tried.generate(new Replay(tape)))
    if (typeof checking === 'object')
      await inTime(checking, Math.min(tried.patience ?? PATIENCE, LESS_PATIENCE))
  })
  const example = tried.generate(new Replay(found.tape))
  const { failure: cause } = found
  const reason = messageOf(cause)
  // Smaller is not always the same: what hangs for a moment on a busy machine is not what was found.
  const first = reason === messageOf(failure) ? '' : `\n\nIt was found as: ${messageOf(failure)}`
  return new Divergence(`${reason}${first}\n\nThe smallest case that was found:\n${tried.show(example)}`, {
    cause,
  })
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}

async function inTime<Size>(checking: Promise<Size>, milliseconds: number): Promise<Size> {
  let timer: NodeJS.Timeout | undefined
  const hanging = new Promise<never>((_, reject) => {
    timer = startTimer(() => reject(new Error(`still not done after ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([checking, hanging])
  } finally {
    stopTimer(timer)
  }
}
