#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { archiveHoldsTree } from '../src/checks/archive-holds-tree.ts'
import { backupSetWhole } from '../src/checks/backup-set.ts'
import { factsTaken } from '../src/checks/facts-taken.ts'
import { markerReadsBack } from '../src/checks/marker-reads-back.ts'
import { sourceServes } from '../src/checks/source-serves.ts'
import { sourceStopped } from '../src/checks/source-stopped.ts'
import { runSource } from '../src/drill/run-source.ts'
import { seedSource } from '../src/drill/seed-source.ts'
import { backupDir, baseline, made, markerSetAt, older, running, runningAgain, source } from '../src/drill/subjects.ts'
import { markerCommand, newSession, takeFacts } from '../src/drill/take-facts.ts'
import { writeBackupSet } from '../src/drill/write-backup-set.ts'
import type { NonEmpty } from '../src/model/check.ts'
import { defineRunbook, type ParamSpec, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { Secret } from '../src/model/secret.ts'

const PAGE = 'production-runbooks'

/** Size of what the stand-in is seeded with. */
export const seedParams: Readonly<Record<string, ParamSpec>> = {
  'seed-sessions': { describe: 'sessions the stand-in is seeded with', default: '6' },
  'seed-runs': { describe: 'finished runs it is seeded with', default: '12' },
  'seed-actions': { describe: 'signed actions it is seeded with, two ledger records each', default: '24' },
  'seed-files': { describe: 'files of its state root in all', default: '150' },
  'seed-size': { describe: 'bytes of its state root in all', default: '4000000' },
}

export default defineRunbook({
  id: 'backup',
  title: 'Take a backup that a restore can be held against',
  purpose: 'drill',
  params: {
    ...seedParams,
    binary: { describe: 'the daemon’s binary; the stand-in brings its own', example: '/usr/local/bin/kheish-daemon' },
    out: { describe: 'existing directory for the backup set', example: '/backup/tonight' },
  },
  requires: ['backup'],
  steps: input => backupSteps(input),
})

/** The steps from a running source to a verified backup set, and the source running again. */
export function backupSteps(_input: PlanInput): NonEmpty<Step> {
  return [seed, marker, stop, archive, digests, restart]
}

const seed: Step = {
  id: 'seed',
  title: 'Seed a stand-in source and start it',
  effect: 'write',
  timeoutMs: 60_000,
  yields: [source, running, older],
  run: {
    describe: 'seed a state root and a workspace in the run’s scratch directory, and start a daemon on them',
    async execute(context) {
      const site = await seedSource(context)
      const instance = await runSource(context, site, context.run.scratchDir)
      context.run.defer('the source daemon', async () => void (await instance.stop({ graceMs: 5_000 })))
      context.set(source, site)
      context.set(running, instance)
      context.run.fact(
        'binary.sha256',
        await context.tools.files.sha256(await context.tools.files.realPath(site.binary)),
      )
    },
  },
  verify: [sourceServes(running)],
  irreversible: 'everything lies in the scratch directory, which the run removes',
  resume: 'repeatable',
}

const marker: Step = {
  id: 'marker',
  title: 'Write the state marker and take the facts of the source',
  effect: 'write',
  docs: { page: PAGE, command: 'secrets set <slot> --provider generic --stdin' },
  timeoutMs: 60_000,
  yields: [markerSetAt, baseline],
  run: {
    describe: 'kheish-daemon secrets set runproof.marker --provider generic --stdin; then ask the source for its facts',
    async execute(context) {
      const site = context.values.get(source)
      const daemon = context.values.get(running)
      const online = {
        runner: daemon,
        binary: site.binary,
        baseUrl: daemon.place.baseUrl,
        tokenFile: site.adminTokenFile,
      }
      const value = new Secret('marker', randomBytes(24).toString('hex'))
      context.protect(value)
      context.set(markerSetAt, context.tools.clock.now().getTime())
      await context.runIn(online.runner, markerCommand(context, online, value))
      if (!context.target.real) await context.runIn(online.runner, newSession(context, online))
      context.set(baseline, await takeFacts(context, { ...site, online }))
    },
  },
  verify: [markerReadsBack, factsTaken],
  irreversible: 'the slot belongs to runproof; its former value has no meaning',
  resume: 'repeatable',
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

const archive: Step = {
  id: 'archive',
  title: 'Archive state root and workspace apart, with their manifests',
  effect: 'write',
  timeoutMs: 600_000,
  yields: [backupDir, made],
  run: {
    describe: 'tar the two roots into zstd archives, computing manifests and digests on the way',
    async execute(context) {
      const directory = await outDirectory(context)
      const { stateRoot, workspaceRoot } = context.values.get(source)
      const create = (sourceDir: string, name: string) =>
        context.tools.archives.create({
          sourceDir,
          archivePath: join(directory, `${name}.tar.zst`),
          signal: context.signal,
        })
      const [state, workspace] = await Promise.all([create(stateRoot, 'state'), create(workspaceRoot, 'workspace')])
      for (const finding of [...state.findings, ...workspace.findings])
        context.run.assume(`archive: ${finding.path}: ${finding.detail}`)
      context.set(backupDir, directory)
      context.set(made, { state, workspace })
    },
  },
  verify: [archiveHoldsTree('state'), archiveHoldsTree('workspace')],
  irreversible: 'the archives are new files; remove them to undo',
  resume: 'check-first',
}

const digests: Step = {
  id: 'digests',
  title: 'Write manifests, digests and signed facts beside the archives',
  effect: 'write',
  docs: { page: PAGE, command: 'sha256sum -c' },
  timeoutMs: 60_000,
  run: {
    describe: 'write the manifests, facts.json with its signature, and SHA256SUMS over all of them',
    execute: context =>
      writeBackupSet(context, context.values.get(backupDir), context.values.get(baseline), context.values.get(made)),
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
      context.run.defer('the restarted source daemon', async () => void (await instance.stop({ graceMs: 5_000 })))
    },
  },
  verify: [sourceServes(runningAgain)],
  irreversible: 'starting it is the undo of stopping it',
  resume: 'check-first',
}

async function outDirectory({ params, run, tools }: StepContext): Promise<string> {
  const directory = params.out ?? join(run.scratchDir, 'backup')
  await tools.files.makeDirectory(directory)
  return directory
}
