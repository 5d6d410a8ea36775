import { createReadStream, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { ArchiveAlteration } from '../../model/archive.ts'

const CHUNK = 256 * 1024

/**
 * A file as if it were broken; nothing is written.
 *
 * @throws RangeError when the alteration lies outside the file: it would break nothing and prove nothing
 */
export function alteredStream(file: string, { flipByteAt, truncateTo }: ArchiveAlteration): Readable {
  const { size } = statSync(file)
  const end = truncateTo ?? size
  if (end < 0 || end > size || (truncateTo !== undefined && end === size)) {
    throw new RangeError(`${file} has ${size} bytes, so cutting it to ${truncateTo} does not shorten it`)
  }
  if (flipByteAt !== undefined && !(flipByteAt >= 0 && flipByteAt < end)) {
    throw new RangeError(`${file} has ${end} bytes, so there is none to flip at ${flipByteAt}`)
  }
  return Readable.from(altered(file, end, flipByteAt ?? -1), { objectMode: false })
}

async function* altered(file: string, length: number, flipAt: number): AsyncGenerator<Buffer> {
  if (length === 0) return
  let offset = 0
  for await (const chunk of createReadStream(file, {
    end: length - 1,
    highWaterMark: CHUNK,
  }) as AsyncIterable<Buffer>) {
    const at = flipAt - offset
    if (at >= 0 && at < chunk.length) chunk[at] = chunk[at]! ^ 0xff
    offset += chunk.length
    yield chunk
  }
}
