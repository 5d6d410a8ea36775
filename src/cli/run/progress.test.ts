import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { displayFor } from './progress.ts'

test('what a counterproof said is cut only once no secret stands in it: no beginning of one is shown', () => {
  const output = new PassThrough()
  const secret = 'k'.repeat(60)
  const redact = (text: string) => text.replaceAll(secret, '[secret x]')
  const said = `${'a'.repeat(120)} ${secret} ${'b'.repeat(60)}`
  const run = displayFor(output, { color: false }).whole({ redact, shorten: {} })
  run.show({
    type: 'check',
    step: 's',
    check: 'c',
    title: 'C',
    outcome: 'passed',
    reason: undefined,
    durationMs: 1,
    counterproofs: 1,
  })
  run.show({
    type: 'counterproof',
    step: 's',
    check: 'c',
    counterproof: 'p',
    breaks: 'it breaks',
    outcome: 'red',
    said,
    durationMs: 1,
  })
  const shown = String(output.read())
  assert.doesNotMatch(shown, /kkkk/)
  assert.match(shown, /a \[secret x\] b+…\n$/)
})
