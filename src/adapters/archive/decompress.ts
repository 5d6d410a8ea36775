import type { Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { RunproofError } from '../../model/error.ts'
import { errnoOf } from './disk-error.ts'
import { LentWriter, lent } from './lend.ts'

const CHUNK = 256 * 1024
const HINT = 'fetch the archive again and compare its digest'

/**
 * Node's own decoders: measured 0.75 s for a GiB against 0.64 s of the zstd program, and nothing to install. They end
 * quietly after one zstd frame and ignore what follows, so the bytes they used are counted.
 *
 * @throws RunproofError ARCHIVE_TRUNCATED, ARCHIVE_UNREADABLE
 */
export async function* decompressed(
  source: AsyncIterable<Buffer>,
  format: 'gzip' | 'zstd',
  name: string,
): AsyncGenerator<Buffer> {
  const decoder = format === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK })
  const writer = new LentWriter(decoder)
  let given = 0
  let abandoned = false
  let sourceFailure: { readonly thrown: unknown } | undefined
  const feedAll = async () => {
    for await (const chunk of source) {
      if (abandoned) return
      given += chunk.length
      // read on after the decoder is done: what follows its data belongs to the archive and to its digest
      if (decoder.writable) await writer.write([chunk])
    }
    decoder.end()
  }
  // told by the reading loop; one about bytes behind the end comes when nobody reads any more
  decoder.on('error', () => undefined)
  const fed = feedAll().catch((thrown: unknown) => {
    sourceFailure = { thrown }
    decoder.destroy()
  })
  try {
    yield* lent(decoder as AsyncIterable<Buffer>)
    await fed
  } catch (thrown) {
    throw sourceFailure === undefined ? explain(thrown, format, name) : sourceFailure.thrown
  } finally {
    abandoned = true
    decoder.destroy()
  }
  if (sourceFailure !== undefined) throw sourceFailure.thrown
  if (bytesUsed(decoder) === given) return
  throw new RunproofError('ARCHIVE_UNREADABLE', `${name} goes on after the end of its ${format} data`, {
    hint: `if it consists of several ${format} parts, decompress and compress it again as one`,
  })
}

function bytesUsed(decoder: Transform & { readonly bytesWritten?: number }): number | undefined {
  return decoder.bytesWritten
}

function explain(thrown: unknown, format: string, name: string): unknown {
  const code = errnoOf(thrown)
  if (code === 'Z_BUF_ERROR') {
    return new RunproofError('ARCHIVE_TRUNCATED', `the ${format} data of ${name} ends in the middle`, {
      hint: HINT,
      cause: thrown,
    })
  }
  if (code?.startsWith('Z_') || code?.startsWith('ZSTD_')) {
    return new RunproofError('ARCHIVE_UNREADABLE', `the ${format} data of ${name} is damaged (${code})`, {
      hint: HINT,
      cause: thrown,
    })
  }
  return thrown
}
