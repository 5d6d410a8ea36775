import { open, rm } from 'node:fs/promises'
import { RunproofError } from '../../model/error.ts'
import { errnoOf, fileError } from '../../model/system-error.ts'
import { type Sample, sampleLine } from '../../slo/sample.ts'

export interface Recording extends AsyncDisposable {
  /** @throws RunproofError DISK_FULL, FILE_UNREADABLE */
  write(sample: Sample): Promise<void>
}

/**
 * A new file, private to its owner, that takes samples one a line. It is gone at the end when it took none.
 *
 * @throws RunproofError USAGE for one that exists: a recording is never overwritten; FILE_UNREADABLE, DISK_FULL
 */
export async function recordingFor(file: string): Promise<Recording> {
  const handle = await open(file, 'wx', 0o600).catch(thrown => {
    if (errnoOf(thrown) === 'EEXIST')
      throw new RunproofError('USAGE', `--record ${file}: it exists, and a recording is never overwritten`, {
        hint: 'name another file',
      })
    throw fileError(thrown, file, 'create')
  })
  let empty = true
  return {
    async write(sample) {
      try {
        empty = false
        await handle.appendFile(`${sampleLine(sample)}\n`)
      } catch (thrown) {
        throw fileError(thrown, file, 'write')
      }
    },
    async [Symbol.asyncDispose]() {
      await handle.close()
      if (empty) await rm(file, { force: true })
    },
  }
}
