import { join, resolve } from 'node:path'
import { expectedDigest } from '../archive/digest-file.ts'
import { parseManifest } from '../archive/manifest.ts'
import { keysDir } from '../daemon/subjects.ts'
import { keyIdOfAuditKey } from '../ledger/audit-key.ts'
import type { Manifest } from '../model/archive.ts'
import { parseArgv } from '../model/argv-param.ts'
import { parseDuration } from '../model/duration.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import { askLock } from './lock.ts'
import { archivesInSet, nameInSet } from './name-in-set.ts'
import { promotionFile } from './promote.ts'
import { readFacts } from './read-facts.ts'
import { originOf } from './restore-params.ts'
import {
  baseline,
  type Incoming,
  incoming,
  keptAuditKey,
  made,
  offLimits,
  older,
  type Part,
  restorePlace,
  site,
  snapshot,
  source,
} from './subjects.ts'
import { SET } from './write-backup-set.ts'

/** Trees and archives share nothing; counterproofs link files and stream archives, so they cost little more. */
const ROOM_FACTOR = 1.2
/** What a compressed archive may grow to, where no manifest says: the usual ratio of text, with some to spare. */
const UNPACK_FACTOR = 6

/** Brings in what is to be restored, whatever it comes from, and settles where it goes. Nothing is unpacked yet. */
export async function receiveBackup(context: StepContext): Promise<void> {
  const { params, run, tools } = context
  const keys = join(run.scratchDir, 'keys')
  await tools.files.makeDirectory(keys)
  context.set(keysDir, keys)
  await (originOf(params) === 'this-run' ? receiveOwn(context) : receiveGiven(context))
}

/** What the backup in this same run made. */
async function receiveOwn(context: StepContext): Promise<void> {
  const { run, tools, values } = context
  const origin = values.get(source)
  const parts = values.get(made)
  const receive = (part: Part): Incoming | undefined => {
    const archive = parts[part]
    return (
      archive && {
        ...opened(context, archive.archivePath),
        expectedSha256: archive.sha256,
        receivedSha256: archive.sha256,
        manifest: archive.manifest,
        reading: {},
      }
    )
  }
  const directory = join(run.scratchDir, 'restored')
  await tools.files.makeDirectory(directory)
  const live = await Promise.all([origin.stateRoot, origin.workspaceRoot].map(path => tools.files.realPath(path)))
  context.set(incoming, { state: receive('state')!, workspace: receive('workspace') })
  context.set(site, { binary: origin.binary, routesFile: origin.routesFile, masterKeyFile: origin.masterKeyFile })
  context.set(offLimits, live)
  context.set(restorePlace, {
    directory,
    neededBytes: treeBytes([parts.state?.manifest, parts.workspace?.manifest]),
    live,
  })
}

/** What the operator gave. */
async function receiveGiven(context: StepContext): Promise<void> {
  const { params, run, tools, target } = context
  // The daemon has a working directory of its own, where relative paths would lead elsewhere.
  const binary = resolve(params['binary'] ?? target.bundledBinary!)
  const masterKeyFile = resolve(params['master-key-file']!)
  context.protect(await tools.files.readSecret(masterKeyFile, 'master-key'))
  await protectIdentities(context)
  // One that is not there is refused before anything is brought in.
  await tools.files.realPath(binary)
  context.set(site, { binary, routesFile: await tools.files.realPath(params['routes-file']!), masterKeyFile })
  run.fact('routes.sha256', await tools.files.sha256(params['routes-file']!))

  // Before anything of it is missed: a directory that is no backup set is told as such.
  await requireSet(context)
  const facts = await readFacts(context)
  if (facts !== undefined) context.set(baseline, facts)
  if (params['audit-key-file'] !== undefined) {
    context.set(
      keptAuditKey,
      keyIdOfAuditKey(await tools.files.readText(params['audit-key-file']), params['audit-key-file']),
    )
  }
  const directory = await placeToRestore(context)

  if (params['state-dir'] !== undefined) return receiveSnapshot(context, directory)
  const state = await fetchPart(context, 'state')
  const workspace = await fetchPart(context, 'workspace')
  if (params['older-state-archive'] !== undefined) {
    context.set(older, {
      ...opened(context, params['older-state-archive']),
      expectedSha256: undefined,
      receivedSha256: undefined,
      manifest: undefined,
      reading: reading(context),
    })
  }
  // The archives themselves: the directory they lie in may well be one that holds the scratch directory too, as /tmp does.
  const live = await Promise.all(
    [state!, workspace].flatMap(part => (part === undefined ? [] : [tools.files.realPath(part.path)])),
  )
  const sizes = [state, workspace].map(part => part?.manifest)
  const stored =
    (await tools.files.sizeBytes(state!.path)) +
    (workspace === undefined ? 0 : await tools.files.sizeBytes(workspace.path))
  context.set(incoming, { state: state!, workspace })
  context.set(offLimits, live)
  context.set(restorePlace, {
    directory,
    live,
    neededBytes: state!.manifest === undefined ? stored * UNPACK_FACTOR : treeBytes(sizes),
  })
}

