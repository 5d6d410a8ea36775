#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { rulesKept } from '../src/checks/edge/nginx-rules.ts'
import { courseChecks } from '../src/checks/incident/incident-course.ts'
import {
  attemptsLogged,
  exposedBefore,
  originsApart,
  outsideShutOut,
  rightLetIn,
} from '../src/checks/incident/proxy-exposure.ts'
import { daemon } from '../src/daemon/subjects.ts'
import type { Closing } from '../src/incident/close.ts'
import { courseOf } from '../src/incident/course.ts'
import { incidentConflict, incidentParams, incidentUnresumable, ON_RUNNING, sinceMs } from '../src/incident/params.ts'
import { evenSo, person } from '../src/incident/people.ts'
import { smokeLine } from '../src/incident/regression.ts'
import {
  type Attempt,
  attack,
  attempts,
  exposedDoor,
  keepAttempts,
  publicDoor,
  putProxy,
  reachProxy,
  unsureWhere,
} from '../src/incident/scenarios/proxy-exposure.ts'
import { refusalsByAddress, tellRefusals } from '../src/incident/scenarios/refusals.ts'
import { snapshotAction } from '../src/incident/snapshot/snapshot.ts'
import { toRunproofError } from '../src/model/error.ts'
import { defineRunbook, type ParamSpec, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { edgeConfiguration, edgeParams, readEdgeConfiguration } from '../src/suite/edge-configuration.ts'
import { isIsolated, reachOf, suiteInUse, suiteLacks } from '../src/suite/params.ts'

const PAGE = 'production-runbooks'

const origin = (describe: string, usual: string): ParamSpec => ({
  describe,
  default: usual,
  refuse: value =>
    URL.canParse(value) && new URL(value).origin === value ? undefined : 'expected an origin: scheme, host and port',
})

const absolute = (value: string) => (value.startsWith('/') ? undefined : 'expected an absolute path')

export default defineRunbook({
  id: 'contain-proxy-exposure',
  title: 'A proxy or its CORS answers let strangers in: close the route, and prove from outside that it is closed',
  purpose: 'containment',
  params: {
    ...incidentParams,
    'proxy-url': {
      describe: 'the public route, asked from here as anybody outside would',
      example: 'https://daemon.example.com',
      refuse: value =>
        /^https?:\/\/[^\s/?#@]+\/?$/.test(value) ? undefined : 'expected http:// or https://, a host and a port',
    },
    'proxy-ca-file': {
      describe: 'the only authority that the certificate of the public route may come from, PEM',
      example: '/etc/daemon/ca.pem',
      refuse: absolute,
    },
    'nginx-config': {
      describe: 'the configuration of the proxy, as it is to be from now on',
      example: '/etc/nginx/nginx.conf',
      refuse: absolute,
    },
    host: edgeParams['host']!,
    'exposed-origin': origin('an origin that must not be let in', 'https://attacker.example'),
    'allowed-origin': origin('an origin that is to be let in by the daemon itself', 'http://localhost:5173'),
  },
  conflict: proxyConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: incidentUnresumable,
  snapshot: snapshotAction('kheish-daemon'),
  ways: [
    {
      title: 'A running daemon behind a proxy',
      params: { ...ON_RUNNING, 'proxy-url': 'https://daemon.example.com', 'nginx-config': '/etc/nginx/nginx.conf' },
    },
  ],
  limits: input => [
    'the route from other networks than that of this machine',
    'the logs of the proxy itself, which are not the daemon’s: a person looks at them',
    'what was read or done through the route while it was open: the audit log of the daemon has refusals only',
    ...(reachOf(input) === 'running' && input.params['proxy-url'] === undefined
      ? ['the public route from outside: no proxy-url= was given']
      : []),
    ...(hasConfiguration(input) ? [] : ['the configuration of the proxy: no nginx-config= was given']),
  ],
  steps: input =>
    courseOf(input, courseChecks, {
      make: [expose],
      decide: 'the public route is taken away altogether, or its configuration is tightened while it stays open',
      contain: [closeRoute, ...(isIsolated(input) ? [tighten] : [])],
      verify: [...(reaches(input) ? [outside(input)] : []), apart, ...(hasConfiguration(input) ? [configuration] : [])],
      tell: 'strangers could reach the daemon, from when to when, and that the route is closed',
      recover: [reopen],
      closing: context => closing(input, context),
    }),
})

/** Whether there is something to be asked from outside. */
const reaches = (input: PlanInput) => isIsolated(input) || input.params['proxy-url'] !== undefined
/** A rehearsal judges the configuration that comes with runproof. */
const hasConfiguration = (input: PlanInput) => isIsolated(input) || input.params['nginx-config'] !== undefined

function proxyConflict(input: PlanInput) {
  const { params } = input
  const stray = ['proxy-url', 'proxy-ca-file'].find(name => params[name] !== undefined)
  if (params['base-url'] === undefined && stray !== undefined)
    return {
      message: `${stray}= belongs to a running daemon, and no base-url= says which`,
      hint: '--param base-url=URL',
    }
  if (params['proxy-ca-file'] !== undefined && params['proxy-url']?.startsWith('https:') !== true)
    return { message: 'proxy-ca-file= is for https, and proxy-url= is not', hint: '--param proxy-url=https://…' }
  if (params['exposed-origin'] === params['allowed-origin'])
    return { message: 'exposed-origin= and allowed-origin= are the same', hint: 'give the one that must not be let in' }
  return incidentConflict(input)
}

const expose: Step = {
  id: 'expose',
  title: 'Put a proxy before the daemon that lets strangers in',
  effect: 'write',
  timeoutMs: 60_000,
  resume: 'repeatable',
  irreversible: 'the proxy is the rehearsal’s own',
  yields: [exposedDoor],
  run: {
    describe: 'start a proxy that hides the origin, allows every page, and shows a token of its own',
    execute: async context => context.set(exposedDoor, await putProxy(context, 'exposed')),
  },
  verify: [exposedBefore],
}

const closeRoute = evenSo(
  person('close-public-route', 'Close the public route', 'operator', {
    instruction:
      'Take the public route away: remove the server from the load balancer or its DNS name, or stop the proxy. If it has to stay open: replace its configuration by a reviewed one, nginx -t, nginx -s reload.',
    confirm: 'The public route is closed, or its configuration was replaced by a reviewed one.',
    attachment: 'the change, as the load balancer or the version control shows it',
  }),
)

const tighten: Step = {
  id: 'tighten',
  title: 'Replace the proxy of the rehearsal by one that passes on what it is given',
  effect: 'write',
  timeoutMs: 60_000,
  afterFailure: [exposedDoor],
  resume: 'repeatable',
  irreversible: 'the proxy is the rehearsal’s own',
  yields: [publicDoor],
  run: {
    describe: 'start another proxy, which changes nothing',
    execute: async context => context.set(publicDoor, await putProxy(context, 'tight')),
  },
  verify: [rightLetIn],
}

const outside = (input: PlanInput): Step => {
  const running = reachOf(input) === 'running'
  return {
    id: 'outside',
    title: 'Ask from outside what must be refused',
    effect: 'read',
    docs: { page: PAGE },
    timeoutMs: 120_000,
    role: 'security-owner',
    afterFailure: [daemon],
    yields: [...(running ? [publicDoor] : []), attempts, refusalsByAddress],
    run: {
      describe:
        'a preflight and a request of a foreign page, one without a token, one with a token that nobody gave out; never with a good one',
      async execute(context) {
        const { params, run, values } = context
        if (running) context.set(publicDoor, await reachProxy(context, params['proxy-url']!))
        const seen = await attack(context, context.values.get(publicDoor), params['exposed-origin']!)
        context.set(attempts, seen)
        await keepAttempts(context, 'from-outside.json', seen)
        const refused = seen.filter(({ byDaemon }) => byDaemon).length
        const unsure = running ? unsureWhere(seen, params['proxy-url']!) : undefined
        if (unsure !== undefined) run.notTested(unsure)
        if (refused > 0) run.assume(`${refused} requests of this run were refused, and stand in the audit log`)
        if (values.get(daemon).stateRoot === undefined) run.notTested('the auth audit log: no state-root= was given')
        else await tellRefusals(context, sinceMs(input)).catch(thrown => withoutLog(context, thrown, refused))
      },
    },
    verify: [outsideShutOut, attemptsLogged],
  }
}

/** The log is made at the first refusal: where nothing came as far as the daemon there may be none. */
function withoutLog({ run }: StepContext, thrown: unknown, refused: number): void {
  if (toRunproofError(thrown).code !== 'FILE_UNREADABLE' || refused > 0) throw thrown
  run.notTested('the auth audit log: it cannot be read, or there is none because nothing was refused so far')
}

const apart: Step = {
  id: 'origins',
  title: 'Ask the daemon itself about both origins',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor --cors-origin <origin>' },
  timeoutMs: 60_000,
  role: 'operator',
  afterFailure: [daemon],
  run: onlyChecks('nothing: its check asks the doctor', ['kheish-daemon doctor --cors-origin <origin>']),
  verify: [originsApart],
}

const configuration: Step = {
  id: 'configuration',
  title: 'Judge the configuration that the proxy is to have from now on',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 30_000,
  role: 'operator',
  afterFailure: [daemon],
  yields: [edgeConfiguration],
  run: {
    describe: 'read nginx-config= with all it includes; a rehearsal has the one that comes with runproof',
    async execute(context) {
      const params = { ...context.params, config: context.params['nginx-config'] }
      const described = await readEdgeConfiguration({ ...context, params }, (name, sha256) =>
        context.run.fact(name, sha256),
      )
      context.set(edgeConfiguration, described)
      for (const what of described.survey.uncertain) context.run.assume(what)
    },
  },
  verify: [rulesKept],
}

const reopen = person('reopen', 'Judge the proxy before the route is opened again', 'security-owner', {
  instruction:
    'Read the proxy’s own logs for the time it was open. Run the suite that stands in artifacts/post-incident.md against the proxy, and open the route only when it passes.',
  confirm: 'The suite passed before the route was opened again, or the route stays closed.',
  attachment: 'the evidence of that suite',
})

function closing(input: PlanInput, { values }: StepContext): Closing {
  const seen = values.find(attempts)
  const { params } = input
  const proxy = {
    ...(params['proxy-url'] === undefined
      ? {}
      : {
          'base-url': params['proxy-url'],
          'direct-url': params['base-url'],
          'ca-file': params['proxy-ca-file'],
        }),
    ...(params['nginx-config'] === undefined ? {} : { config: params['nginx-config'] }),
  }
  return {
    scenario: 'A proxy or its CORS answers let strangers in',
    contained: [
      {
        what: 'public route',
        result: seen === undefined ? 'not asked from outside' : seen.map(resultOf).join(', '),
      },
    ],
    rotated: [],
    revoked: [],
    restored: [],
    open: [
      'what was let in while the route was open: no log of the daemon has it; read those of the proxy',
      'tokens that passed through the route while strangers could read answers: rotate them',
      ...(hasConfiguration(input) ? [] : ['the configuration of the proxy was not judged']),
    ],
    regression: [
      smokeLine(input, 'reverse-proxy', proxy),
      ...(params['nginx-config'] === undefined ? [] : [`bin/runproof nginx check ${params['nginx-config']}`]),
    ],
  }
}

function resultOf({ attack: name, status }: Attempt): string {
  return `${name} ${status ?? 'meets a closed route'}`
}
