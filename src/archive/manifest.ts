import type { EntryType, Manifest, ManifestEntry, ManifestTotals } from '../model/archive.ts'
import { RunproofError } from '../model/error.ts'
import { comparePaths, pathOfText } from './path-text.ts'

const MANIFEST_SCHEMA = 'runproof-manifest-1'

export interface ManifestDraft {
  /** Path as a byte string. */
  readonly key: string
  /** All facts; a further name of a file is given as a `file` too. */
  readonly entry: ManifestEntry
}

/**
 * Sorts members and names hard links the same way whoever walked the tree: of the names of one file, the first in byte
 * order is the file and the others are links to it.
 *
 * @param leaders - for each further name of a file, the name all of them share
 */
export function makeManifest(drafts: readonly ManifestDraft[], leaders: ReadonlyMap<string, string>): Manifest {
  const first = new Map<string, ManifestDraft>()
  const groups = new Set(leaders.values())
  const groupOf = (key: string) => leaders.get(key) ?? (groups.has(key) ? key : undefined)
  const sorted = [...drafts].sort((one, other) => comparePaths(one.key, other.key))

  const entries = sorted.map(draft => {
    const group = groupOf(draft.key)
    if (group === undefined) return draft.entry
    const file = first.get(group)
    if (file === undefined) {
      first.set(group, draft)
      return draft.entry
    }
    return { ...draft.entry, type: 'hardlink' as const, linkTarget: file.entry.path }
  })
  return { schema: MANIFEST_SCHEMA, totals: totalsOf(entries), entries }
}

function totalsOf(entries: readonly ManifestEntry[]): ManifestTotals {
  const count = (...types: readonly EntryType[]) => entries.filter(entry => types.includes(entry.type)).length
  const files = count('file')
  const directories = count('directory')
  const links = count('symlink', 'hardlink')
  return {
    entries: entries.length,
    files,
    directories,
    links,
    others: entries.length - files - directories - links,
    sizeBytes: entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.sizeBytes : 0), 0),
  }
}

/** Canonical JSON (RFC 8785): members in order, no white space, so that equal trees give equal bytes. */
export function manifestText(manifest: Manifest): string {
  const { entries, schema, totals } = manifest
  return JSON.stringify({
    entries: entries.map(({ gid, linkTarget, mode, mtimeNs, path, sha256, sizeBytes, type, uid, xattrs }) => ({
      gid,
      linkTarget,
      mode,
      mtimeNs,
      path,
      sha256,
      sizeBytes,
      type,
      uid,
      xattrs: xattrs === undefined ? undefined : sortedMembers(xattrs),
    })),
    schema,
    totals: sortedMembers(totals as unknown as Record<string, number>),
  })
}

/**
 * @throws RunproofError MANIFEST_INVALID unless the text is, byte for byte, what {@link manifestText} makes of it:
 *   a manifest somebody edited or reordered is not one runproof wrote
 */
export function parseManifest(text: string, name: string): Manifest {
  const invalid = (what: string, cause?: unknown) =>
    new RunproofError('MANIFEST_INVALID', `${name} is not a manifest: ${what}`, {
      hint: 'use the manifest file that was written beside the archive',
      cause,
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid('it is no JSON', cause)
  }
  const manifest = value as Manifest
  if (manifest?.schema !== MANIFEST_SCHEMA) throw invalid(`its schema is not ${MANIFEST_SCHEMA}`)
  if (!Array.isArray(manifest.entries) || manifest.entries.length === 0) throw invalid('it has no entries')
  const bad = manifest.entries.findIndex(entry => !isEntry(entry))
  if (bad >= 0) throw invalid(`entry ${bad} is malformed`)
  const keys = manifest.entries.map(entry => pathOfText(entry.path))
  const unsorted = keys.findIndex((key, index) => index > 0 && comparePaths(keys[index - 1]!, key) >= 0)
  if (unsorted >= 0) throw invalid(`entry ${unsorted} is out of order or given twice`)
  const whole = { schema: manifest.schema, totals: totalsOf(manifest.entries), entries: manifest.entries }
  if (manifestText(whole) !== text.trimEnd()) throw invalid('it is not in canonical form, or its totals are wrong')
  return whole
}

const TYPES = new Set<unknown>([
  'file',
  'directory',
  'symlink',
  'hardlink',
  'fifo',
  'character-device',
  'block-device',
  'socket',
])

function isEntry(entry: ManifestEntry): boolean {
  const natural = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  const matches = (value: unknown, pattern: RegExp) => typeof value === 'string' && pattern.test(value)
  const isLink = entry?.type === 'symlink' || entry?.type === 'hardlink'
  const isFile = entry?.type === 'file' || entry?.type === 'hardlink'
  return (
    typeof entry === 'object' &&
    isText(entry.path) &&
    TYPES.has(entry.type) &&
    matches(entry.mode, /^[0-7]{4}$/) &&
    natural(entry.uid) &&
    natural(entry.gid) &&
    natural(entry.sizeBytes) &&
    matches(entry.mtimeNs, /^-?\d{1,30}$/) &&
    (isLink ? isText(entry.linkTarget) : entry.linkTarget === undefined) &&
    (isFile ? matches(entry.sha256, /^[0-9a-f]{64}$/) : entry.sha256 === undefined) &&
    (entry.xattrs === undefined ||
      (typeof entry.xattrs === 'object' &&
        Object.values(entry.xattrs).every(value => matches(value, /^[A-Za-z0-9+/]*={0,2}$/))))
  )
}

function isText(value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false
  try {
    pathOfText(value)
    return true
  } catch {
    return false
  }
}

function sortedMembers<T>(members: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(members).sort(([one], [other]) => (one < other ? -1 : 1)))
}
