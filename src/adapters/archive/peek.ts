/** The first bytes of a stream, and the whole stream again. */
export async function peek(
  source: AsyncIterable<Buffer>,
  length: number,
): Promise<{ readonly first: Buffer; readonly whole: AsyncGenerator<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]()
  const chunks: Buffer[] = []
  let have = 0
  let done = false
  while (have < length && !done) {
    const next = await iterator.next()
    if (next.done) done = true
    else {
      chunks.push(next.value)
      have += next.value.length
    }
  }
  return { first: Buffer.concat(chunks).subarray(0, length), whole: whole() }

  async function* whole(): AsyncGenerator<Buffer> {
    try {
      yield* chunks
      while (!done) {
        const next = await iterator.next()
        if (next.done) done = true
        else yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }
}
