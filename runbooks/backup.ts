#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { archiveHoldsTree } from '../src/checks/backup/archive-holds-tree.ts'
import { archiveKept } from '../src/checks/backup/archive-kept.ts'
import { artefactsThere } from '../src/checks/backup/artefacts-there.ts'
import { backupSetWhole } from '../src/checks/backup/backup-set.ts'
import { factsKnown } from '../src/checks/backup/facts-known.ts'
import { factsTaken } from '../src/checks/backup/facts-taken.ts'
import { keysApart } from '../src/checks/backup/keys-apart.ts'
import { markerReadsBack } from '../src/checks/backup/marker-reads-back.ts'
import { outPlaceFits } from '../src/checks/backup/out-place.ts'
import { restartPossible } from '../src/checks/backup/restart-possible.ts'
import { sourceAnswers, sourceBack } from '../src/checks/backup/source-answers.ts'
import { sourceServes } from '../src/checks/backup/source-serves.ts'
import { sourceStopped } from '../src/checks/backup/source-stopped.ts'
import { SITE_COMMANDS } from '../src/daemon/make-site.ts'
import { stopClean } from '../src/daemon/stop-clean.ts'
import { archiveRoots } from '../src/drill/archive-roots.ts'
import {
  backupConflict,
  backupLimits,
  backupParams,
  hasWorkspace,
  packing,
  readable,
  seedParams,
  wayOf,
} from '../src/drill/backup-params.ts'
import { artefacts, deployment, live, statusBefore, stoppedAtMs } from '../src/drill/backup-subjects.ts'
import { describeSeeded, findSource } from '../src/drill/find-source.ts'
import { startAgain, stopSource } from '../src/drill/hold-source.ts'
import { runSource } from '../src/drill/run-source.ts'
import { seedSource } from '../src/drill/seed-source.ts'
import {
  backupDir,
  baseline,
  made,
  markerSetAt,
  older,
  type Part,
  running,
  runningAgain,
  source,
} from '../src/drill/subjects.ts'
import { settleFacts } from '../src/drill/take-facts.ts'
import { takeInventory } from '../src/drill/take-inventory.ts'
import { writeBackupSet } from '../src/drill/write-backup-set.ts'
import { takeBaseline, writeMarker } from '../src/drill/write-marker.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { formatCommand } from '../src/model/command.ts'
import { parseCommand } from '../src/model/command-param.ts'
import { parseDuration } from '../src/model/duration.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'

export { seedParams }

const PAGE = 'production-runbooks'
/** Draining may go on after the stop command has ended, and asking takes its time. */
const BESIDES_MS = 60_000

export default defineRunbook({
  id: 'backup',
  title: 'Take a backup that a restore can be held against',
  purpose: 'drill',
  params: backupParams,
  requires: ['backup'],
  conflict: ({ params, target }) => backupConflict(params, target),
  limits: ({ params, target }) => backupLimits(params, target),
  ways: [
    {
      title: 'Of a snapshot, or of a source that its operator stopped',
      params: { binary: '/usr/local/bin/daemon', 'state-dir': '/mnt/snapshot/state', out: '/backup/tonight' },
    },
    {
      title: 'Of a source that is stopped and started by its operator’s commands',
      params: {
        binary: '/usr/local/bin/daemon',
        'base-url': 'http://127.0.0.1:4000',
        'admin-token-file': '/keys/admin-token',
        'master-key-file': '/keys/master-key',
        'routes-file': '/etc/daemon/routes.toml',
        'state-root': '/var/lib/daemon/state',
        'stop-command': 'systemctl stop daemon',
        'start-command': 'systemctl start daemon',
        out: '/backup/tonight',
      },
    },
  ],
  steps: input => backupSteps(input),
})

/** The steps from a source to a verified backup set, with the source as it was: running or not. */
export function backupSteps(input: PlanInput): NonEmpty<Step> {
  const keep = [archive(input), digests]
  switch (wayOf(input.params, input.target)) {
    case 'seeded':
      return [seed, inventory, marker(factsTaken), stop, ...keep, restart]
    case 'still':
      return [stillSource, inventory, facts, ...keep]
    case 'commands':
      return [
        runningSource,
        inventory,
        preflight,
        input.params.marker === 'no' ? facts : marker(factsKnown),
        stopByCommand(input),
        ...keep,
        startByCommand(input),
      ]
  }
}

