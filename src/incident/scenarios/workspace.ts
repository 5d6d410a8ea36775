import { setTimeout as delay } from 'node:timers/promises'
import { daemon, isolated } from '../../daemon/subjects.ts'
import { keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { whereFilesAre } from './host.ts'

const MOST_FILES = 8_000
const DIGEST_MS = 30_000

/** Digests of the files of a workspace, by name. */
export interface WorkspaceDigests {
  readonly files: Readonly<Record<string, string>>
  /** There were more than were read. */
  readonly cut: boolean
}

/** What is different in a workspace, by name. */
export interface WorkspaceDiff {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

const DIGEST = 'cd "$1" && find . -xdev -type f -print0 | sort -z | head -z -n "$2" | xargs -0 -r sha256sum -z --'

/**
 * Digests of every regular file below a directory, where the daemon's files are. A file that goes away meanwhile is left out.
 *
 * @throws RunproofError FILE_UNREADABLE, TIMEOUT
 */
export async function digestsOf(context: CheckContext, directory: string): Promise<WorkspaceDigests> {
  const argv = ['sh', '-c', DIGEST, 'sh', directory, String(MOST_FILES)] as const
  const { exitCode, stdout, stdoutCut, timedOut } = await whereFilesAre(context, argv, DIGEST_MS)
  if (timedOut) throw new RunproofError('TIMEOUT', `${directory} could not be read within ${DIGEST_MS} ms`)
  // A file that is gone again makes the last command end with 123; one that cannot be entered, the first with 1 or 2.
  if (exitCode !== 0 && exitCode !== 123)
    throw new RunproofError('FILE_UNREADABLE', `${directory} cannot be read: exit ${exitCode}`, {
      hint: 'is it the workspace root, and on this machine?',
    })
  const lines = stdout.split('\0').slice(0, -1)
  const files = Object.fromEntries(lines.map(line => [line.slice(66).replace(/^\.\//, ''), line.slice(0, 64)]))
  return { files, cut: stdoutCut || lines.length >= MOST_FILES }
}

export function diffOf(before: WorkspaceDigests, after: WorkspaceDigests): WorkspaceDiff {
  const has = (digests: WorkspaceDigests, name: string) => Object.hasOwn(digests.files, name)
  const names = Object.keys(after.files)
  return {
    added: names.filter(name => !has(before, name)),
    changed: names.filter(name => has(before, name) && before.files[name] !== after.files[name]),
    removed: Object.keys(before.files).filter(name => !has(after, name)),
  }
}

/** Files that are different after a while. */
export async function changesWithin(
  context: CheckContext,
  directory: string,
  milliseconds: number,
): Promise<readonly string[]> {
  const before = await digestsOf(context, directory)
  await delay(milliseconds, undefined, { signal: context.signal })
  const { added, changed, removed } = diffOf(before, await digestsOf(context, directory))
  return [...added, ...changed, ...removed]
}

/** What became different in the workspace; `files` is how many were read. */
export const workspaceDiff = keptCapture<{ readonly diff: WorkspaceDiff; readonly files: number }>(
  'workspace-diff',
  'what is different in the workspace',
)

/** Where the daemon's workspace is; undefined where nobody said. */
export function workspaceOf({ values, params }: CheckContext): string | undefined {
  return values.get(daemon).reached === 'running' ? params['workspace-root'] : values.get(isolated).workspaceRoot
}