/** Whoever has an age identity can open every archive made for it. */
async function protectIdentities(context: StepContext): Promise<void> {
  const path = context.params['identity-file']
  if (path === undefined) return
  const keys = (await context.tools.files.readText(path)).split('\n').filter(line => line.startsWith('AGE-SECRET-KEY-'))
  for (const [index, key] of keys.entries()) context.protect(new Secret(`age-identity-${index + 1}`, key.trim()))
}

async function receiveSnapshot(context: StepContext, directory: string): Promise<void> {
  const { params, tools } = context
  const stateDir = await tools.files.realPath(params['state-dir']!)
  if ((await askLock(context, stateDir)) === 'held') {
    throw new RunproofError('SOURCE_LOCKED', `a daemon runs on ${stateDir}: a copy of it would be of no one moment`, {
      hint: 'stop it, or give a snapshot of its state root',
    })
  }
  const workspaceDir =
    params['workspace-dir'] === undefined ? undefined : await tools.files.realPath(params['workspace-dir'])
  const live = [stateDir, ...(workspaceDir === undefined ? [] : [workspaceDir])]
  const held: Incoming = {
    path: stateDir,
    open: noArchive,
    expectedSha256: undefined,
    receivedSha256: undefined,
    manifest: await givenManifest(context, 'state'),
    reading: {},
  }
  const bytes =
    (await tools.files.sizeBytes(stateDir)) +
    (workspaceDir === undefined ? 0 : await tools.files.sizeBytes(workspaceDir))
  context.set(snapshot, { stateDir, workspaceDir })
  context.set(incoming, {
    state: held,
    workspace:
      workspaceDir === undefined
        ? undefined
        : { ...held, path: workspaceDir, manifest: await givenManifest(context, 'workspace') },
  })
  context.set(offLimits, live)
  context.set(restorePlace, { directory, live, neededBytes: Math.ceil(bytes * ROOM_FACTOR) })
}

/** One archive: found, copied here where it has to be, and its recorded digest looked up. */
async function fetchPart(context: StepContext, part: Part): Promise<Incoming | undefined> {
  const { params, run, tools, signal } = context
  const from = await originOfPart(context, part)
  if (from === undefined) return undefined
  const directory = join(run.scratchDir, 'incoming')
  await tools.files.makeDirectory(directory)
  const fetch = () =>
    tools.archives.fetch({
      from,
      directory,
      fileName: `${part}-archive`,
      allowUnknown: params['decrypt-command'] !== undefined,
      timeoutMs: parseDuration(params['fetch-timeout']!),
      signal,
    })
  const fetched = await (typeof from === 'string' ? fetch() : context.recorded({ argv: from.command }, fetch))
  run.fact(`archive.${part}.sha256`, fetched.sha256)
  run.fact(`archive.${part}.format`, fetched.format)
  return {
    ...opened(context, fetched.path),
    expectedSha256: await recordedDigest(context, part, typeof from === 'string' && from !== '-' ? from : undefined),
    receivedSha256: fetched.sha256,
    manifest: await givenManifest(context, part),
    reading: reading(context),
  }
}

async function requireSet({ params, tools }: StepContext): Promise<void> {
  const set = params['backup-set']
  if (set === undefined) return
  const names = await tools.files.list(set)
  if (archivesInSet(names, 'state').length === 0 && !names.includes(SET.facts)) throw noState(set)
}

