import { dirname, join } from 'node:path'
import { randomSecret } from '../daemon/random-secret.ts'
import type { Site } from '../daemon/subjects.ts'
import type { Command } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import { older, type Source } from './subjects.ts'

const ROUTE_SLOT = 'openai.prod'

const ROUTES = `version = 1
default_route = "main"

[routes.main]
driver = "openai"
default_model = "model-x"
auth_ref = "${ROUTE_SLOT}"
`

/**
 * Fills a source for a daemon that can seed itself: key, tokens, routes, one route credential, sessions, runs and a signed
 * ledger, a workspace with a sentinel; and archives that state before the daemon first runs on it.
 */
export async function seedSource(context: StepContext): Promise<Source> {
  const { run, tools, target, params } = context
  const home = join(run.scratchDir, 'source')
  const keys = join(run.scratchDir, 'source-keys')
  const site: Omit<Source, 'sentinel'> = {
    binary: params.binary ?? target.bundledBinary!,
    stateRoot: join(home, 'state'),
    workspaceRoot: join(home, 'workspace'),
    routesFile: join(home, 'routes.toml'),
    masterKeyFile: join(keys, 'master-key'),
    adminTokenFile: join(keys, 'admin-token'),
    readonlyTokenFile: join(keys, 'readonly-token'),
  }
  for (const directory of [home, keys, site.stateRoot, site.workspaceRoot]) await tools.files.makeDirectory(directory)

  const key = await offline(context, site, ['secrets', 'generate'], undefined, false)
  await writeSecret(context, site.masterKeyFile, new Secret('master-key', key.trim()))
  await writeSecret(context, site.adminTokenFile, randomSecret('source-admin-token'))
  await writeSecret(context, site.readonlyTokenFile, randomSecret('source-readonly-token'))
  await tools.files.write(site.routesFile, ROUTES, 0o644)

  const credential = randomSecret('route-credential')
  context.protect(credential)
  await offline(
    context,
    site,
    ['secrets', 'set', ROUTE_SLOT, '--offline', '--state-root', site.stateRoot, '--provider', 'openai', '--stdin'],
    credential,
  )
  if (site.binary === target.bundledBinary) {
    // The executable itself only hands over to the program that lies beside it.
    run.fact('stand-in.sha256', await tools.files.treeSha256(dirname(await tools.files.realPath(site.binary))))
  }
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

async function offline(
  context: StepContext,
  site: Site,
  words: readonly string[],
  stdin?: Secret,
  withKey = true,
): Promise<string> {
  const base = context.target.offline(
    { binary: site.binary, ...(withKey ? { masterKeyFile: site.masterKeyFile } : {}) },
    words,
  )
  const command: Command = stdin === undefined ? base : { ...base, stdin }
  const result = await context.runIn(context.tools.commands, command)
  if (result.exitCode !== 0) {
    throw new RunproofError(
      'COMMAND_FAILED',
      `${words.slice(0, 2).join(' ')} ended with exit ${result.exitCode ?? result.signal}`,
      {
        hint: 'is this a binary that behaves as the contract says?',
      },
    )
  }
  return result.stdout
}

async function writeSecret(context: StepContext, path: string, secret: Secret): Promise<void> {
  context.protect(secret)
  await context.tools.files.write(path, secret)
}
