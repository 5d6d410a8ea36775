import { createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib'
import type { ByteReader } from '../../scan/byte-reader.ts'
import { isSkippableMagic, isZstdFrame } from '../../scan/sniff.ts'

/** The encoded bytes are not what they claim to be. What was decoded before has been given out. */
export class Damaged extends Error {}

export type Decoding = 'gzip' | 'zstd' | 'zlib' | 'deflate'

/** Decoded pieces are about this long. */
const OUTPUT_CHUNK = 256 * 1024
const INPUT_CHUNK = 64 * 1024
/** Decoded bytes waiting to be looked at before the decoder is made to wait. */
const MOST_QUEUED = 4 * OUTPUT_CHUNK

/**
 * Decodes until the encoded stream says it ends, and leaves the reader right behind it.
 *
 * Members of gzip and frames of zstd are taken one by one: Node's gunzip drops what follows zero padding and loses decoded
 * bytes when anything else follows, and its zstd decoder stops silently after the first frame (both seen on 24.21).
 *
 * @throws Damaged
 */
export async function* decode(reader: ByteReader, decoding: Decoding): AsyncGenerator<Buffer> {
  if (decoding === 'zlib') yield* throughZlib(reader, createInflate({ chunkSize: OUTPUT_CHUNK }))
  else if (decoding === 'deflate') yield* throughZlib(reader, createInflateRaw({ chunkSize: OUTPUT_CHUNK }))
  else if (decoding === 'zstd') yield* zstdFrames(reader)
  else yield* gzipMembers(reader)
}

async function* gzipMembers(reader: ByteReader): AsyncGenerator<Buffer> {
  do {
    await skipGzipHeader(reader)
    yield* throughZlib(reader, createInflateRaw({ chunkSize: OUTPUT_CHUNK }))
    if ((await reader.read(8)).length < 8) throw new Damaged('the gzip stream ends within its checksum')
    await reader.skipZeros()
  } while (isGzipMember(await reader.peek(3)))
}

function isGzipMember(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8
}

/** RFC 1952 section 2.3 */
async function skipGzipHeader(reader: ByteReader): Promise<void> {
  const header = await reader.read(10)
  if (header.length < 10) throw new Damaged('the gzip stream ends within a header')
  const flags = header[3]!
  if (flags & 4) {
    const length = await reader.read(2)
    if (length.length === 2) await reader.skip(length.readUInt16LE(0))
  }
  if (flags & 8) await skipText(reader)
  if (flags & 16) await skipText(reader)
  if (flags & 2) await reader.skip(2)
}

async function skipText(reader: ByteReader): Promise<void> {
  for (let byte = await reader.read(1); byte.length > 0 && byte[0] !== 0; byte = await reader.read(1));
}

async function* zstdFrames(reader: ByteReader): AsyncGenerator<Buffer> {
  while (isZstdFrame(await reader.peek(4))) {
    const head = await reader.peek(8)
    if (isSkippableMagic(head.readUInt32LE(0))) {
      if (head.length < 8) throw new Damaged('the zstd stream ends within a header')
      await reader.skip(8 + head.readUInt32LE(4))
    } else yield* throughZlib(reader, createZstdDecompress({ chunkSize: OUTPUT_CHUNK }))
  }
}

type Decoder = ReturnType<typeof createInflateRaw> | ReturnType<typeof createZstdDecompress>

async function* throughZlib(reader: ByteReader, decoder: Decoder): AsyncGenerator<Buffer> {
  const queue: Buffer[] = []
  let queued = 0
  let fed = 0
  let ended = false
  let failure: Error | undefined
  let wake = () => {}
  decoder.on('data', (piece: Buffer) => {
    queue.push(piece)
    queued += piece.length
    if (queued >= MOST_QUEUED) decoder.pause()
    wake()
  })
  decoder.on('end', () => {
    ended = true
    wake()
  })
  decoder.on('error', (error: Error) => {
    failure = error
    wake()
  })

  try {
    for (;;) {
      const input = await reader.take(INPUT_CHUNK)
      let digested = false
      if (input) {
        fed += input.length
        decoder.write(input, () => {
          digested = true
          wake()
        })
      } else decoder.end()

      for (;;) {
        for (let piece = queue.shift(); piece; piece = queue.shift()) {
          queued -= piece.length
          yield piece
        }
        if (decoder.isPaused()) decoder.resume()
        else if (ended || failure || digested) break
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      if (failure) throw new Damaged(`${failure.message} after ${decoder.bytesWritten} encoded bytes`)
      if (ended) {
        if (input) reader.unread(input.subarray(input.length - (fed - decoder.bytesWritten)))
        return
      }
    }
  } finally {
    decoder.destroy()
  }
}
