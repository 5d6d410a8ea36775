import type { ParamSpec, Runbook } from '../../model/runbook.ts'
import { liveParams } from '../../suite/live-recipe.ts'
import { isIsolated, yes } from '../../suite/params.ts'
import { slotRotationConflict, slotRotationParams, wayOnRunning } from './slot-params.ts'

/** It is given to a command line and shown in evidence. */
const word = (describe: string, example: string): ParamSpec => ({
  describe,
  example,
  refuse: value => (/^[^\s-]\S*$/.test(value) ? undefined : 'expected one word that does not begin with a hyphen'),
})

/** What the rotation of a route's key takes. */
export const routeKeyParams: Readonly<Record<string, ParamSpec>> = {
  ...slotRotationParams,
  'provider-url': liveParams['provider-url']!,
  model: liveParams['model']!,
  'auth-ref': word('the slot whose key is replaced', 'openai.prod'),
  route: word('the route that canaries go through; default: the active one if it reads the slot, else another', 'main'),
  organization: word('what the slot is to say of the organization, for openai', 'org-example'),
  project: word('what the slot is to say of the project, for openai', 'proj-example'),
  contain: yes('yes: revoke the slot first, before anything is tried: the old key has leaked, or works no longer'),
  'runs-meanwhile': yes(
    'yes: submit runs while the key is set on a running daemon, too; the provider charges for each',
  ),
}

const WANTED = { 'auth-ref': 'openai.prod' }
export const ROUTE_KEY_WAYS = [
  ...wayOnRunning(WANTED),
  ...wayOnRunning({ ...WANTED, contain: 'yes' }).map(way => ({
    ...way,
    title: 'On a running daemon whose key has leaked',
  })),
]

export const routeKeyConflict: NonNullable<Runbook['conflict']> = input => {
  const stray = isIsolated(input) ? undefined : ['provider-url', 'model'].find(name => input.params[name] !== undefined)
  return stray === undefined
    ? slotRotationConflict(input, ['auth-ref'], ['route', 'organization', 'project', 'runs-meanwhile'])
    : {
        message: `${stray}= belongs to a daemon of the runbook’s own, and a running one is asked`,
        hint: 'leave it out',
      }
}
