import { client, type Ran } from '../../daemon/client.ts'
import type { SubjectView } from '../../model/access-api.ts'
import { keptCapture } from '../../model/capture.ts'
import type { ParamConflict, ParamSpec, PlanInput, StepContext, Way } from '../../model/runbook.ts'
import { routeKeyConflict, routeKeyParams } from '../../rotation/slots/route-key-params.ts'
import { isIsolated } from '../../suite/params.ts'
import { readSubject } from '../../suite/revocations.ts'
import { incidentParams, ON_RUNNING } from '../params.ts'

const { contain: _contain, 'runs-meanwhile': _meanwhile, 'token-file': _token, ...keyParams } = routeKeyParams

/** What the containment of a leaked provider key takes. */
export const providerKeyParams: Readonly<Record<string, ParamSpec>> = {
  ...keyParams,
  'readonly-token-file': incidentParams['readonly-token-file']!,
  'state-root': incidentParams['state-root']!,
  since: incidentParams['since']!,
  subject: {
    describe: 'an agent, session or connector that is never to be given a credential again; there is no way back',
    example: 'agent:agent-7',
    refuse: value => (/^[^\s-]\S*$/.test(value) ? undefined : 'expected one word that does not begin with a hyphen'),
  },
}

const GIVEN = { ...ON_RUNNING, 'auth-ref': 'openai.prod' }

export const PROVIDER_KEY_WAYS: readonly Way[] = [
  { title: 'On a running daemon', params: GIVEN },
  {
    title: 'On a running daemon, where an agent is never to get a credential again',
    params: { ...GIVEN, subject: 'agent:agent-7' },
  },
]

/** Why these parameters do not go together, or undefined. */
export function providerKeyConflict(input: PlanInput): ParamConflict | undefined {
  const ofRunning = ['readonly-token-file', 'state-root', 'since', 'subject', 'auth-ref', 'route']
  const stray = isIsolated(input) ? ofRunning.find(name => input.params[name] !== undefined) : undefined
  return stray === undefined
    ? routeKeyConflict(input)
    : {
        message: `${stray}= belongs to a running daemon, and no base-url= says which`,
        hint: '--param base-url=URL',
      }
}

/** The input of a rotation of the key that begins with its revocation. */
export function asContainment(input: PlanInput): PlanInput {
  return { ...input, params: { ...input.params, contain: 'yes' } }
}

/** A subject that was shut out for ever: as it was before, and what the client said. */
export interface Banned {
  readonly before: SubjectView
  readonly printed: Ran<SubjectView>
}
export const banned = keptCapture<Banned>('banned', 'how a subject was revoked, for ever')

export async function banSubject(context: StepContext): Promise<void> {
  const id = context.params['subject']!
  const before = await readSubject(context, id)
  const words = ['runtime', 'auth', 'revoke-subject', id]
  context.set(banned, { before, printed: await client(context, words, context.target.access.read.subject) })
}
