import type { ParamConflict, ParamSpec, PlanInput, Way } from '../model/runbook.ts'
import { isIsolated, suiteConflict, suiteParams } from '../suite/params.ts'

const { 'token-file': readonlyFile, 'allow-write': _write, ...reaching } = suiteParams

/** `YYYY-MM-DDTHH:MM:SS`, a fraction, and a zone. @see RFC 3339, section 5.6 */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

/** What every containment takes. Without `base-url` it is rehearsed on a daemon of its own, where the incident is made first. */
export const incidentParams: Readonly<Record<string, ParamSpec>> = {
  ...reaching,
  'admin-token-file': { ...reaching['admin-token-file']!, describe: 'its admin token: containing takes one' },
  'readonly-token-file': { ...readonlyFile!, describe: 'its read-only token' },
  since: {
    describe: 'when the incident began, as far as is known: an instant with its zone',
    example: '2026-01-31T02:10:00Z',
    refuse: value =>
      INSTANT.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : 'expected an instant with its zone, as in RFC 3339',
  },
}

/** What a running daemon is contained with. */
export const ON_RUNNING: Readonly<Record<string, string>> = {
  'base-url': 'http://127.0.0.1:4000',
  'admin-token-file': '/keys/admin-token',
  'readonly-token-file': '/keys/readonly-token',
  'state-root': '/var/lib/daemon/state',
  binary: '/usr/local/bin/daemon',
}

export const INCIDENT_WAYS: readonly Way[] = [{ title: 'On a running daemon', params: ON_RUNNING }]

/**
 * Why these parameters do not go together, or undefined.
 *
 * @param needsClient - whether anything that contains is a command of the daemon's client
 */
export function incidentConflict(
  input: PlanInput,
  { needsClient }: { readonly needsClient: boolean } = { needsClient: true },
): ParamConflict | undefined {
  const { params, target } = input
  const url = params['base-url']
  const ofRunning = ['admin-token-file', 'readonly-token-file', 'state-root', 'ca-file', 'since']
  const stray = url === undefined ? ofRunning.find(name => params[name] !== undefined) : undefined
  if (stray !== undefined)
    return {
      message: `${stray}= belongs to a running daemon, and no base-url= says which`,
      hint: '--param base-url=URL',
    }
  if (url !== undefined && params['admin-token-file'] === undefined)
    return { message: `containing ${url} takes its admin token`, hint: '--param admin-token-file=FILE' }
  if (needsClient && url !== undefined && (params.binary ?? target.bundledBinary) === undefined)
    return {
      message: 'the commands of a containment are those of the daemon’s binary, and no binary= says where it is',
      hint: '--param binary=FILE',
    }
  return suiteConflict(input)
}

/** Why a containment that broke off cannot be gone on with, or undefined. */
export function incidentUnresumable(input: PlanInput): string | undefined {
  return isIsolated(input) ? 'the daemon of the rehearsal ended with its run' : undefined
}

/** When the incident began, in milliseconds of the epoch; undefined where nobody said. */
export function sinceMs({ params }: Pick<PlanInput, 'params'>): number | undefined {
  return params.since === undefined ? undefined : Date.parse(params.since)
}

/** A value as commands show it beforehand: what was given, or a placeholder where nothing was, or a shell would take it apart. */
export function shown(value: string | undefined, placeholder: string): string {
  return value !== undefined && /^[\w@%+=:,./-]+$/.test(value) ? value : placeholder
}
