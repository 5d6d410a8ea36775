import type { Manifest, ManifestChange, ManifestComparison, ManifestEntry, ManifestMember } from '../model/archive.ts'

const MEMBERS: readonly ManifestMember[] = [
  'type',
  'mode',
  'uid',
  'gid',
  'sizeBytes',
  'mtimeNs',
  'linkTarget',
  'sha256',
  'xattrs',
]

/** Both ways: what is only here, what is only there, and what differs, member by member. Equal trees give empty lists. */
export function compareManifests(
  expected: Manifest,
  actual: Manifest,
  ignore: readonly ManifestMember[] = [],
): ManifestComparison {
  const members = MEMBERS.filter(member => !ignore.includes(member))
  const there = new Map(actual.entries.map(entry => [entry.path, entry]))
  const missing: ManifestEntry[] = []
  const changed: ManifestChange[] = []
  for (const entry of expected.entries) {
    const other = there.get(entry.path)
    there.delete(entry.path)
    if (other === undefined) {
      missing.push(entry)
      continue
    }
    const differing = members.filter(member => text(entry, member) !== text(other, member))
    if (differing.length === 0) continue
    changed.push({
      path: entry.path,
      members: differing.map(member => ({ member, expected: text(entry, member), actual: text(other, member) })),
    })
  }
  return { extra: [...there.values()], missing, changed }
}

/** `none` where a member is absent, so that gaining or losing one is a difference too. */
function text(entry: ManifestEntry, member: ManifestMember): string {
  const value = entry[member]
  if (value === undefined) return 'none'
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, bytes]) => `${name}=${bytes}`)
    .sort()
    .join(' ')
}
