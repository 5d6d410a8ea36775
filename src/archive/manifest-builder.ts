import { createHash, type Hash } from 'node:crypto'
import type { Manifest, ManifestEntry } from '../model/archive.ts'
import { type ManifestDraft, makeManifest } from './manifest.ts'
import { textOfPath } from './path-text.ts'
import type { TarEntry } from './tar-entry.ts'

const ZEROS = Buffer.alloc(1024 * 1024)

/** Facts of the members of a tar stream, with the digest of each file's logical content, taken while the bytes pass. */
export class ManifestBuilder {
  readonly #drafts: ManifestDraft[] = []
  /** What a name leads to, for hard links. */
  readonly #byKey = new Map<string, ManifestDraft>()
  /** Names of files that have several, by the key that came first. */
  readonly #leaders = new Map<string, string>()
  #hash: Hash | undefined
  #current: TarEntry | undefined
  #stretch = 0
  #stretchDone = 0
  #logical = 0

  /** @param entry - under its normalised path */
  entry(entry: TarEntry): void {
    this.#current = entry
    this.#stretch = 0
    this.#stretchDone = 0
    this.#logical = 0
    this.#hash = entry.type === 'file' ? createHash('sha256') : undefined
  }

  data(bytes: Buffer): void {
    const stretches = this.#current!.stretches
    if (stretches === undefined) {
      this.#hash!.update(bytes)
      return
    }
    for (let at = 0; at < bytes.length; ) {
      const { offset, length } = stretches[this.#stretch]!
      this.#zerosUpTo(offset)
      const part = bytes.subarray(at, at + length - this.#stretchDone)
      this.#hash!.update(part)
      this.#logical += part.length
      this.#stretchDone += part.length
      at += part.length
      if (this.#stretchDone === length) {
        this.#stretch++
        this.#stretchDone = 0
      }
    }
  }

  entryEnd(): void {
    const entry = this.#current!
    if (entry.stretches !== undefined) this.#zerosUpTo(entry.size)
    const draft = { key: entry.path, entry: this.#finished(entry) }
    this.#drafts.push(draft)
    this.#byKey.set(entry.path, draft)
  }

  finish(): Manifest {
    return makeManifest(this.#drafts, this.#leaders)
  }

  #finished(entry: TarEntry): ManifestEntry {
    const own = {
      path: textOfPath(entry.path),
      type: entry.type,
      mode: modeText(entry.mode),
      uid: entry.uid,
      gid: entry.gid,
      sizeBytes: entry.size,
      mtimeNs: entry.mtimeNs.toString(),
      ...(entry.type === 'symlink' && { linkTarget: textOfPath(entry.linkTarget!) }),
      ...(this.#hash !== undefined && { sha256: this.#hash.digest('hex') }),
      ...xattrsOf(entry),
    }
    if (entry.type !== 'hardlink') return own
    // the names of one inode share everything; the link's own header repeats only part of it
    const target = this.#byKey.get(entry.linkTarget!)
    if (target === undefined) return { ...own, linkTarget: textOfPath(entry.linkTarget!) }
    if (target.entry.type === 'file') this.#leaders.set(entry.path, this.#leaders.get(target.key) ?? target.key)
    return { ...target.entry, path: own.path }
  }

  #zerosUpTo(offset: number): void {
    while (this.#logical < offset) {
      const part = ZEROS.subarray(0, offset - this.#logical)
      this.#hash!.update(part)
      this.#logical += part.length
    }
  }
}

export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

function xattrsOf(entry: TarEntry): { xattrs?: Record<string, string> } {
  if (entry.attributes.size === 0) return {}
  const named = [...entry.attributes].map(
    ([keyword, value]) => [textOfPath(keyword.slice('SCHILY.'.length)), value.toString('base64')] as const,
  )
  return { xattrs: Object.fromEntries(named.sort(([one], [other]) => (one < other ? -1 : 1))) }
}
