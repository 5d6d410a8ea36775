import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckContext } from '../../model/check.ts'
import standIn from '../../targets/stand-in.ts'
import { particularItems } from './snapshot-items.ts'

test('two ids never share a file, however long they are and whatever stands in them', () => {
  const context = { target: standIn } as unknown as CheckContext
  const sessions = ['x'.repeat(400), `${'x'.repeat(400)}y`, '../../etc', '..', 'a/b', 'a_2f_b']
  const files = particularItems(context, [], { sessions }).map(({ file }) => file)
  assert.equal(new Set(files).size, 2 * sessions.length)
  for (const file of files) assert.match(file, /^[\w-]{1,200}\.json$/)
})
