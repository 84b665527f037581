/**
 * Frames in, replies out: each frame gets exactly one reply, in order.
 *
 * @module
 */
import { finished, type Readable } from 'node:stream'
import { type Frame, FrameDecoder } from './frame.ts'
import type { Replies } from './replies.ts'

/** What {@link pump} asks. */
export interface Answerer {
  /** The reply to a frame, which is a view that holds for the call only; a promise where it has to be waited for. */
  readonly answer: (frame: Frame) => Buffer | Promise<Buffer>
  /** Told when nothing follows the chunk that is worked on, also while an answer is waited for. */
  readonly onEnd: () => void
}

/**
 * Answers the frames of `input`: in the same turn where the answers are there, and otherwise one after the other. While
 * one is waited for, and while the replies wait for their reader, no more than one chunk is read ahead.
 *
 * A chunk is looked at only until its `data` event is over, so the input may write the next one over it.
 *
 * @returns When the input has ended and all is answered. Rejects if the input breaks, ends inside a frame
 * ({@link TruncatedFrameError}) or nobody reads the replies any more ({@link OutputClosed}).
 */
export function pump(input: Readable, replies: Replies, { answer, onEnd }: Answerer): Promise<void> {
  const decoder = new FrameDecoder()
  let waiting = false
  let ahead: Buffer | undefined
  let ended: { readonly error: Error | null | undefined } | undefined

  const nextFrame = (): Frame | undefined => {
    const frame = decoder.next()
    if (frame !== undefined || ahead === undefined) return frame
    decoder.push(ahead)
    ahead = undefined
    // Only now, while the last of what was read is worked on, there is room for more, and for the end to show.
    if (ended === undefined) input.resume()
    else onEnd()
    return decoder.next()
  }
  /** Answers up to the first frame whose answer has to be waited for. */
  const answerReady = (): Promise<Buffer> | undefined => {
    for (let frame = nextFrame(); frame !== undefined; frame = nextFrame()) {
      const reply = answer(frame)
      if (reply instanceof Promise) return reply
      replies.add(reply)
    }
    return undefined
  }

  return new Promise<void>((resolve, reject) => {
    const finish = () => {
      if (ended?.error) return reject(ended.error)
      try {
        resolve(decoder.end())
      } catch (error) {
        reject(error)
      }
    }
    const answerInTurn = async (slow: Promise<Buffer> | undefined, stalled: Promise<void> | undefined) => {
      decoder.keep()
      await stalled
      let next = slow
      do {
        await replies.flush()
        if (next !== undefined) replies.add(await next)
        next = answerReady()
      } while (next !== undefined || replies.waiting)
      // In the same turn as the last look: what came after it would be taken for something that is looked at already.
      waiting = false
      if (ended !== undefined) finish()
    }
    const take = (chunk: Buffer) => {
      if (waiting) {
        ahead = Buffer.concat(ahead === undefined ? [chunk] : [ahead, chunk])
        input.pause()
        return
      }
      // A handler, or whoever takes a reply, may be the one that makes the next chunk come.
      waiting = true
      decoder.push(chunk)
      const slow = answerReady()
      const stalled = replies.flush()
      if (slow !== undefined || stalled !== undefined || ahead !== undefined) {
        answerInTurn(slow, stalled).catch(reject)
        return
      }
      waiting = false
      if (ended !== undefined) finish()
    }
    input.on('data', (chunk: Buffer) => {
      try {
        take(chunk)
      } catch (error) {
        reject(error)
      }
    })
    // One that was paused before would never begin.
    input.resume()
    finished(input, { writable: false }, (error) => {
      ended = { error }
      if (ahead === undefined) onEnd()
      if (!waiting) finish()
    })
  }).finally(() => input.destroy())
}
