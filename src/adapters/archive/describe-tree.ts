import { type BigIntStats, readlinkSync } from 'node:fs'
import { type ManifestDraft, makeManifest } from '../../archive/manifest.ts'
import { modeText } from '../../archive/manifest-builder.ts'
import { textOfPath } from '../../archive/path-text.ts'
import type { EntryType, Manifest, ManifestEntry } from '../../model/archive.ts'
import { digestNow } from './file-digest.ts'
import { type TreeNode, unreadable, walkTree } from './tree-walk.ts'

export interface TreeDescription {
  readonly manifest: Manifest
  /** Per path, what the kernel changes whenever content or meta data change. */
  readonly stamps: ReadonlyMap<string, string>
}

/**
 * A tree as a manifest, links not followed, extended attributes not read (Node cannot).
 *
 * @throws RunproofError FILE_UNREADABLE, INTERRUPTED
 */
export async function describeTree(directory: string, signal?: AbortSignal): Promise<Manifest> {
  return (await describe(directory, digestOf, signal)).manifest
}

/** The same without reading any file: entries carry no digest. */
export function describeMetadata(directory: string, signal?: AbortSignal): Promise<TreeDescription> {
  return describe(directory, () => undefined, signal)
}

async function describe(
  directory: string,
  sha256Of: (node: TreeNode) => string | undefined,
  signal?: AbortSignal,
): Promise<TreeDescription> {
  const drafts: ManifestDraft[] = []
  const leaders = new Map<string, string>()
  const inodes = new Map<string, ManifestDraft>()
  const stamps = new Map<string, string>()

  for await (const batch of walkTree(directory, signal)) {
    for (const node of batch) {
      const { key, stats } = node
      stamps.set(textOfPath(key), `${stats.ino} ${stats.ctimeNs} ${stats.size}`)
      const shared = stats.isFile() && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined
      const first = shared === undefined ? undefined : inodes.get(shared)
      const entry = first === undefined ? entryOf(node, sha256Of) : { ...first.entry, path: textOfPath(key) }
      const draft = { key, entry }
      drafts.push(draft)
      if (first !== undefined) leaders.set(key, first.key)
      else if (shared !== undefined) inodes.set(shared, draft)
    }
  }
  return { manifest: makeManifest(drafts, leaders), stamps }
}

function entryOf(node: TreeNode, sha256Of: (node: TreeNode) => string | undefined): ManifestEntry {
  const { key, stats } = node
  const type = typeOf(stats)
  const sha256 = type === 'file' ? sha256Of(node) : undefined
  return {
    path: textOfPath(key),
    type,
    mode: modeText(Number(stats.mode)),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    sizeBytes: type === 'file' ? Number(stats.size) : 0,
    mtimeNs: stats.mtimeNs.toString(),
    ...(type === 'symlink' && {
      linkTarget: textOfPath(readlinkSync(node.path, { encoding: 'buffer' }).toString('latin1')),
    }),
    ...(sha256 !== undefined && { sha256 }),
  }
}

function digestOf(node: TreeNode): string {
  try {
    return digestNow(node.path)
  } catch (thrown) {
    throw unreadable(textOfPath(node.path.toString('latin1')), thrown)
  }
}

function typeOf(stats: BigIntStats): EntryType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isFIFO()) return 'fifo'
  if (stats.isSocket()) return 'socket'
  return stats.isBlockDevice() ? 'block-device' : 'character-device'
}
