/**
 * What several have in use, and the last of them closes.
 *
 * @module
 */

/** How many have a thing in use. */
const holders = new WeakMap<object, number>()

/**
 * Notes that somebody has a thing in use. The function that it returns ends that, once, and closes the thing if nobody
 * else has it in use any longer; it may reject as `close` does.
 */
export function hold(thing: object, close: () => void | Promise<void>): () => Promise<void> {
  count(thing, 1)
  let released: Promise<void> | undefined
  const release = async () => {
    if (count(thing, -1) === 0) await close()
  }
  return () => {
    released ??= release()
    return released
  }
}

function count(thing: object, change: number): number {
  const left = (holders.get(thing) ?? 0) + change
  holders.set(thing, left)
  return left
}
