import { refuseCommand } from '../../model/command-param.ts'
import type { ParamConflict, ParamSpec, PlanInput } from '../../model/runbook.ts'
import { isIsolated, suiteConflict, suiteParams } from '../../suite/params.ts'
import { valuelessConsumerParams } from '../consumers.ts'
import { withinParam } from '../wait-until.ts'

const { 'state-root': _root, 'allow-write': _write, 'token-file': _token, ...reaching } = suiteParams

const path = (describe: string, example: string): ParamSpec => ({
  describe,
  example,
  refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
})

/** What a rotation of a capture agent's tokens takes. */
export const captureTokenParams: Readonly<Record<string, ParamSpec>> = {
  ...reaching,
  'admin-token-file': { ...reaching['admin-token-file']!, describe: 'its admin token: provisioning takes one' },
  machine: { describe: 'the machine whose agent gets new tokens', example: 'laptop-01' },
  'out-dir': path('a private directory for the file with the new tokens', '/keys/capture'),
  'old-file': path(
    'a copy of the file that the machine has now: its tokens have to be refused afterwards',
    '/keys/capture.old/laptop-01.capture.toml',
  ),
  'agent-url': {
    describe: 'where the machine reaches the daemon, if not at base-url=',
    example: 'https://daemon.example.com',
    refuse: value =>
      /^https?:\/\/[^\s/?#@]+\/?$/.test(value) ? undefined : 'expected http:// or https://, a host and a port',
  },
  also: {
    describe: 'members of the provisioning request that no view shows, a JSON object',
    example: '{"interval_ms":5000,"retention_seconds":604800}',
  },
  'deliver-command': {
    describe: 'brings the new file, which comes on its standard input, to the machine; without it a person does',
    example: '/usr/local/bin/put-file laptop-01',
    refuse: refuseCommand,
  },
  ...withinParam('how long it may take until the machine is heard again', '10m'),
  ...valuelessConsumerParams,
}

const OF_RUNNING = ['machine', 'out-dir', 'old-file', 'agent-url', 'also', 'deliver-command', 'consumer-probe'] as const
const LOOPBACK = /^https?:\/\/(localhost|127\.|\[::1\])/

/** Why these parameters do not go together, or undefined. */
export function captureTokenConflict(input: PlanInput): ParamConflict | undefined {
  const { params, target } = input
  const url = params['base-url']
  if (isIsolated(input)) {
    const stray = OF_RUNNING.find(name => params[name] !== undefined)
    return stray === undefined
      ? suiteConflict(input)
      : { message: `${stray}= is about a running daemon, and no base-url= says which`, hint: '--param base-url=URL' }
  }
  if (url === undefined) return suiteConflict(input)
  const missing = ['admin-token-file', 'machine', 'out-dir'].find(name => params[name] === undefined)
  if (missing !== undefined)
    return { message: `${missing}= is not given for a daemon that runs`, hint: `--param ${missing}=…` }
  if (params['agent-url'] === undefined && LOOPBACK.test(url))
    return {
      message: `the new file would tell the machine to report to ${url}, which is the machine itself there`,
      hint: '--param agent-url=URL, where the machine reaches the daemon; the same URL if it is this machine',
    }
  const next = `${params['out-dir']!.replace(/\/+$/, '')}/${target.captureAgents.configFile(params['machine']!)}`
  if (params['old-file'] === next)
    return { message: `the new file is ${next}, and old-file= is the same`, hint: 'give a copy that lies elsewhere' }
  const stray = strayMember(params['also'], target.captureAgents.alsoMembers)
  return stray === undefined
    ? suiteConflict(input)
    : { message: `also=: ${stray}`, hint: 'the rest is as it was, or has a parameter' }
}

function strayMember(also: string | undefined, known: readonly string[]): string | undefined {
  if (also === undefined) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(also)
  } catch {
    return 'expected a JSON object'
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'expected a JSON object'
  const stray = Object.keys(parsed).find(name => !known.includes(name))
  return stray === undefined ? undefined : `${stray} is none of ${known.join(', ')}`
}