async function originOfPart(
  { params, tools, values }: StepContext,
  part: Part,
): Promise<string | { readonly command: readonly [string, ...string[]] } | undefined> {
  const given = params[`${part}-archive`]
  if (given !== undefined) return given
  if (part === 'state' && params['fetch-command'] !== undefined) return { command: parseArgv(params['fetch-command']) }
  const set = params['backup-set']
  if (set === undefined) return undefined
  const name = nameInSet(set, await tools.files.list(set), part, values.find(baseline)?.archives)
  if (name === undefined && part === 'state') throw noState(set)
  return name === undefined ? undefined : join(set, name)
}

function noState(set: string): RunproofError {
  return new RunproofError('ARCHIVE_UNREADABLE', `${set} holds no state.tar, .tar.gz or .tar.zst, nor one with .age`, {
    hint: 'a backup set is made by runproof run backup',
  })
}

/** From the signed facts, else from the list; where both say something they must agree. */
async function recordedDigest(context: StepContext, part: Part, path: string | undefined): Promise<string | undefined> {
  const listed = await listedDigest(context, part, path)
  const signed = context.values.find(baseline)?.archives[part]?.sha256
  if (listed !== undefined && signed !== undefined && listed !== signed) {
    throw new RunproofError('DIGEST_MISMATCH', `the list gives the ${part} archive another digest than the facts do`, {
      hint: 'the list, or the archive with it, was replaced after the backup; do not restore from this set',
    })
  }
  return signed ?? listed
}

async function listedDigest(
  { params, tools }: StepContext,
  part: Part,
  path: string | undefined,
): Promise<string | undefined> {
  const file =
    params['sha256-file'] ?? (params['backup-set'] === undefined ? undefined : join(params['backup-set'], SET.digests))
  if (file === undefined) return undefined
  const text = await tools.files.readText(file)
  // What was fetched by a command has no name of its own; it is the part's usual name that the list must hold.
  return expectedDigest(text, path ?? `${part}.tar.zst`, file)
}

/** @throws RunproofError MANIFEST_INVALID, also when the facts know another manifest */
async function givenManifest({ params, tools, values }: StepContext, part: Part): Promise<Manifest | undefined> {
  const named = part === 'state' ? params['manifest'] : params['workspace-manifest']
  const path =
    named ?? (params['backup-set'] === undefined ? undefined : join(params['backup-set'], SET.manifest(part)))
  if (path === undefined) return undefined
  const signed = values.find(baseline)?.archives[part]?.manifestSha256
  if (signed !== undefined && signed !== (await tools.files.sha256(path))) {
    throw new RunproofError('MANIFEST_INVALID', `${path} is not the manifest that the facts name`, {
      hint: 'it was changed after the backup, or belongs to another one',
    })
  }
  return parseManifest(await tools.files.readText(path, 1 << 30), path)
}

function opened({ tools }: StepContext, path: string): Pick<Incoming, 'path' | 'open'> {
  return { path, open: () => tools.archives.alteredStream(path, {}) }
}

function reading({ params }: StepContext): Incoming['reading'] {
  if (params['decrypt-command'] !== undefined) return { decrypt: { command: parseArgv(params['decrypt-command']) } }
  return params['identity-file'] === undefined ? {} : { decrypt: { identityFile: params['identity-file'] } }
}

function treeBytes(manifests: readonly (Manifest | undefined)[]): number {
  return Math.ceil(ROOM_FACTOR * manifests.reduce((sum, manifest) => sum + (manifest?.totals.sizeBytes ?? 0), 0))
}

function noArchive(): never {
  throw new RunproofError('INTERNAL', 'a snapshot has no archive to read')
}

/**
 * The directory that takes the trees. What the run puts there is removed at its end, unless the operator keeps it and the
 * daemon was validated; what lay there before is never touched, and is refused by a check.
 */
async function placeToRestore({ params, run, tools }: StepContext): Promise<string> {
  const directory = resolve(params['restore-dir'] ?? join(run.scratchDir, 'restored'))
  const existed = (await tools.files.facts(directory)) !== undefined
  const before = await tools.files.list(directory)
  await tools.files.makeDirectory(directory)
  if (before.length > 0) return directory
  run.defer('the restored trees', async () => {
    await tools.files.remove(join(directory, 'counterproofs'))
    if (params['keep'] === 'yes' && (await tools.files.facts(promotionFile(run))) !== undefined) return
    if (!existed) return tools.files.remove(directory)
    for (const name of await tools.files.list(directory)) await tools.files.remove(join(directory, name))
  })
  return directory
}
