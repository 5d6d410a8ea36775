import type { ArchiveFinding, ArchiveLimits, Manifest } from '../model/archive.ts'
import { ManifestBuilder } from './manifest-builder.ts'
import { EntryPolicy } from './policy.ts'
import { TarReader } from './tar-reader.ts'
import { TarWriter } from './tar-writer.ts'

/**
 * One pass over a tar stream: read strictly, judge each member, note its facts, and write the accepted ones again.
 * The extractor gets only what comes out here, so two parsers never judge the same bytes.
 */
export class ArchiveScreen {
  readonly #policy: EntryPolicy
  readonly #manifest = new ManifestBuilder()
  readonly #reader: TarReader
  readonly #writer: TarWriter | undefined

  /**
   * @param mode - `refuse` throws at the first member that breaks a rule, `report` collects findings
   * @param write - gets the fresh stream; leave it out to only read
   */
  constructor(limits: ArchiveLimits, mode: 'refuse' | 'report', write?: (bytes: Buffer) => void) {
    const policy = new EntryPolicy(limits, mode)
    const manifest = this.#manifest
    const writer = write === undefined ? undefined : new TarWriter(write)
    this.#policy = policy
    this.#writer = writer
    this.#reader = new TarReader({
      entry(entry) {
        const accepted = policy.accept(entry)
        manifest.entry(accepted)
        writer?.entry(accepted)
      },
      data(bytes) {
        manifest.data(bytes)
        writer?.data(bytes)
      },
      entryEnd() {
        manifest.entryEnd()
        writer?.entryEnd()
      },
    })
  }

  get entries(): number {
    return this.#policy.entries
  }

  /** Tar bytes read so far. */
  get bytes(): number {
    return this.#reader.offset
  }

  /** @param storedBytes - bytes of the archive as stored that were read so far */
  push(chunk: Buffer, storedBytes: number): void {
    this.#reader.push(chunk)
    this.#policy.noteProgress(storedBytes, this.#reader.offset)
  }

  end(): { readonly manifest: Manifest; readonly findings: readonly ArchiveFinding[] } {
    this.#reader.end()
    this.#writer?.end()
    return { manifest: this.#manifest.finish(), findings: this.#policy.findings }
  }
}
