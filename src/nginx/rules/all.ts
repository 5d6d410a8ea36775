import { answerRules } from './answers.ts'
import { credentialRules } from './credentials.ts'
import { headerRules } from './headers.ts'
import { identityRules } from './identity.ts'
import { originRules } from './origin.ts'
import { pathRules } from './paths.ts'
import { placeRules } from './places.ts'
import { requestRules } from './requests.ts'
import type { Rule } from './rule.ts'
import { serverRules } from './servers.ts'
import { ssrfRules } from './ssrf.ts'
import { streamRules } from './streams.ts'
import { syntaxRules } from './syntax.ts'
import { tlsRules } from './tls.ts'
import { upstreamRules } from './upstream.ts'

/** Every rule there is, in the order in which they are told. */
export const RULES: readonly Rule[] = [
  ...syntaxRules,
  ...pathRules,
  ...streamRules,
  ...requestRules,
  ...answerRules,
  ...identityRules,
  ...headerRules,
  ...originRules,
  ...tlsRules,
  ...serverRules,
  ...upstreamRules,
  ...ssrfRules,
  ...credentialRules,
  ...placeRules,
]
