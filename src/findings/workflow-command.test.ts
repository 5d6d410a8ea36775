import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { workflowCommand } from './workflow-command.ts'

describe('a workflow command', () => {
  const at = { file: 'docs/a,b:c.md', line: 3, column: 5, endLine: 3, endColumn: 9 }

  test('names the place, with what would end a property written otherwise', () => {
    assert.equal(
      workflowCommand('error', { title: 'unknown-flag: x', at }, 'no flag --wiat'),
      '::error file=docs/a%2Cb%3Ac.md,line=3,endLine=3,col=5,endColumn=9,title=unknown-flag%3A x::no flag --wiat',
    )
  })

  test('stays one line whatever it says, and cannot become another command', () => {
    const line = workflowCommand('warning', { title: 'a\n::stop-commands::x' }, '100%0A\r\n::error::planted')
    assert.equal(line, '::warning title=a%0A%3A%3Astop-commands%3A%3Ax::100%250A%0D%0A::error::planted')
  })

  test('has no column of an end in another line', () => {
    assert.equal(
      workflowCommand('error', { title: 't', at: { ...at, file: 'a.md', endLine: 4 } }, 'x'),
      '::error file=a.md,line=3,endLine=4,col=5,title=t::x',
    )
  })
})