const seed: Step = {
  id: 'seed',
  title: 'Seed a stand-in source and start it',
  effect: 'write',
  docs: { page: PAGE, command: 'secrets generate' },
  timeoutMs: 60_000,
  yields: [source, running, older, deployment],
  run: {
    describe: 'seed a state root and a workspace in the run’s scratch directory, and start a daemon on them',
    commands: SITE_COMMANDS.map(words => `kheish-daemon ${words}`),
    async execute(context) {
      const site = await seedSource(context)
      const instance = await runSource(context, site, context.run.scratchDir)
      context.run.defer('the source daemon', () => stopClean(instance))
      context.set(source, site)
      context.set(running, instance)
      await describeSeeded(context, site)
    },
  },
  verify: [sourceServes(running)],
  irreversible: 'everything lies in the scratch directory, which the run removes',
  resume: 'repeatable',
}

const stillSource: Step = {
  id: 'source',
  title: 'Find the source as its operator holds it still',
  effect: 'read',
  timeoutMs: 120_000,
  yields: [deployment],
  run: { describe: 'look at the state root and the workspace; nothing is run against them', execute: findSource },
  verify: [sourceStopped, outPlaceFits],
}

const runningSource: Step = {
  id: 'source',
  title: 'Find the running source and ask it who it is',
  effect: 'read',
  docs: { page: PAGE, command: 'status' },
  timeoutMs: 120_000,
  yields: [deployment, live, statusBefore],
  run: {
    describe: 'look at the state root and the workspace, and ask the daemon for its status',
    commands: ['kheish-daemon --base-url <base-url> --token-file <admin-token-file> status'],
    execute: findSource,
  },
  verify: [sourceAnswers, outPlaceFits],
}

const inventory: Step = {
  id: 'inventory',
  title: 'List what a recovery needs besides the archives',
  effect: 'read',
  timeoutMs: 300_000,
  yields: [artefacts],
  run: {
    describe: 'look for routes, configuration, binary, key and token files; take digests of those that are no secrets',
    async execute(context) {
      context.set(artefacts, await takeInventory(context, context.values.get(deployment)))
    },
  },
  verify: [artefactsThere, keysApart],
}

const preflight: Step = {
  id: 'preflight',
  title: 'Make sure that the source could start again',
  effect: 'read',
  docs: { page: PAGE, command: 'doctor routes --routes-file <path> --check-auth' },
  timeoutMs: 120_000,
  run: {
    describe: 'ask the daemon about its routes file and the stored credentials; look at key, tokens and commands',
    commands: ['kheish-daemon doctor routes --routes-file <routes-file> --check-auth'],
    execute: async () => {},
  },
  verify: [restartPossible],
}

/** What a source that runs is asked. */
const ASKING = ['secrets list', 'sessions list', 'runs list', 'status'].map(words => `kheish-daemon ${words}`)

const marker = (known: typeof factsTaken | typeof factsKnown): Step => ({
  id: 'marker',
  title: 'Write the state marker and take the facts of the source',
  effect: 'write',
  docs: { page: PAGE, command: 'secrets set <slot> --provider generic --stdin' },
  timeoutMs: 120_000,
  yields: [markerSetAt, baseline],
  run: {
    describe:
      'set the slot runproof.marker, make a session on a source that was seeded; then ask the source for its facts',
    commands: [
      'kheish-daemon secrets set runproof.marker --provider generic --stdin',
      'kheish-daemon sessions create',
      ...ASKING,
    ],
    async execute(context) {
      await writeMarker(context)
      await takeBaseline(context)
    },
  },
  verify: [markerReadsBack, known],
  irreversible: 'the slot belongs to runproof; its former value has no meaning',
  resume: 'repeatable',
})

const facts: Step = {
  id: 'facts',
  title: 'Take the facts of the source',
  effect: 'read',
  docs: { page: PAGE, command: 'secrets list --output json' },
  timeoutMs: 120_000,
  yields: [baseline],
  run: {
    describe: 'ask the source where it runs; else read the files of its state root, and write none',
    commands: ASKING,
    execute: takeBaseline,
  },
  verify: [factsKnown],
}

