import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { leakScan } from '../adapters/leak-scan.ts'
import { Secret } from '../model/secret.ts'
import { canonicalJson } from './canonical.ts'
import type { SealInput } from './seal.ts'
import { listed, type RunDirectory, reports, runDirectory, sealRun, unsealed } from './testdata/sealed-run.ts'

const roots: string[] = []
let run: RunDirectory
beforeEach(() => {
  run = runDirectory()
  roots.push(run.root)
})
after(() => {
  for (const root of roots) rmSync(root, { recursive: true })
})

const sealed = (given: Partial<SealInput> = {}) => sealRun(run, given)

/** Nothing under the final name, everything still under the first one. */
function assertNotPublished() {
  assert.deepEqual(readdirSync(run.root), ['.run-book-1'])
  assert.ok(existsSync(join(run.runDir, 'journal.jsonl')))
  assert.equal(existsSync(join(run.runDir, 'evidence.dsse.json')), false)
}

describe('sealing', () => {
  test('publishes evidence, journal, artefacts, reports and the envelope, under the final name only', async () => {
    const evidence = await sealed()
    assert.deepEqual(listed(run.finalDir), [
      'artifacts/a.txt',
      'artifacts/deep/b.bin',
      'evidence.dsse.json',
      'evidence.json',
      'journal.jsonl',
      'junit.xml',
      'report.html',
    ])
    assert.deepEqual(readdirSync(run.root), ['book-1'])
    assert.equal(readFileSync(join(run.finalDir, 'evidence.json'), 'utf8'), `${canonicalJson(evidence)}\n`)
    assert.deepEqual(
      evidence.artifacts.map(one => [one.path, one.sizeBytes]),
      [
        ['artifacts/a.txt', 12],
        ['artifacts/deep/b.bin', 40],
      ],
    )
    assert.ok(evidence.leakScan.canaryFound)
  })

  test('signs every file but the envelope, after the scan', async () => {
    const order: string[] = []
    await sealed({
      secrets: [new Secret('token', randomBytes(16).toString('hex'))],
      leaks: {
        ...leakScan,
        scanPaths: request => {
          order.push(`scan ${readdirSync(run.runDir).sort().join(' ')}`)
          return leakScan.scanPaths(request)
        },
      },
      publish: async () => void order.push(`publish ${readdirSync(run.runDir).sort().join(' ')}`),
    })
    assert.deepEqual(order, [
      'scan artifacts evidence.json journal.jsonl junit.xml report.html',
      'publish artifacts evidence.dsse.json evidence.json journal.jsonl junit.xml report.html',
    ])
    const envelope = JSON.parse(readFileSync(join(run.runDir, 'evidence.dsse.json'), 'utf8'))
    const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString())
    assert.deepEqual(
      statement.subject.map((one: { name: string }) => one.name),
      listed(run.runDir).filter(name => name !== 'evidence.dsse.json'),
    )
  })

  test('stops at evidence that does not fit its schema', async () => {
    for (const wrong of [{ outcome: 'splendid' }, { durationMs: -1 }, { steps: [] }, { extra: 1 }, { runId: '' }])
      await assert.rejects(sealed({ run: { ...unsealed, ...wrong } as never }), {
        code: 'SEAL_FAILED',
        message: /schema/,
      })
    assertNotPublished()
  })

  test('stops when the search does not find its own canary', async () => {
    const proveSearchWorks: typeof leakScan.proveSearchWorks = async (...args) => ({
      ...(await leakScan.proveSearchWorks(...args)),
      works: false,
      missed: ['plain'],
    })
    await assert.rejects(sealed({ leaks: { ...leakScan, proveSearchWorks } }), {
      code: 'SEAL_FAILED',
      message: /canary/,
    })
    assertNotPublished()
  })

  test('leaves the run where it is when it can not be signed', async () => {
    const signer = { keyId: 'x', publicKeyPem: 'x', envelope: () => assert.fail('no key'), holds: () => false }
    await assert.rejects(sealed({ signer }), /no key/)
    assertNotPublished()
  })

  test('refuses a link among the artefacts', async () => {
    symlinkSync('/etc/hostname', join(run.runDir, 'artifacts', 'link'))
    await assert.rejects(sealed(), { code: 'SEAL_FAILED', message: /artifacts\/link is no regular file/ })
    assertNotPublished()
  })

  test('drops directories that hold nothing, since no digest could vouch for them', async () => {
    mkdirSync(join(run.runDir, 'artifacts', 'empty', 'emptier'), { recursive: true })
    await sealed()
    assert.deepEqual(readdirSync(join(run.finalDir, 'artifacts')).sort(), ['a.txt', 'deep'])
  })
})

describe('a secret', () => {
  const value = randomBytes(24).toString('base64url')
  const secrets = [new Secret('token', value)]
  const hex = Buffer.from(value).toString('hex')

  const plant = (write: () => void) => {
    write()
    return undefined
  }
  const places: readonly [string, () => Partial<SealInput> | undefined][] = [
    ['in an artefact', () => plant(() => writeFileSync(join(run.runDir, 'artifacts', 'log'), `x=${value}`))],
    ['in an artefact, in hexadecimal', () => plant(() => writeFileSync(join(run.runDir, 'artifacts', 'log'), hex))],
    ['in the name of an artefact', () => plant(() => writeFileSync(join(run.runDir, 'artifacts', value), ''))],
    ['in the journal', () => plant(() => writeFileSync(join(run.runDir, 'journal.jsonl'), value))],
    ['in the evidence', () => ({ run: { ...unsealed, notTested: [value] } })],
    ['in a report', () => ({ reports: [...reports, { file: 'notes.txt', render: () => value }] })],
  ]
  for (const [where, leak] of places) {
    test(`${where} keeps everything from being published, and everything from being deleted`, async () => {
      const given = leak()
      const before = listed(run.runDir)
      await assert.rejects(sealed({ secrets, ...(given ?? {}) }), (error: Error & { code: string }) => {
        assert.equal(error.code, 'SECRET_LEAKED')
        assert.ok(!error.message.includes(value) && !error.message.includes(hex), 'the error repeats the value')
        assert.match(error.message, /secret token/)
        return true
      })
      assertNotPublished()
      assert.deepEqual(
        before.filter(name => !listed(run.runDir).includes(name)),
        [],
      )
    })
  }

  test('that is nowhere is named as searched for', async () => {
    const { leakScan: scan } = await sealed({ secrets })
    assert.deepEqual(scan.secretNames, ['token'])
    assert.ok(scan.searchedForms > 3 && scan.searchedFiles >= 3)
  })
})
