import type { StreamFault } from '../model/interposer.ts'
import { BlockSplitter } from './block-splitter.ts'

const MAX_BLOCK_BYTES = 2 ** 24
const ID = /^id: ?(.*)$/m

/** The same stream with faults. What is not part of one passes byte by byte, and as soon as its block is complete. */
export async function* misbehave(
  chunks: AsyncIterable<Uint8Array>,
  fault: StreamFault,
): AsyncGenerator<Uint8Array, void, void> {
  const { buffer = 0 } = fault
  let held: Buffer[] = []
  let heldBytes = 0
  for await (const piece of faultyBlocks(chunks, fault)) {
    held.push(piece)
    heldBytes += piece.length
    if (heldBytes < buffer) continue
    yield Buffer.concat(held)
    held = []
    heldBytes = 0
  }
  if (heldBytes > 0) yield Buffer.concat(held)
}

async function* faultyBlocks(
  chunks: AsyncIterable<Uint8Array>,
  fault: StreamFault,
): AsyncGenerator<Buffer, void, void> {
  const splitter = new BlockSplitter('a stream that passes', MAX_BLOCK_BYTES)
  let count = 0
  let waiting: Buffer | undefined
  for await (const chunk of chunks) {
    for (const block of splitter.push(chunk)) {
      const text = Buffer.from(block).toString('latin1')
      if (fault.swallow !== undefined && nameOf(text) === fault.swallow) continue
      const counts = ID.test(text)
      if (counts) count += 1
      if (counts && count === fault.dropEvent) continue
      const out = Buffer.from(rewriteId(text, fault), 'latin1')
      if (counts && count === fault.swapEvents) {
        waiting = out
        continue
      }
      yield out
      if (counts && waiting !== undefined) {
        yield waiting
        waiting = undefined
      }
      if (counts && count === fault.repeatEvent) yield out
    }
  }
  if (waiting !== undefined) yield waiting
  if (splitter.rest.length > 0) yield Buffer.from(splitter.rest)
}

function rewriteId(text: string, { roundIds = false, stripIds = false }: StreamFault): string {
  if (stripIds) return text.replace(/^id:.*(?:\r\n|\r|\n)/m, '')
  return roundIds ? text.replace(ID, (_, id: string) => `id: ${Number(id)}`) : text
}

function nameOf(text: string): string | undefined {
  return /^event: ?(.*)$/m.exec(text)?.[1]
}
