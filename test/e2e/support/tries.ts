/**
 * What a handler tries that it should not do, in lines for a shell.
 *
 * @module
 */

/** Where it writes down what worked. */
export const TRIED = '/var/log/ejabberd/tried.json'

/** What a handler might be made to do by whoever finds a hole in it; all of this works without the lines. */
export const FORBIDDEN: Readonly<Record<string, string>> = {
  'write where everybody may': 'echo > /srv/open/tried',
  'change its own code': 'echo >> /opt/extauth/handlers.mjs',
  'leave a file that runs as its owner':
    'cp /bin/true /var/lib/ejabberd/tried && chmod 4755 /var/lib/ejabberd/tried',
  'become root in a namespace of its own': 'unshare --user --map-root-user true',
  'see the processes of others': 'cat /proc/1/cmdline',
  'ask the kernel for another personality': 'setarch --addr-no-randomize true',
  'let its memory be written to a core file': 'ulimit -c unlimited',
}

/** What it could not do before, either. */
export const FORBIDDEN_ANYWAY: Readonly<Record<string, string>> = {
  "change ejabberd's configuration, which is its own": 'echo >> /etc/ejabberd/ejabberd.yml',
  'look into a home that is open': 'ls /home/open',
}

/** What it has to be able to do. */
export const ALLOWED: Readonly<Record<string, string>> = {
  'write beside the account store': 'echo > /var/lib/ejabberd/tried.txt',
  'write beside its log': 'echo > /var/log/ejabberd/tried.txt',
  'write a temporary file': 'echo > /tmp/tried',
  'look up a name': 'getent hosts localhost',
  'give a file of its own to itself': 'chown ejabberd /var/lib/ejabberd/tried.txt',
}

const TRIES = { ...FORBIDDEN, ...FORBIDDEN_ANYWAY, ...ALLOWED }

/** A handlers module: when somebody is asked for, it tries all of that, and writes down what worked. */
export const TRYING: string = `
import { execSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
const tries = ${JSON.stringify(TRIES)}
function works(line) {
  try {
    execSync(line, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
export default {
  auth: () => false,
  isuser() {
    const tried = Object.entries(tries).map(([name, line]) => [name, works(line)])
    writeFileSync('${TRIED}', JSON.stringify(Object.fromEntries(tried)))
    return true
  },
}
`
