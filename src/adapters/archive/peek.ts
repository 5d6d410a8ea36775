/** The first bytes of a lent stream, as a copy, and the whole stream again. */
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
      have += next.value.length
      // the last one is still lent when it is passed on; those before it are not
      chunks.push(have < length ? Buffer.from(next.value) : next.value)
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
