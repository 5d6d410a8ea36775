#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { doctorAgrees } from '../src/checks/daemon/client-commands.ts'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { healthOk } from '../src/checks/daemon/live-diagnosis.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { routesReady, storageWorks } from '../src/checks/daemon/status.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { providerAsked, runAnswered, sessionMade } from '../src/checks/slots/run-answered.ts'
import { streamReplays, streamResumes } from '../src/checks/streams/stream-replay.ts'
import { tlsClient } from '../src/checks/tls/tls-client.ts'
import { tlsKey } from '../src/checks/tls/tls-key.ts'
import { tlsServed } from '../src/checks/tls/tls-served.ts'
import { tlsTokens } from '../src/checks/tls/tls-tokens.ts'
import { tlsTrusted } from '../src/checks/tls/tls-trusted.ts'
import { daemon } from '../src/daemon/subjects.ts'
import type { AnyCheck, NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { haveRunAnswered, lookBack, onlyChecks, readRetained } from '../src/suite/acts.ts'
import { liveConflict, liveMissing, liveParams, liveRecipe, routeCredential } from '../src/suite/live-recipe.ts'
import { PROVIDER_KEY } from '../src/suite/own-recipe.ts'
import { mayWrite, suiteInUse, suiteLacks, TLS_WAYS } from '../src/suite/params.ts'
import { probeRun, subjectRun } from '../src/suite/probe-run.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'
import { history } from '../src/suite/streams.ts'
import { authorities, makeAuthorities, putTlsBefore } from '../src/suite/tls-front.ts'

const PAGE = 'production-runbooks'

export default defineRunbook({
  id: 'tls-proxy',
  title: 'Behind TLS, the daemon answers, runs and streams, and only the given authority is trusted',
  purpose: 'smoke',
  params: liveParams,
  secrets: [PROVIDER_KEY],
  conflict: input => withoutTls(input) ?? liveConflict(input),
  unfit: input => withoutTls(input)?.message,
  missing: liveMissing,
  lacks: suiteLacks,
  inUse: suiteInUse,
  ways: TLS_WAYS,
  limits: input => [
    ...(input.params['base-url'] === undefined || input.params['ca-file'] !== undefined
      ? []
      : ['the one authority that is trusted: no ca-file= was given, and this machine’s are']),
    ...(input.params['base-url'] === undefined
      ? []
      : ['what else its TLS takes, old versions and weak suites: runproof tls check HOST:PORT asks']),
    ...(mayWrite(input) ? [] : ['runs: allow-write=yes asks the provider once, in a session of ours']),
  ],
  steps: input => [
    daemonStep(input, {
      async recipe(context, own) {
        const made = await makeAuthorities(context)
        context.set(authorities, made)
        return { ...liveRecipe(context, own), readable: [made.directory] }
      },
      yields: [routeCredential, authorities],
      front: putTlsBefore,
      // What its certificate is worth comes first, and is a no where no connection comes about.
      knocks: false,
      verify: [tlsServed, tlsTrusted, tlsKey],
    }),
    access,
    diagnosis,
    ...(mayWrite(input) ? [run, streams] : [look]),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

/** Why a running daemon is not asked, or undefined. */
function withoutTls({ params }: PlanInput): { readonly message: string; readonly hint: string } | undefined {
  const url = params['base-url']
  return url?.startsWith('http:') === true
    ? { message: `tls-proxy asks a daemon behind TLS, and base-url is ${url}`, hint: 'base-url=https://…' }
    : undefined
}

const access: Step = {
  id: 'access',
  title: 'Ask the daemon through TLS, with and without a token',
  effect: 'read',
  docs: { page: PAGE, command: 'status' },
  timeoutMs: 60_000,
  run: { describe: 'nothing: its checks ask, once without a token and once with an unknown one', execute: tellRefusal },
  verify: [instanceReady, tlsTokens],
}

const diagnosis: Step = {
  id: 'diagnosis',
  title: 'Ask the daemon through TLS how it is, also by its own client',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor' },
  timeoutMs: 60_000,
  run: onlyChecks('nothing: its checks ask', ['kheish-daemon status', 'kheish-daemon doctor']),
  verify: [
    { ...healthOk, covers: ['7.2/4'] },
    { ...storageWorks, covers: ['7.2/4'] },
    { ...routesReady, covers: ['7.2/4'] },
    tlsClient,
    { ...doctorAgrees, covers: [] },
  ],
}

async function tellRefusal({ run, values }: StepContext): Promise<void> {
  if (values.get(daemon).reached === 'running')
    run.assume(
      'a request without a token was refused, and one with an unknown token; both stand in the daemon’s audit log',
    )
}

const run: Step = {
  id: 'run',
  title: 'Have a run answered that is submitted over HTTPS',
  effect: 'write',
  docs: { page: PAGE },
  timeoutMs: 90_000,
  resume: 'repeatable',
  irreversible: 'a session cannot be deleted; its run stays on record',
  yields: [probeRun, subjectRun],
  run: haveRunAnswered('http'),
  verify: [sessionMade, runAnswered, providerAsked],
}

const streamChecks: NonEmpty<AnyCheck> = [
  streamReplays('global'),
  streamReplays('session'),
  streamReplays('run'),
  streamResumes('global'),
  streamResumes('session'),
  streamResumes('run'),
]

const streams: Step = {
  id: 'streams',
  title: 'Replay the event streams over HTTPS',
  effect: 'read',
  docs: { page: PAGE, command: 'events stream --cursor 0' },
  timeoutMs: 60_000,
  yields: [history],
  run: readRetained,
  verify: streamChecks,
}

/** What can be asked of a daemon that nobody may write to. */
const look: Step = {
  id: 'look',
  title: 'Replay the event streams over HTTPS, that of the newest run that ended well included',
  effect: 'read',
  docs: { page: PAGE, command: 'events stream --cursor 0' },
  timeoutMs: 60_000,
  yields: [history, subjectRun],
  run: lookBack,
  verify: streamChecks,
}
