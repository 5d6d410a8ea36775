import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { readCitable } from '../src/cli/docs/citable-pages.ts'
import { argvOf } from '../src/docs/template.ts'
import { unify } from '../src/docs/unify.ts'

/** What an operator of this daemon needs at night; the values stand for others. */
const NEEDED = [
  'status',
  'runtime get',
  'doctor',
  'doctor --cors-origin http://localhost:5173',
  'doctor routes --check-auth',
  'doctor routes --check-references',
  'doctor routes --route main --check-auth --canary --canary-timeout-ms 90000',
  'secrets generate',
  'secrets list',
  'secrets get openai.prod',
  'secrets set openai.prod --provider openai --stdin',
  'secrets set openai.prod --offline --state-root /state --provider openai --stdin',
  'secrets set sidecars.webhook.routes --provider generic --stdin',
  'secrets delete sidecars.webhook.routes',
  'connectors put-external ops-webhook --file hook.json',
  'connectors delete external ops-webhook',
  'runtime auth subject connector:ops-webhook',
  'runtime auth lease lease-1',
  'runtime auth revoke-lease lease-1',
  'runtime auth revoke-slot openai.prod',
  'runtime auth revoke-slot sidecars.webhook.routes',
  'runtime auth revoke-subject agent:agent-1',
  'runtime set-permission-mode dont-ask',
  'runtime set-debug-level off',
  'sessions create s-1',
  'sessions events s-1',
  'sessions interrupt s-1',
  'runs list',
  'runs get run-1',
  'runs wait run-1 --poll-interval-ms 500',
  'runs cancel run-1',
  'runs debug run-1',
  'runs external-actions run-1',
  'tasks list s-1',
  'tasks output s-1 task-1 --tail-bytes 4096',
  'tasks stop s-1 task-1',
  'deliveries list --run-id run-1',
]

describe('production-runbooks.md', async () => {
  const { pages, trees } = await readCitable()
  const page = pages.find(({ id }) => id === 'production-runbooks')!
  const tree = trees.find(({ program }) => program === 'kheish-daemon')!
  const text = readFileSync(path.resolve(import.meta.dirname, '..', page.file), 'utf8')

  test('documents every command that an incident, a restore or a rotation needs', () => {
    const missing = NEEDED.filter(words => {
      const argv = argvOf(`${tree.program} ${words}`)
      return !page.commands.some(command => unify(command.words, argv, tree))
    })
    assert.deepEqual(missing, [])
  })

  test('never says to go back to a mode that was not asked for before', () => {
    assert.ok(!text.includes('set-permission-mode default'))
  })

  for (const [heading, rows] of [
    ['### All classes', 10],
    ['### Scenarios', 6],
    ['## Service level signals', 11],
  ] as const) {
    test(`has a table of ${rows} rows below ${heading}`, () => {
      const section = text.slice(text.indexOf(`\n${heading}\n`) + heading.length + 2).split(/\n##/)[0]!
      const lines = section.split('\n').filter(line => line.startsWith('| '))
      assert.equal(lines.length - 2, rows)
    })
  }
})
