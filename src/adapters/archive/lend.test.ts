import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { LentWriter, lent } from './lend.ts'

async function* numbered(count: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(1000, index)
}

test('no chunk is given back before a slow sink has taken it, also when most chunks are not written', async () => {
  const seen: number[] = []
  const sink = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      // looked at late, as a kernel would
      setTimeout(() => {
        assert.equal(chunk.length, 1000)
        seen.push(chunk[0]!)
        done()
      }, 2)
    },
  })
  const writer = new LentWriter(sink)
  for await (const chunk of lent(numbered(200))) {
    const index = chunk[0]!
    await writer.write(index % 20 < 5 ? [chunk] : [])
  }
  sink.end()
  await new Promise(resolve => sink.once('finish', resolve))
  assert.deepEqual(
    seen,
    Array.from({ length: 200 }, (_, index) => index).filter(index => index % 20 < 5),
  )
})

test('the memory of old chunks is given back, that of a shared buffer is not', async () => {
  const all: Buffer[] = []
  const shared = Buffer.alloc(2000, 1)
  const source = async function* () {
    yield shared.subarray(0, 1000)
    yield* numbered(30)
  }
  for await (const chunk of lent(source())) all.push(chunk)
  assert.equal(shared.length, 2000)
  assert.equal(all[0]!.length, 1000)
  assert.equal(all[1]!.length, 0)
  assert.equal(all.at(-1)!.length, 1000)
})
