import assert from 'node:assert/strict'
import { test } from 'node:test'
import { thiefShutOut } from '../../checks/incident/exfiltration.ts'
import { type Deployment, deployment } from '../../drill/backup-subjects.ts'
import { type Capture, CapturedValues } from '../../model/capture.ts'
import type { StepContext } from '../../model/runbook.ts'
import { Secret } from '../../model/secret.ts'
import { replacedTokens, replaceTokenFiles, tokensAfterBreak } from './replace-tokens.ts'

/** A run on two token files. @param given - secrets that a run which goes on was given */
function running(given: Readonly<Record<string, string>> = {}) {
  const held: Record<string, string> = { '/admin': 'the-stolen-admin-token', '/readonly': 'the-stolen-readonly-token' }
  const notTested: string[] = []
  let values = new CapturedValues().with(deployment, {
    adminTokenFile: '/admin',
    readonlyTokenFile: '/readonly',
  } as Deployment)
  const context = {
    get values() {
      return values
    },
    set: (capture: Capture<unknown>, value: unknown) => {
      values = values.with(capture, value)
    },
    secrets: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, new Secret(name, value)])),
    signal: new AbortController().signal,
    protect: () => {},
    run: { notTested: (text: string) => void notTested.push(text), assume: () => {}, fact: () => {} },
    tools: {
      clock: { now: () => new Date(0) },
      files: { readSecret: async (file: string, name: string) => new Secret(name, held[file]!) },
      replaceFile: {
        async replace(file: string, to: Secret) {
          held[file] = to.reveal()
        },
      },
    },
  } as unknown as StepContext
  const stolen = () => values.get(replacedTokens).stolen.map(one => one.reveal())
  return { context, held, notTested, stolen, lost: () => values.get(replacedTokens).lost }
}

test('tokens that were replaced before a break stay, and nobody claims to have shown the stolen ones', async () => {
  const { context, held, notTested, stolen, lost } = running()
  await replaceTokenFiles(context)
  assert.deepEqual([stolen(), lost(), notTested], [['the-stolen-admin-token', 'the-stolen-readonly-token'], false, []])
  const before = { ...held }
  await tokensAfterBreak(context)
  assert.deepEqual([held, stolen(), lost()], [before, [], true])
  assert.deepEqual(
    notTested.map(text => text.split(':')[0]),
    ['whether the stolen admin token is refused', 'whether the stolen readonly token is refused'],
  )
  const shown = { tokens: [], leases: [], ours: 200 }
  assert.deepEqual(
    [true, false].map(gone => thiefShutOut.judge({ ...shown, lost: gone }).outcome),
    ['passed', 'failed'],
  )
})

test('a replacement that broke off in between tells that what it finds may be its own', async () => {
  const { context, notTested, lost } = running()
  await replaceTokenFiles(context)
  await replaceTokenFiles(context)
  assert.deepEqual([lost(), notTested.length], [true, 2])
})

test('stolen tokens that are given after a break are shown, unless they are those of now', async () => {
  const secrets = { 'stolen-admin': 'the-stolen-admin-token', 'stolen-readonly': 'the-stolen-readonly-token' }
  const { context, held, stolen, lost, notTested } = running(secrets)
  await assert.rejects(tokensAfterBreak(context), {
    code: 'PARAM_INVALID',
    message: /stolen-admin= is a token that a file/,
  })
  for (const file of Object.keys(held)) held[file] = `a-new-token-in-${file}`
  await tokensAfterBreak(context)
  assert.deepEqual([stolen(), lost(), notTested], [Object.values(secrets), false, []])
})
