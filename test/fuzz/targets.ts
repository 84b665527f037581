import type { Target } from './target.ts'
import { commandLines } from './targets/command-lines.ts'
import { frames } from './targets/frames.ts'
import { handlersShapes } from './targets/handlers-shapes.ts'
import { hashes } from './targets/hashes.ts'
import { httpAnswers } from './targets/http-answers.ts'
import { httpBytes } from './targets/http-bytes.ts'
import { issuers } from './targets/issuers.ts'
import { jidEscaping } from './targets/jid-escaping.ts'
import { ldapTemplates } from './targets/ldap-templates.ts'
import { lines } from './targets/lines.ts'
import { logLines } from './targets/log-lines.ts'
import { moves } from './targets/moves.ts'
import { names } from './targets/names.ts'
import { options } from './targets/options.ts'
import { program } from './targets/program.ts'
import { prosodyNames } from './targets/prosody-names.ts'
import { reasons } from './targets/reasons.ts'
import { replies } from './targets/replies.ts'
import { requests } from './targets/requests.ts'
import { rows } from './targets/rows.ts'
import { serve } from './targets/serve.ts'
import { statements } from './targets/statements.ts'
import { stores } from './targets/stores.ts'
import { tokens } from './targets/tokens.ts'
import { typedPasswords } from './targets/typed-passwords.ts'

/** All that is tried. */
export const TARGETS: readonly Target[] = [
  serve,
  program,
  frames,
  requests,
  replies,
  names,
  stores,
  jidEscaping,
  lines,
  moves,
  prosodyNames,
  hashes,
  statements,
  rows,
  ldapTemplates,
  httpAnswers,
  httpBytes,
  tokens,
  issuers,
  options,
  handlersShapes,
  commandLines,
  typedPasswords,
  logLines,
  reasons,
]
