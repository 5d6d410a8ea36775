import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inCode, inMarkdown } from './plain.ts'

test('a name that others chose is no mark, no address and no second line of a list', () => {
  const name = '*now* _see_ https://collector.example www.collector.example ~x~ | y\n- [x] done'
  assert.equal(
    inMarkdown(name),
    '\\*now\\* \\_see\\_ https:\\/\\/collector.example www&#46;collector.example \\~x\\~ \\| y / - \\[x\\] done',
  )
  assert.equal(inCode('a``b\nc`'), '``` a``b / c` ```')
  assert.ok(inMarkdown('\ud83d\ude00'.repeat(700)).isWellFormed())
})
