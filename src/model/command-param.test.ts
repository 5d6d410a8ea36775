import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCommands, refuseCommands } from './command-param.ts'

describe('commands given as a parameter', () => {
  const taken = [
    ['one in plain words', 'systemctl is-active app', [['systemctl', 'is-active', 'app']]],
    ['one as a list of words', '["sh","-c","a && b"]', [['sh', '-c', 'a && b']]],
    ['several', '[["a","b c"],["d"]]', [['a', 'b c'], ['d']]],
    ['several with blanks between the brackets', ' [ ["a"] ]'.trim(), [['a']]],
  ] as const
  for (const [title, text, commands] of taken) test(title, () => assert.deepEqual(parseCommands(text), commands))

  for (const text of ['', '[]', '[[]]', '[["a"],"b"]', '[["a"],[]]', '[["a"],[""]]', '[["a"', 'a | b', '[["a",1]]'])
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(typeof refuseCommands(text), 'string')
      assert.throws(() => parseCommands(text), { code: 'PARAM_INVALID' })
    })
})
