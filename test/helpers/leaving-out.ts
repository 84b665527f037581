/**
 * The `skip` of a test that needs what may be missing here: why it is left out, or `false`. Where nothing may be left
 * out, as in `.ci/run`, it runs all the same, and fails.
 */
export function leaveOut(why: string | undefined): string | false {
  return process.env['EXTAUTH_LEAVE_NOTHING_OUT'] === '1' ? false : (why ?? false)
}
