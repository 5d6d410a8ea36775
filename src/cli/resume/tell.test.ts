import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resumeCommand } from './tell.ts'

test('the command that goes on with a run has each name as one word, whoever chose it', () => {
  const places = { reportsDir: '/a b/$(x)', workDir: '/w' }
  assert.match(
    resumeCommand('x;rm -rf ~\u001b[2J', { secrets: [{ name: 'new', generated: false }] }, places) ?? '',
    / run --resume \$'x;rm -rf ~\\U0000001b\[2J' --secret new=… --reports '\/a b\/\$\(x\)' --work \/w$/,
  )
})
