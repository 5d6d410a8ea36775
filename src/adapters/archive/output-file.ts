import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { RunproofError } from '../../model/error.ts'
import { asWriteError, errnoOf } from './disk-error.ts'

/**
 * A new private file that is either finished (synced, its folder too) or gone. Never replaces or follows anything.
 *
 * @throws RunproofError NOT_EMPTY when the path is taken, DISK_FULL, FILE_UNREADABLE when the folder cannot be written
 */
export class OutputFile implements AsyncDisposable {
  readonly path: string
  readonly #handle: FileHandle
  readonly #digest = createHash('sha256')
  #sizeBytes = 0
  #finished = false

  private constructor(file: string, handle: FileHandle) {
    this.path = file
    this.#handle = handle
  }

  static async create(file: string): Promise<OutputFile> {
    try {
      return new OutputFile(file, await open(file, 'wx', 0o600))
    } catch (cause) {
      if (errnoOf(cause) === 'EEXIST') {
        throw new RunproofError('NOT_EMPTY', `${file} exists already`, {
          hint: 'choose another name; nothing is ever overwritten',
          cause,
        })
      }
      const failure = asWriteError(cause, file)
      if (failure instanceof RunproofError) throw failure
      throw new RunproofError('FILE_UNREADABLE', `${file} cannot be written (${errnoOf(cause)})`, {
        hint: `look at its folder: ls -ld ${path.dirname(file)}`,
        cause,
      })
    }
  }

  async write(chunk: Buffer): Promise<void> {
    this.#digest.update(chunk)
    this.#sizeBytes += chunk.length
    try {
      await this.#handle.writeFile(chunk)
    } catch (cause) {
      throw asWriteError(cause, this.path)
    }
  }

  async finish(): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
    try {
      await this.#handle.sync()
      await this.#handle.close()
      await syncDirectory(path.dirname(this.path))
    } catch (cause) {
      throw asWriteError(cause, this.path)
    }
    this.#finished = true
    return { sha256: this.#digest.digest('hex'), sizeBytes: this.#sizeBytes }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finished) return
    await this.#handle.close().catch(() => undefined)
    await rm(this.path, { force: true })
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
