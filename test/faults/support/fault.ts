import type { Stage } from './stage.ts'

/**
 * How soon after the end of a fault every login works again unless the fault says otherwise, in milliseconds. A killed
 * program is back after the two seconds that its launcher sleeps, one without handlers looks for them every three, and
 * what is in hand may take five; the rest is for a busy machine.
 */
export const RECOVERY = 15_000

/** One thing that goes wrong, and goes away. */
export interface Fault {
  readonly title: string
  /** How long it lasts, in milliseconds. */
  readonly lasts: number
  /** Brings it about; {@link Fault.end} is called also if that did not work. */
  begin(stage: Stage): Promise<void> | void
  /** Ends it, as far as somebody has to; neither ejabberd nor the programs are touched. */
  end?(stage: Stage): Promise<void> | void
  /** Has it been felt? Asked until it says so, before a fault that is alone ends: one that nobody feels proves nothing. */
  felt(stage: Stage): boolean | Promise<boolean>
  /** How soon after its end every login works again, in milliseconds; default {@link RECOVERY}. */
  readonly recovery?: number
  /** Whether everybody whose password is right is let in while it lasts. */
  readonly unnoticed?: boolean
  /** Whether a write that was begun may leave a file behind until it is swept up: its program was killed. */
  readonly leaves?: boolean
}
