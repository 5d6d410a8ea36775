#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { doctorAgrees } from '../src/checks/daemon/client-commands.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { behindProxy } from '../src/checks/edge/behind-proxy.ts'
import { edgeAgreement } from '../src/checks/edge/edge-agreement.ts'
import { edgeBodies } from '../src/checks/edge/edge-bodies.ts'
import { edgeBuffering } from '../src/checks/edge/edge-buffering.ts'
import { nginxAccepts } from '../src/checks/edge/nginx-accepts.ts'
import { rulesKept } from '../src/checks/edge/nginx-rules.ts'
import { cursorRefused } from '../src/checks/streams/cursor-refused.ts'
import { heartbeatComes } from '../src/checks/streams/heartbeat.ts'
import { streamReplays, streamResumes } from '../src/checks/streams/stream-replay.ts'
import { accessDirect, accessThrough } from '../src/checks/tokens/access-ways.ts'
import { answering, isolated } from '../src/daemon/subjects.ts'
import type { AnyCheck, NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { directly, edge, putEdgeBefore, straight } from '../src/suite/at-edge.ts'
import { edgeTunnels } from '../src/suite/edge.ts'
import {
  edgeConfiguration,
  edgeParams,
  hasTlsUpstream,
  readEdgeConfiguration,
} from '../src/suite/edge-configuration.ts'
import { edgeLab, makeEdgeLab } from '../src/suite/edge-lab.ts'
import { isIsolated, suiteConflict, suiteInUse, suiteLacks, suiteParams, TLS_WAYS, yes } from '../src/suite/params.ts'
import { newestRun, openSession, subjectRun } from '../src/suite/probe-run.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'
import { history, readHistory } from '../src/suite/streams.ts'

const PAGE = 'production-runbooks'
/** Each publishes two events: enough to go on in the middle of. */
const SESSIONS = ['runproof-neighbour', 'runproof-other', 'runproof-probe']

/** Of a proxy that somebody runs the configuration may lie elsewhere. */
const hasConfiguration = (input: PlanInput) => isIsolated(input) || input.params['config'] !== undefined
const waits = ({ params }: PlanInput) => params['heartbeat'] === 'yes'

export default defineRunbook({
  id: 'reverse-proxy',
  title: 'A reverse proxy gives requests to the daemon as its configuration says, and lets in nobody else',
  purpose: 'smoke',
  params: {
    ...suiteParams,
    ...edgeParams,
    'direct-url': {
      describe: 'the running daemon itself, behind the proxy that base-url= names: what differs is the proxy’s',
      example: 'http://127.0.0.1:4000',
      refuse: value =>
        /^https?:\/\/[^\s/?#@]+\/?$/.test(value) ? undefined : 'expected http:// or https:// and a host',
    },
    'fail-on': {
      describe: 'the level of a finding in the configuration that fails',
      example: 'warn',
      default: 'page',
      refuse: value => (['warn', 'page'].includes(value) ? undefined : 'expected warn or page'),
    },
    heartbeat: yes('yes: wait for the heartbeat of an idle stream, too, which takes ten seconds'),
  },
  conflict: input => stray(input) ?? suiteConflict(input),
  unfit: input => {
    const { 'base-url': url, 'direct-url': direct } = input.params
    return url?.startsWith('http:') === true && direct === undefined && !hasConfiguration(input)
      ? `reverse-proxy asks a daemon behind its proxy, and base-url is ${url}`
      : undefined
  },
  lacks: suiteLacks,
  inUse: suiteInUse,
  ways: TLS_WAYS,
  limits: input => [
    ...(waits(input) ? [] : ['the heartbeat of an idle stream: heartbeat=yes waits for it']),
    ...(isIsolated(input)
      ? []
      : [
          'whatever the proxy should refuse: a refusal on purpose would stand in the log of a daemon in use',
          ...(input.params['direct-url'] === undefined
            ? ['the daemon without its proxy: no direct-url= was given']
            : []),
        ]),
    ...(hasConfiguration(input) ? [] : ['the configuration of the proxy: no config= was given']),
  ],
  steps: input =>
    hasConfiguration(input) ? [configuration, agreement, passage, bodies, ...asking(input)] : asking(input),
})

const asking = (input: PlanInput): NonEmpty<Step> => [
  {
    ...daemonStep(input, {
      recipe({ values }, { site, scratchDir }) {
        const { source, host } = values.get(edgeConfiguration)
        return { ...site, scratchDir, tunnels: edgeTunnels(source), names: [host] }
      },
      verify: [instanceReady],
    }),
    ...(hasConfiguration(input) ? { afterFailure: [edgeConfiguration] } : {}),
  },
  access(input),
  isIsolated(input) ? streams(input) : look(input),
  ...endSteps(input, { nothingLeft, noSecretWritten }),
]

function stray(input: PlanInput): { readonly message: string; readonly hint: string } | undefined {
  const { params } = input
  if (params['direct-url'] !== undefined && isIsolated(input))
    return {
      message: 'direct-url= belongs to a running daemon, and no base-url= says where its proxy is',
      hint: '--param base-url=URL',
    }
  const name = ['host', 'waivers'].find(one => params[one] !== undefined && !hasConfiguration(input))
  return name === undefined
    ? undefined
    : { message: `${name}= is about a configuration, and no config= was given`, hint: '--param config=FILE' }
}

const configuration: Step = {
  id: 'configuration',
  title: 'Judge the configuration of the proxy',
  effect: 'read',
  timeoutMs: 30_000,
  yields: [edgeConfiguration],
  run: {
    describe: 'read the configuration with all it includes',
    async execute(context) {
      const described = await readEdgeConfiguration(context, (name, sha256) => context.run.fact(name, sha256))
      context.set(edgeConfiguration, described)
      for (const what of described.survey.uncertain) context.run.assume(what)
      if (hasTlsUpstream(described))
        context.run.assume(
          'the copy of the configuration that was run went to the daemon without TLS, which has none here',
        )
    },
  },
  verify: [rulesKept, nginxAccepts],
}

const agreement: Step = {
  id: 'agreement',
  title: 'Hold what was read of the configuration against what a real nginx does',
  effect: 'read',
  timeoutMs: 60_000,
  // A configuration that breaks a rule is run all the same: what comes of it is worth more than the rule.
  afterFailure: [edgeConfiguration],
  yields: [edgeLab],
  run: {
    describe: 'run nginx with a copy of the configuration in front of an upstream that shows what arrives',
    execute: makeEdgeLab,
  },
  verify: [edgeAgreement],
}

/** By itself: whatever keeps this machine busy makes events late. */
const passage: Step = {
  id: 'passage',
  title: 'Send slow event streams through it',
  effect: 'read',
  timeoutMs: 60_000,
  afterFailure: [edgeLab],
  run: onlyChecks(),
  verify: [edgeBuffering],
}

const bodies: Step = {
  id: 'bodies',
  title: 'Send large bodies through it',
  effect: 'read',
  timeoutMs: 60_000,
  afterFailure: [edgeLab],
  run: onlyChecks(),
  verify: [edgeBodies],
}

const access = (input: PlanInput): Step => ({
  id: 'access',
  title: 'Ask with every token, for every kind of thing, from every kind of origin',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor' },
  timeoutMs: 60_000,
  afterFailure: [answering],
  yields: [edge, directly],
  run: {
    describe: isIsolated(input)
      ? 'run nginx with a copy of the configuration in front of the daemon'
      : 'prepare to ask the daemon without its proxy, where that is given',
    commands: ['kheish-daemon doctor'],
    execute: putEdgeBefore,
  },
  verify: [
    accessThrough(isIsolated(input)),
    ...(isIsolated(input) || input.params['direct-url'] !== undefined ? [accessDirect] : []),
    isIsolated(input) ? doctorThrough : doctorAgrees,
  ],
})

const doctorThrough: AnyCheck = {
  ...behindProxy(doctorAgrees),
  untested: ({ values }) =>
    values.get(isolated).instance.files === 'shared'
      ? 'without a barrier the name of the proxy leads to somebody else'
      : undefined,
}

const streamChecks = (input: PlanInput): NonEmpty<AnyCheck> => [
  cursorRefused,
  streamReplays('global'),
  streamReplays('session'),
  streamResumes('global'),
  ...(isIsolated(input) ? [] : [streamReplays('run'), streamResumes('session'), streamResumes('run')]),
  ...(waits(input) ? [heartbeatComes] : []),
]

/** Not after a failure: a stream that is known to be held back would be waited for, each time, and give no verdict. */
const streams = (input: PlanInput): Step => ({
  id: 'streams',
  title: 'Replay event streams through the proxy',
  effect: 'read',
  docs: { page: PAGE, command: 'events stream --cursor 0' },
  timeoutMs: waits(input) ? 30_000 : 20_000,
  yields: [history, subjectRun],
  run: {
    describe: 'make sessions, and read all that is retained once, without the proxy',
    async execute(context) {
      for (const id of SESSIONS) {
        const { agentId } = await openSession(context, id)
        context.set(subjectRun, { sessionId: id, agentId, runId: '' })
      }
      context.set(history, await readHistory(context))
    },
  },
  verify: streamChecks(input).map(check => behindProxy(check)) as unknown as NonEmpty<AnyCheck>,
})

const look = (input: PlanInput): Step => ({
  id: 'look',
  title: 'Replay event streams through the proxy',
  effect: 'read',
  docs: { page: PAGE, command: 'events stream --cursor 0' },
  timeoutMs: 60_000,
  afterFailure: [answering],
  yields: [history, subjectRun],
  run: {
    describe:
      'find the newest run that ended well, and read all events that are retained once, without the proxy where that is given',
    async execute(context) {
      // A proxy that holds streams back is for the checks to find.
      const past = straight(context)
      context.set(subjectRun, await newestRun(past))
      context.set(history, await readHistory(past))
    },
  },
  verify: streamChecks(input),
})
