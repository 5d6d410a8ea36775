import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { StreamChild } from './child.ts'
import { livingChildren } from './test-machine.ts'

test('what a program wrote before it ended is there for whoever reads late', async () => {
  await using child = new StreamChild(['printf', 'early'])
  child.stdin.end()
  while (livingChildren().length > 0) await setTimeout(5)
  // one turn more, in which Node throws away what nobody is reading
  await setTimeout(20)
  assert.equal((await buffer(child.stdout)).toString(), 'early')
  assert.equal((await child.exit).code, 0)
})

test('a program whose output nobody wants ends all the same', async () => {
  await using child = new StreamChild(['sh', '-c', 'yes | head -c 1000000'], { output: 'ignored' })
  child.stdin.end()
  assert.equal((await child.exit).code, 0)
})
