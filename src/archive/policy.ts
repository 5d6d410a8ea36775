import type { ArchiveFinding, ArchiveLimits, ArchiveRule } from '../model/archive.ts'
import { RunproofError } from '../model/error.ts'
import { type Refusal, splitEntryPath } from './entry-path.ts'
import { RATIO_GRACE_BYTES } from './limits.ts'
import { LinkRules } from './link-rules.ts'
import { textOfPath } from './path-text.ts'
import type { TarEntry } from './tar-entry.ts'

const LIMIT_RULES: ReadonlySet<ArchiveRule> = new Set([
  'path-too-long',
  'path-too-deep',
  'too-many-entries',
  'file-too-large',
  'total-too-large',
  'ratio',
])

/** Only what a user may set on own files. File capabilities and overlay marks grant more than a mode says. */
const HARMLESS_ATTRIBUTE = /^SCHILY\.(?:xattr\.(?:user\.|system\.posix_acl_)|acl\.)/

/**
 * Judges members one by one, in archive order, before any byte of them goes on. With `refuse` the first bad one throws;
 * with `report`, for an archive being made, it becomes a finding, and the archive holds what the source holds.
 *
 * @throws RunproofError ARCHIVE_HOSTILE_ENTRY or ARCHIVE_LIMIT, naming the member and the rule
 */
export class EntryPolicy {
  readonly findings: ArchiveFinding[] = []
  readonly #limits: ArchiveLimits
  readonly #mode: 'refuse' | 'report'
  readonly #tree = new LinkRules()
  /** Lower-cased, compatibility-normalised names, to tell of two that some file system would merge. */
  readonly #folded = new Map<string, string>()
  #entries = 0
  #totalBytes = 0

  constructor(limits: ArchiveLimits, mode: 'refuse' | 'report') {
    this.#limits = limits
    this.#mode = mode
  }

  get entries(): number {
    return this.#entries
  }

  /** @returns the member under its normalised path; in `report` mode also one that breaks a rule */
  accept(entry: TarEntry): TarEntry {
    this.#entries++
    const parts = splitEntryPath(entry.path, entry.type === 'directory', this.#limits)
    if (!Array.isArray(parts)) {
      this.#refuse(entry.path, entry.position, parts as Refusal)
      return entry
    }
    const path = parts.length === 0 ? '.' : parts.join('/')
    for (const refusal of this.#faults(entry, path, parts)) this.#refuse(path, entry.position, refusal)
    this.#totalBytes += entry.size
    this.#remark(entry, path, parts)
    return { ...entry, path, ...(entry.type === 'hardlink' && { linkTarget: normalised(entry.linkTarget!) }) }
  }

  /** @param storedBytes - bytes of the archive read so far, which gave `decodedBytes` */
  noteProgress(storedBytes: number, decodedBytes: number): void {
    if (decodedBytes < RATIO_GRACE_BYTES || decodedBytes <= storedBytes * this.#limits.maxRatio) return
    const detail = `${storedBytes} stored bytes gave ${decodedBytes}, more than ${this.#limits.maxRatio} times as many`
    this.#refuse('.', decodedBytes, { rule: 'ratio', detail })
  }

  *#faults(entry: TarEntry, path: string, parts: readonly string[]): Generator<Refusal> {
    const { maxEntries, maxFileBytes, maxTotalBytes } = this.#limits
    if (this.#entries > maxEntries)
      yield { rule: 'too-many-entries', detail: `the archive has more than ${maxEntries} members` }
    if (entry.size > maxFileBytes) {
      yield { rule: 'file-too-large', detail: `the file has ${entry.size} bytes, at most ${maxFileBytes} are allowed` }
    }
    if (this.#totalBytes + entry.size > maxTotalBytes) {
      yield { rule: 'total-too-large', detail: `with this file the tree exceeds ${maxTotalBytes} bytes` }
    }
    yield* specialFaults(entry)
    yield* this.#tree.faults(entry, path, parts)
  }

  /** What an operator should know and no rule forbids. */
  #remark(entry: TarEntry, path: string, parts: readonly string[]): void {
    const tell = (rule: ArchiveRule, detail: string) => this.findings.push({ rule, path: textOfPath(path), detail })
    if (entry.type === 'fifo') tell('fifo', 'a named pipe: whoever opens it waits for the other side')
    if (entry.dropped.length > 0) tell('dropped-attribute', `not kept: ${entry.dropped.map(textOfPath).join(', ')}`)
    for (const implied of this.#tree.takeImplied()) {
      this.findings.push({
        rule: 'implied-directory',
        path: textOfPath(implied),
        detail: 'has members but no entry of its own',
      })
    }
    const name = parts.at(-1)
    if (name === undefined) return
    if (/^[a-z]:|\\/i.test(name)) tell('foreign-name', 'a drive or a backslash, which other systems read as a path')
    const folded = fold(path)
    const other = this.#folded.get(folded)
    if (other === undefined) this.#folded.set(folded, path)
    else if (other !== path) tell('name-collision', `differs from ${textOfPath(other)} only in case or composition`)
  }

  #refuse(path: string, position: number, { rule, detail }: Refusal): void {
    const shown = textOfPath(path)
    if (this.#mode === 'report') {
      this.findings.push({ rule, path: shown, detail: `${detail}; a restore of this archive will refuse it` })
      return
    }
    const limit = LIMIT_RULES.has(rule)
    throw new RunproofError(
      limit ? 'ARCHIVE_LIMIT' : 'ARCHIVE_HOSTILE_ENTRY',
      `${rule}: ${detail} (member ${JSON.stringify(shown)}, byte ${position} of the tar stream)`,
      {
        hint: limit
          ? 'if the tree is really that large, raise the limit'
          : 'nothing of this member was written; find out who made the archive',
      },
    )
  }
}

function* specialFaults(entry: TarEntry): Generator<Refusal> {
  const { type, mode } = entry
  if (type === 'character-device' || type === 'block-device')
    yield { rule: 'device', detail: `a ${type.replace('-', ' ')}` }
  if ((mode & 0o4000) !== 0) yield { rule: 'setuid', detail: `mode ${mode.toString(8)} runs as its owner` }
  if ((mode & 0o2000) !== 0 && type !== 'directory')
    yield { rule: 'setgid', detail: `mode ${mode.toString(8)} runs as its group` }
  if ((mode & 0o1000) !== 0 && type !== 'directory')
    yield { rule: 'sticky-file', detail: `mode ${mode.toString(8)} is sticky` }
  for (const keyword of entry.attributes.keys()) {
    if (!HARMLESS_ATTRIBUTE.test(keyword))
      yield { rule: 'privileged-xattr', detail: `attribute ${textOfPath(keyword)}` }
  }
}

function normalised(path: string): string {
  return path
    .split('/')
    .filter(part => part !== '' && part !== '.')
    .join('/')
}

function fold(path: string): string {
  if (/^[\x20-\x7e]*$/.test(path)) return path.toLowerCase()
  return Buffer.from(path, 'latin1').toString('utf8').normalize('NFKC').toLowerCase()
}