const stop: Step = {
  id: 'stop',
  title: 'Stop the source, so that its state is one moment',
  effect: 'write',
  timeoutMs: 60_000,
  run: {
    describe: 'stop the source daemon with SIGTERM and wait for it to end',
    async execute(context) {
      await context.values.get(running).stop({ graceMs: 20_000 })
    },
  },
  verify: [sourceStopped],
  irreversible: 'the stand-in source belongs to this run',
  resume: 'check-first',
}

const stopByCommand = ({ params }: PlanInput): Step => ({
  id: 'stop',
  title: 'Stop the source with its operator’s command, so that its state is one moment',
  effect: 'destroy',
  timeoutMs: parseDuration(params['stop-timeout']!) + BESIDES_MS,
  yields: [stoppedAtMs],
  run: {
    describe: 'note for gc and later runs that the source is stopped and how to start it; stop it; wait for its lock',
    commands: [commandOf(params['stop-command']!)],
    execute: stopSource,
  },
  verify: [sourceStopped],
  undo: {
    describe: `start it again, unless it serves: ${commandOf(params['start-command']!)}`,
    timeoutMs: parseDuration(params['start-timeout']!) + BESIDES_MS,
    execute: startAgain,
  },
  resume: 'check-first',
})

const archive = (input: PlanInput): Step => {
  const { compression, recipients } = packing(input.params)
  const parts: readonly Part[] = hasWorkspace(input.params, input.target) ? ['workspace'] : []
  const cutOff = recipients.length > 0 ? 'DECRYPT_FAILED' : 'ARCHIVE_TRUNCATED'
  const check = (part: Part) => (readable(input.params) ? archiveHoldsTree(part, cutOff) : archiveKept(part))
  return {
    id: 'archive',
    title:
      parts.length > 0
        ? 'Archive state root and workspace apart, with their manifests'
        : 'Archive the state root, with its manifest',
    effect: 'write',
    timeoutMs: 4 * 3_600_000,
    yields: [backupDir, made],
    run: {
      describe: `tar each root${compression === 'none' ? '' : `, compress with ${compression}`}${recipients.length > 0 ? `, encrypt to ${recipients.length} age recipients` : ''}; compute manifests and digests on the way`,
      execute: archiveRoots,
    },
    verify: [check('state'), ...parts.map(check)],
    irreversible: 'the archives are new files; remove them to undo',
    resume: 'check-first',
  }
}

const digests: Step = {
  id: 'digests',
  title: 'Write manifests, digests and signed facts beside the archives',
  effect: 'write',
  docs: { page: PAGE, command: 'sha256sum -c SHA256SUMS' },
  timeoutMs: 3_600_000,
  run: {
    describe: 'write the manifests, facts.json with its signature, and SHA256SUMS over all of them',
    async execute(context) {
      const { values } = context
      const settled = await settleFacts(context, values.get(baseline), values.get(deployment))
      await writeBackupSet(context, values.get(backupDir), settled, values.get(made))
    },
  },
  verify: [backupSetWhole],
  irreversible: 'the files are new; remove them to undo',
  resume: 'repeatable',
}

const restart: Step = {
  id: 'restart',
  title: 'Start the source again',
  effect: 'write',
  timeoutMs: 60_000,
  yields: [runningAgain],
  run: {
    describe: 'start the source daemon on its state root',
    async execute(context) {
      const site = context.values.get(source)
      const instance = await runSource(context, site, context.run.scratchDir)
      context.set(runningAgain, instance)
      context.run.defer('the restarted source daemon', () => stopClean(instance))
    },
  },
  verify: [sourceServes(runningAgain)],
  irreversible: 'starting it is the undo of stopping it',
  resume: 'check-first',
}

const startByCommand = ({ params }: PlanInput): Step => ({
  id: 'restart',
  title: 'Start the source again with its operator’s command',
  effect: 'write',
  docs: { page: PAGE, command: 'status' },
  timeoutMs: parseDuration(params['start-timeout']!) + BESIDES_MS,
  run: {
    describe: 'start the source, wait until it serves, take the notice down',
    commands: [commandOf(params['start-command']!), 'kheish-daemon status'],
    async execute(context) {
      await startAgain(context)
      const downMs = context.tools.clock.monotonicMs() - context.values.get(stoppedAtMs)
      context.run.fact('source.downMs', Math.round(downMs))
    },
  },
  verify: [sourceBack],
  irreversible: 'starting it is the undo of stopping it',
  resume: 'check-first',
})

function commandOf(param: string): string {
  return formatCommand({ argv: parseCommand(param) })
}
