import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { DEFAULT_LIMITS } from '../../archive/limits.ts'
import { detectFormat, MAGIC_BYTES } from '../../archive/magic.ts'
import { ArchiveScreen } from '../../archive/screen.ts'
import type { ArchiveFormat, InspectArchive, InspectedArchive } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import { decrypted } from './age.ts'
import { decompressed } from './decompress.ts'
import { interrupted } from './disk-error.ts'
import { peek } from './peek.ts'

/**
 * Reads an archive once: digest of the stored bytes, decryption, decompression, strict reading, policy, manifest.
 *
 * @param write - gets the fresh tar stream of accepted members, after every chunk, even when there is nothing to write; its
 *   promise is awaited before more is read
 * @throws as `inspect` of the port
 */
export async function readArchive(
  options: InspectArchive,
  write?: (bytes: readonly Buffer[]) => Promise<void>,
): Promise<InspectedArchive> {
  const { name, signal } = options
  const fresh: Buffer[] = []
  const screen = new ArchiveScreen(
    { ...DEFAULT_LIMITS, ...options.limits },
    'refuse',
    write === undefined ? undefined : bytes => fresh.push(bytes),
  )
  const formats: ArchiveFormat[] = []
  const stored = new StoredBytes(options.open(), signal)
  try {
    for await (const chunk of plain(stored, options, formats)) {
      screen.push(chunk, stored.sizeBytes)
      options.onProgress?.({ entries: screen.entries, bytes: screen.bytes })
      await write?.(fresh.splice(0))
      if (signal?.aborted) throw interrupted(`reading ${name}`)
    }
    const { manifest, findings } = screen.end()
    await write?.(fresh.splice(0))
    return { sha256: stored.sha256(), sizeBytes: stored.sizeBytes, formats, manifest, findings }
  } catch (thrown) {
    if (signal?.aborted) throw interrupted(`reading ${name}`)
    throw thrown instanceof RunproofError || stored.error === undefined ? thrown : stored.asUnreadable(name)
  }
}

async function* plain(stored: StoredBytes, options: InspectArchive, formats: ArchiveFormat[]): AsyncGenerator<Buffer> {
  let { first, whole } = await peek(stored.bytes(), MAGIC_BYTES)
  const byCommand = options.decrypt !== undefined && 'command' in options.decrypt
  let format = detectFormat(first, byCommand)
  formats.push(format)
  if (format === 'age' || format === 'unknown') {
    ;({ first, whole } = await peek(decrypted(whole, options.decrypt, options.name, options.signal), MAGIC_BYTES))
    format = detectFormat(first)
    formats.push(format)
    if (format === 'age' || format === 'unknown')
      throw new RunproofError('DECRYPT_FAILED', `${options.name} is encrypted twice`)
  }
  if (format === 'tar') {
    yield* whole
    return
  }
  const unpacked = await peek(decompressed(whole, format, options.name), MAGIC_BYTES)
  const inner = detectFormat(unpacked.first)
  formats.push(inner)
  if (inner !== 'tar') {
    throw new RunproofError('ARCHIVE_NOT_AN_ARCHIVE', `${options.name} holds ${inner} data inside ${format} data`, {
      hint: 'expected is a tar stream, compressed at most once',
    })
  }
  yield* unpacked.whole
}

/** The source as stored, digested and counted on the way. */
class StoredBytes {
  readonly #source: Readable
  readonly #digest = createHash('sha256')
  readonly #signal: AbortSignal | undefined
  sizeBytes = 0
  error: unknown

  constructor(source: Readable, signal: AbortSignal | undefined) {
    this.#source = source
    this.#signal = signal
  }

  async *bytes(): AsyncGenerator<Buffer> {
    const stop = () => this.#source.destroy(interrupted('reading'))
    this.#signal?.addEventListener('abort', stop, { once: true })
    try {
      for await (const chunk of this.#source as AsyncIterable<Buffer>) {
        this.#digest.update(chunk)
        this.sizeBytes += chunk.length
        yield chunk
      }
    } catch (thrown) {
      this.error = thrown
      throw thrown
    } finally {
      this.#signal?.removeEventListener('abort', stop)
    }
  }

  sha256(): string {
    return this.#digest.digest('hex')
  }

  asUnreadable(name: string): RunproofError {
    const code = this.error instanceof Error && 'code' in this.error ? ` (${this.error.code})` : ''
    return new RunproofError('ARCHIVE_UNREADABLE', `${name} cannot be read${code}`, {
      hint: `look at it as the same user: ls -l ${name}`,
      cause: this.error,
    })
  }
}
