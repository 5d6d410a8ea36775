import { join } from 'node:path'
import { makeSite, writeSecret } from '../daemon/make-site.ts'
import { offline } from '../daemon/offline.ts'
import { randomSecret } from '../daemon/random-secret.ts'
import type { Site } from '../daemon/subjects.ts'
import type { StepContext } from '../model/runbook.ts'
import { older, type Source } from './subjects.ts'

/**
 * Fills a source for a daemon that can seed itself: key, tokens, routes, one route credential, sessions, runs and a signed
 * ledger, a workspace with a sentinel; and archives that state before the daemon first runs on it.
 */
export async function seedSource(context: StepContext): Promise<Source> {
  const { run } = context
  const keys = join(run.scratchDir, 'source-keys')
  const { credential: _, ...made } = await makeSite(context, join(run.scratchDir, 'source'), keys)
  const site = {
    ...made,
    adminTokenFile: join(keys, 'admin-token'),
    readonlyTokenFile: join(keys, 'readonly-token'),
  }
  await writeSecret(context, site.adminTokenFile, randomSecret('source-admin-token'))
  await writeSecret(context, site.readonlyTokenFile, randomSecret('source-readonly-token'))
  const sentinel = await seed(context, site)
  await archiveOlder(context, site)
  return { ...site, sentinel }
}

/** @returns the sentinel's path inside the workspace */
async function seed(context: StepContext, site: Site): Promise<string> {
  const words = ['seed', '--state-root', site.stateRoot, '--workspace-root', site.workspaceRoot]
  for (const name of ['sessions', 'runs', 'actions', 'files', 'size'] as const)
    words.push(`--${name}`, context.params[`seed-${name}`]!)
  const until = context.tools.clock.now().getTime()
  const summary = JSON.parse(await offline(context, site, [...words, '--until-ms', String(until)])) as {
    sentinel: { path: string }
  }
  return summary.sentinel.path
}

/** The state as it is before the daemon ever ran on it: an archive that restores the wrong moment. */
async function archiveOlder(context: StepContext, site: Site): Promise<void> {
  const { tools, run, signal } = context
  const made = await tools.archives.create({
    sourceDir: site.stateRoot,
    archivePath: join(run.scratchDir, 'older-state.tar.zst'),
    signal,
  })
  context.set(older, {
    path: made.archivePath,
    open: () => tools.archives.alteredStream(made.archivePath, {}),
    expectedSha256: made.sha256,
    receivedSha256: made.sha256,
    manifest: made.manifest,
    reading: {},
  })
}
