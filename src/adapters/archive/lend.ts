import type { Writable } from 'node:stream'

/*
 * Bytes in this folder are lent: a chunk from an async generator is valid until the next one is asked for, then its memory
 * is given back. Left to the garbage collector, buffers of a GiB cause some fifty full collections of a heap that holds
 * the manifest (measured: a fifth of the time of `create`). Who needs a chunk longer copies it.
 */

/** The chunks of a stream nobody else reads, each given back when the next is asked for. */
export async function* lent(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    yield chunk
    // a chunk that shares its memory, with a pool or a neighbour, is left alone
    if (chunk.byteLength === chunk.buffer.byteLength) (chunk.buffer as ArrayBuffer).transfer(0)
  }
}

/**
 * Writes lent chunks, each taken before the next is asked for, and ends the sink. Stops when the sink is gone, which the
 * sink's owner explains.
 *
 * @throws what the source throws
 */
export async function feed(source: AsyncIterable<Buffer>, sink: Writable): Promise<void> {
  for await (const chunk of source) {
    await take(sink, chunk)
    if (!sink.writable) return
  }
  sink.end()
}

/** Writes one chunk and waits until it was taken, or until the sink is gone: a decoder that fails forgets the write it was at. */
export function take(sink: Writable, chunk: Buffer): Promise<void> {
  return new Promise(resolve => {
    const gone = () => resolve()
    sink.once('close', gone)
    sink.write(chunk, () => {
      sink.off('close', gone)
      resolve()
    })
  })
}
