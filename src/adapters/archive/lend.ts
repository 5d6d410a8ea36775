import type { Writable } from 'node:stream'

/*
 * Bytes in this folder are lent: a chunk from an async generator is valid until eight more were asked for, then its
 * memory is given back. Left to the garbage collector, buffers of a GiB cause some fifty full collections of a heap that
 * holds the manifest (measured: a fifth of the time of `create`). Who needs a chunk longer copies it.
 */
const KEPT = 8

/** Writes that may be under way at once. Fewer than are kept, so that nothing is given back that is still to be written. */
const IN_FLIGHT = 4

/** The chunks of a stream nobody else reads, each given back some chunks later. */
export async function* lent(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const kept: Buffer[] = []
  for await (const chunk of stream) {
    kept.push(chunk)
    yield chunk
    if (kept.length > KEPT) giveBack(kept.shift()!)
  }
}

/** A chunk that shares its memory, with a pool or a neighbour, is left alone. */
function giveBack(chunk: Buffer): void {
  if (chunk.byteLength === chunk.buffer.byteLength) (chunk.buffer as ArrayBuffer).transfer(0)
}

/**
 * Writes lent chunks to a sink, a few at once: waiting for each would make writer and reader take turns, which costs most
 * where the machine is busy.
 */
export class LentWriter {
  readonly #sink: Writable
  readonly #underWay: Promise<void>[] = []

  constructor(sink: Writable) {
    this.#sink = sink
  }

  /**
   * Returns when another batch may be made, not when this one was taken.
   *
   * @param batch - parts of one lent chunk, and bytes of one's own; empty for a chunk of which nothing is written, so that
   *   no write is overtaken by more chunks than are kept
   * @returns false when the sink is gone, which its owner explains
   */
  async write(batch: readonly Buffer[]): Promise<boolean> {
    const last = batch.at(-1)
    if (last === undefined) this.#underWay.push(Promise.resolve())
    else {
      // one system call for the many small headers of small files
      this.#sink.cork()
      for (const part of batch.slice(0, -1)) this.#sink.write(part)
      this.#underWay.push(taken(this.#sink, last))
      this.#sink.uncork()
    }
    if (this.#underWay.length > IN_FLIGHT) await this.#underWay.shift()
    return this.#sink.writable
  }

  /** All of a source, then the end. @throws what the source throws */
  async writeAll(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of source) if (!(await this.write([chunk]))) return
    this.#sink.end()
  }
}

/** Settles when a chunk was taken or the sink is gone: a decoder that fails forgets the write it was at. */
function taken(sink: Writable, chunk: Buffer): Promise<void> {
  return new Promise(resolve => {
    const gone = () => resolve()
    sink.once('close', gone)
    sink.write(chunk, () => {
      sink.off('close', gone)
      resolve()
    })
  })
}
