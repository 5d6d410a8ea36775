import { createHash } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { files } from '../../adapters/files.ts'
import { readOrdinaryFile } from '../../adapters/ordinary-file.ts'
import { ARTIFACTS_DIR } from '../../evidence/layout.ts'
import { RunproofError } from '../../model/error.ts'
import type { Attach } from './person-at-terminal.ts'

const MOST_BYTES = 20 * 1024 * 1024

/**
 * Attachments lie among the artifacts, with every known secret masked: a screenshot is copied as it is, a saved page may hold a token.
 *
 * @param redact - of bytes
 */
export function attachTo(artifactsDir: string, redact: (bytes: Uint8Array) => Uint8Array): Attach {
  return async (file, step) => {
    const bytes = readOrdinaryFile(resolve(file), { maxBytes: MOST_BYTES, limit: 'at most 20 MiB are attached' })
    // A file of the kernel is said to be empty, too.
    if (bytes.length === 0)
      throw new RunproofError('FILE_UNREADABLE', `can't attach ${file}: it is empty`, { hint: 'save it first' })
    const safe = redact(bytes)
    const name = `${step}-${basename(file)
      .replaceAll(/[^\w.-]/g, '_')
      .slice(-80)}`
    await files.makeDirectory(join(artifactsDir, 'attached'))
    await files.write(join(artifactsDir, 'attached', name), safe)
    return { path: `${ARTIFACTS_DIR}/attached/${name}`, sha256: createHash('sha256').update(safe).digest('hex') }
  }
}
