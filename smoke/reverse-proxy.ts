#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { join } from 'node:path'
import { accessMatrix } from '../src/checks/access-matrix.ts'
import { edgeAgreement } from '../src/checks/edge-agreement.ts'
import { edgeBodies } from '../src/checks/edge-bodies.ts'
import { edgeBuffering } from '../src/checks/edge-buffering.ts'
import { instanceReady } from '../src/checks/instance-ready.ts'
import { nginxAccepts } from '../src/checks/nginx-accepts.ts'
import { rulesKept } from '../src/checks/nginx-rules.ts'
import { noSecretWritten } from '../src/checks/no-secret-written.ts'
import { nothingLeft } from '../src/checks/tear-down.ts'
import { withBrokenDaemon } from '../src/daemon/break.ts'
import { daemon, isolated } from '../src/daemon/subjects.ts'
import type { CheckContext, NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type Step, type StepContext } from '../src/model/runbook.ts'
import { edge, throughEdge, withFreshEdge } from '../src/suite/at-edge.ts'
import { edgeTunnels, startEdge } from '../src/suite/edge.ts'
import { edgeConfiguration, edgeParams, readEdgeConfiguration } from '../src/suite/edge-configuration.ts'
import { edgeLab, startEdgeLab } from '../src/suite/edge-lab.ts'
import { suiteConflict, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'production-runbooks'

export default defineRunbook({
  id: 'reverse-proxy',
  title: 'A reverse proxy gives requests to the daemon as it says, and lets in nobody else',
  purpose: 'smoke',
  params: { ...suiteParams, ...edgeParams },
  conflict: suiteConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  steps: input =>
    [
      configuration,
      lab,
      passage,
      bodies,
      daemonStep(input, {
        recipe: (context, { site, scratchDir }) => ({
          ...site,
          scratchDir,
          tunnels: edgeTunnels(context.values.get(edgeConfiguration).source),
        }),
        verify: [instanceReady],
      }),
      front,
      ...endSteps(input, { nothingLeft, noSecretWritten }),
    ] as NonEmpty<Step>,
})

const configuration: Step = {
  id: 'configuration',
  title: 'Judge the configuration of the proxy',
  effect: 'read',
  timeoutMs: 30_000,
  yields: [edgeConfiguration],
  run: {
    describe: 'read the configuration with all it includes',
    execute: async context => context.set(edgeConfiguration, readEdgeConfiguration(context)),
  },
  verify: [rulesKept, nginxAccepts],
}

const lab: Step = {
  id: 'agreement',
  title: 'Hold what was read of the configuration against what a real nginx does',
  effect: 'read',
  timeoutMs: 60_000,
  yields: [edgeLab],
  run: {
    describe: 'run nginx with a copy of the configuration in front of an upstream that shows what arrives',
    async execute(context) {
      if (await withoutNginx(context)) return
      const scope = released(context, 'the proxy in front of an upstream')
      const scratch = join(context.run.scratchDir, 'lab')
      await context.tools.files.makeDirectory(scratch)
      context.set(edgeLab, await startEdgeLab(context, scope, scratch, context.values.get(edgeConfiguration).source))
    },
  },
  verify: [edgeAgreement],
}

const asks = { describe: 'nothing: its checks ask', execute: async () => {} }

/** By itself: whatever keeps this machine busy makes events late. */
const passage: Step = {
  id: 'passage',
  title: 'Send slow event streams through it',
  effect: 'read',
  timeoutMs: 60_000,
  run: asks,
  verify: [edgeBuffering],
}

const bodies: Step = {
  id: 'bodies',
  title: 'Send large bodies through it',
  effect: 'read',
  timeoutMs: 60_000,
  run: asks,
  verify: [edgeBodies],
}

const publicOrigin = ({ values }: CheckContext) => values.get(edgeConfiguration).origin

const front: Step = {
  id: 'access',
  title: 'Ask with every token, for every kind of thing, from every kind of origin',
  effect: 'read',
  docs: { page: PAGE, command: 'status' },
  timeoutMs: 60_000,
  afterFailure: [daemon],
  yields: [edge],
  run: {
    describe: 'run nginx with a copy of the configuration in front of the daemon',
    async execute(context) {
      if (await withoutNginx(context)) return
      const scope = released(context, 'the proxy in front of the daemon')
      const { source, host } = context.values.get(edgeConfiguration)
      const { instance } = context.values.get(isolated)
      context.set(edge, scope.use(await startEdge(context, instance, source, { host })))
    },
  },
  verify: [
    accessMatrix({
      way: 'direct',
      publicOrigin,
      reach: context => context,
      fresh: (context, scope) => withBrokenDaemon(context, scope, {}),
    }),
    accessMatrix({ way: 'edge', publicOrigin, reach: throughEdge, fresh: withFreshEdge }),
  ],
}

async function withoutNginx({ tools }: CheckContext): Promise<boolean> {
  return 'missing' in (await tools.nginx.find())
}

/** What is put on it is released when the run ends. */
function released({ run }: StepContext, describe: string): AsyncDisposableStack {
  const scope = new AsyncDisposableStack()
  run.defer(describe, () => scope.disposeAsync())
  return scope
}
