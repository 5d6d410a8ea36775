import { constants, createGzip, createZstdCompress } from 'node:zlib'
import type { Compression } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import { lookUpProgram } from '../find-program.ts'
import { LentWriter, lent } from './lend.ts'
import { throughChild } from './through-child.ts'

const CHUNK = 256 * 1024
const ZSTD_LEVEL = 3

/**
 * The zstd program with two threads where it is installed (measured 2.9 s for a GiB behind tar), else Node's encoder with
 * one (3.5 s). Node's own threads (`ZSTD_c_nbWorkers`) are not used: on 24.21 its stream pushes after its end when the
 * reader is slow. Both write a checksum, which the format leaves optional.
 */
export async function* compressed(
  source: AsyncIterable<Buffer>,
  compression: Compression,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (compression === 'none') {
    yield* source
    return
  }
  const zstd = compression === 'zstd' ? lookUpProgram('zstd') : undefined
  if (zstd !== undefined) {
    const argv = [zstd, '--quiet', `-${ZSTD_LEVEL}`, '--threads=2', '--check', '--stdout'] as const
    yield* throughChild(source, [...argv], exit => new RunproofError('COMMAND_FAILED', `zstd ended with ${exit}`), {
      signal,
    })
    return
  }
  const encoder = compression === 'gzip' ? createGzip({ chunkSize: CHUNK }) : zstdEncoder()
  const fed = new LentWriter(encoder).writeAll(source).catch((thrown: unknown) => encoder.destroy(thrown as Error))
  yield* lent(encoder as AsyncIterable<Buffer>)
  await fed
}

function zstdEncoder() {
  return createZstdCompress({
    chunkSize: CHUNK,
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })
}
