import { compareManifests } from '../../archive/compare.ts'
import { UNLIMITED } from '../../archive/limits.ts'
import { bytesOfText } from '../../archive/path-text.ts'
import { ArchiveScreen } from '../../archive/screen.ts'
import type { CompareTree, Manifest, ManifestComparison, ManifestEntry } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import { StreamChild } from './child.ts'
import { describeTree } from './describe-tree.ts'
import { tarCreateSome } from './gnu-tar.ts'
import { lent } from './lend.ts'
import { describeExit } from './through-child.ts'

/** The tree on disk against a manifest, both ways. Extended attributes are read back where the manifest has some. */
export async function compareTree({
  directory,
  manifest,
  ignore = [],
  signal,
}: CompareTree): Promise<ManifestComparison> {
  const actual = await describeTree(directory, signal)
  const present = new Set(actual.entries.map(entry => entry.path))
  const expected = manifest.entries.filter(entry => entry.xattrs !== undefined && present.has(entry.path))
  if (expected.length === 0 || ignore.includes('xattrs')) return compareManifests(manifest, actual, ignore)
  return compareManifests(manifest, await withXattrs(directory, actual, expected, signal), ignore)
}

async function withXattrs(
  directory: string,
  tree: Manifest,
  wanted: readonly ManifestEntry[],
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const read = new Map((await readSome(directory, wanted, signal)).entries.map(entry => [entry.path, entry.xattrs]))
  const entries = tree.entries.map(entry => {
    const xattrs = read.get(entry.path)
    return xattrs === undefined ? entry : { ...entry, xattrs }
  })
  return { ...tree, entries }
}

/** Node has no call for extended attributes, so tar reads them, as it did when the archive was made. */
async function readSome(
  directory: string,
  wanted: readonly ManifestEntry[],
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  await using tar = new StreamChild(tarCreateSome(directory), { signal })
  for (const { path } of wanted) tar.stdin.write(Buffer.concat([Buffer.from('./'), bytesOfText(path), Buffer.alloc(1)]))
  tar.stdin.end()
  const screen = new ArchiveScreen(UNLIMITED, 'report')
  for await (const chunk of lent(tar.stdout as AsyncIterable<Buffer>)) screen.push(chunk, Number.POSITIVE_INFINITY)
  const exit = await tar.exit
  if (exit.code === 0) return screen.end().manifest
  throw new RunproofError('COMMAND_FAILED', `tar could not read the attributes in ${directory} (${describeExit(exit)})`)
}
