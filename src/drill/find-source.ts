import { join } from 'node:path'
import { parseCommand } from '../model/command-param.ts'
import { parseDuration } from '../model/duration.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { listOf, wayOf } from './backup-params.ts'
import { type Deployment, deployment, type LiveSource, live, statusBefore } from './backup-subjects.ts'
import { liveStatus, noticeIdOf, sameRoot } from './hold-source.ts'
import { askLock } from './lock.ts'
import type { Source } from './subjects.ts'

/** The source that parameters describe; asked for its status where it runs. Nothing is started, stopped or written. */
export async function findSource(context: StepContext): Promise<void> {
  const { params, target, tools } = context
  const stateRoot = (params['state-dir'] ?? params['state-root'])!
  const workspaceRoot = params['workspace-dir'] ?? params['workspace-root']
  for (const root of [stateRoot, ...(workspaceRoot === undefined ? [] : [workspaceRoot])]) {
    const type = (await tools.files.facts(await tools.files.realPath(root)))?.type
    if (type !== 'directory') throw new RunproofError('FILE_UNREADABLE', `${root} is no directory`)
  }
  await setDeployment(context, {
    stateRoot,
    workspaceRoot,
    sentinel: params.sentinel,
    binary: params.binary,
    routesFile: params['routes-file'],
    masterKeyFile: params['master-key-file'],
    adminTokenFile: params['admin-token-file'],
    readonlyTokenFile: params['readonly-token-file'],
    connectorsConfig: params['connectors-config'],
    mcpConfig: params['mcp-config'],
    hooksFile: params['hooks-file'],
    skillRoots: listOf(params['skill-root']),
  })
  await protectNamed(context)
  if (wayOf(params, target) === 'commands') await findLive(context, stateRoot)
  else await askLock(context, stateRoot)
}

/** The source that this run seeded itself. */
export function describeSeeded(context: StepContext, site: Source): Promise<void> {
  const none = { connectorsConfig: undefined, mcpConfig: undefined, hooksFile: undefined, skillRoots: [] }
  const { binary, stateRoot, workspaceRoot, sentinel, routesFile, masterKeyFile, adminTokenFile, readonlyTokenFile } =
    site
  const named = {
    binary,
    stateRoot,
    workspaceRoot,
    sentinel,
    routesFile,
    masterKeyFile,
    adminTokenFile,
    readonlyTokenFile,
  }
  return setDeployment(context, { ...named, ...none })
}

async function setDeployment(context: StepContext, named: Omit<Deployment, 'outDir' | 'scratchDir'>): Promise<void> {
  const { params, run, tools } = context
  const scratchDir = join(run.scratchDir, 'counterproofs')
  await tools.files.makeDirectory(scratchDir)
  context.set(deployment, { ...named, outDir: params.out ?? join(run.scratchDir, 'backup'), scratchDir })
}

/** What is known to be secret is kept out of everything the run writes; what is missing is for the inventory to tell. */
async function protectNamed(context: StepContext): Promise<void> {
  for (const name of ['master-key-file', 'admin-token-file', 'readonly-token-file']) {
    const path = context.params[name]
    if (path !== undefined && (await context.tools.files.facts(path)) !== undefined)
      context.protect(await context.tools.files.readSecret(path, name.replace(/-file$/, '')))
  }
}

async function findLive(context: StepContext, stateRoot: string): Promise<void> {
  const { params, tools } = context
  const noticeId = noticeIdOf(await tools.files.realPath(stateRoot))
  const found: LiveSource = {
    binary: params.binary!,
    baseUrl: params['base-url']!,
    adminTokenFile: params['admin-token-file']!,
    stopCommand: parseCommand(params['stop-command']!),
    startCommand: parseCommand(params['start-command']!),
    stopMs: parseDuration(params['stop-timeout']!),
    startMs: parseDuration(params['start-timeout']!),
    noticeId,
  }
  const status = await liveStatus(context, found)
  context.set(live, found)
  context.set(statusBefore, status)
  // Another run's notice is out of date once the source serves.
  if (await sameRoot(context, status.stateRoot, stateRoot)) await tools.notices.remove(noticeId)
}
