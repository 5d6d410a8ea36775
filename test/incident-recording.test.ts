import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import runbook from '../runbooks/contain-leaked-admin-token.ts'
import { plan } from '../src/engine/plan.ts'
import standIn from '../src/targets/stand-in.ts'

const root = path.resolve(import.meta.dirname, '..')
const recording = readFileSync(path.join(root, 'docs/incident-recording.txt'), 'utf8')

describe('the recording of an incident', () => {
  test('shows the steps that the runbook has today; npm run record makes it anew', () => {
    const { steps } = plan(runbook, standIn, {})
    const shown = [...recording.matchAll(/^Step \d+ of \d+: [\s\S]*?(?=\n\n)/gm)].map(([title]) =>
      title.replaceAll('\n', ' '),
    )
    assert.deepEqual(
      shown,
      steps.map(({ title }, index) => `Step ${index + 1} of ${steps.length}: ${title}`),
    )
  })

  test('came to its end, with every counterproof red that was run', () => {
    const [, red, all, notRun] = /(\d+) of (\d+) counterproofs red, (\d+) not run/.exec(recording) ?? []
    assert.match(recording, /^outcome +ATTESTED /m)
    assert.equal(Number(red) + Number(notRun), Number(all))
  })

  test('names no place of the machine that it was made on, and nothing that acts on a terminal', () => {
    for (const place of [root, homedir(), '/tmp/incident-']) assert.ok(!recording.includes(place), place)
    assert.doesNotMatch(recording, /[^\P{Cc}\n]/u)
  })
})
