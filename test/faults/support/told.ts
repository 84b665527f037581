/**
 * What a client was told: that it is done, that it is not to be, that it failed, or nothing (the connection was lost,
 * or nobody answered in time). After "nothing" either may be true.
 */
export type Told = 'done' | 'refused' | 'failed' | 'nothing'

/** What a condition of XMPP tells the user; none is success. */
export function toldBy(condition: string | undefined): Told {
  if (condition === undefined) return 'done'
  const told = CONDITIONS[condition]
  // For instance `policy-violation`: the tests were banned, and what follows would prove nothing.
  if (told === undefined) throw new Error(`a client was told what no fault should cause: ${condition}`)
  return told
}

/** Of SASL and of stanzas. ejabberd 23.01 has one word for a wrong password and for "could not find out". */
const CONDITIONS: Record<string, Told> = {
  'not-authorized': 'refused',
  conflict: 'refused',
  'not-allowed': 'refused',
  'temporary-auth-failure': 'failed',
  'internal-server-error': 'failed',
}
