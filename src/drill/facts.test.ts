import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { type Facts, parseFacts } from './facts.ts'

const facts: Facts = {
  schema: 'runproof-facts-1',
  takenAt: '2026-01-02T03:04:05.678Z',
  target: 'kheish',
  online: true,
  slots: [{ id: 'one', provider: 'generic', updatedAtMs: 1 }],
  sessions: ['s'],
  runs: [{ id: 'run-1', status: 'completed', updatedAtMs: 2 }],
  auditKeyId: null,
  ledgerHeads: [{ bucket: 'b', recordCount: 0, lastHash: null }],
  warnings: [],
  newestEventAtMs: 2,
  marker: null,
  sentinel: { path: 'a', sha256: 'b' },
  binarySha256: null,
  routesSha256: null,
  artefacts: [{ kind: 'routes-file', path: '/r', present: true, mode: '0644', sha256: 'c' }],
  archives: { state: { file: 'state.tar.zst', sha256: 'd', sizeBytes: 3, manifestSha256: '0'.repeat(64) } },
}
const broken = (change: object) => ({ ...facts, ...change }) as unknown as Json

describe('parseFacts', () => {
  test('reads what a backup writes', () => {
    assert.deepEqual(parseFacts(JSON.parse(JSON.stringify(facts))), facts)
  })

  const cases: readonly (readonly [string, Json, RegExp])[] = [
    ['no object', 'facts', /schema is undefined/],
    ['another schema', broken({ schema: 'runproof-facts-2' }), /schema is "runproof-facts-2"/],
    ['a member that is missing', broken({ artefacts: undefined }), /facts\.artefacts should be a list, it is missing/],
    ['a member nobody knows', broken({ extra: 1 }), /facts\.extra is not known/],
    ['a time that is none', broken({ takenAt: 'now' }), /takenAt is no instant: now/],
    [
      'a run without a status',
      broken({ runs: [{ id: 'r', updatedAtMs: 1 }] }),
      /facts\.runs\[0\]\.status should be text/,
    ],
    [
      'a slot that was changed at no time',
      broken({ slots: [{ id: 'a', provider: 'b', updatedAtMs: 1.5 }] }),
      /whole number, it is 1\.5/,
    ],
    [
      'an archive without a size',
      broken({ archives: { state: { file: 'f', sha256: 's' } } }),
      /archives\.state\.sizeBytes/,
    ],
    ...['/etc/passwd', '', '.', '..', '../../x', 'a/../../x', './a', 'a//b', 'a/', 'a\0b'].map(
      path =>
        [
          `a sentinel at ${JSON.stringify(path)}, which is no plain path inside the workspace`,
          broken({ sentinel: { path, sha256: 'b' } }),
          /facts\.sentinel\.path is no plain path inside the workspace/,
        ] as const,
    ),
    [
      'an artefact that says more',
      broken({ artefacts: [{ ...facts.artefacts[0], value: 'x' }] }),
      /artefacts\[0\]\.value is not known/,
    ],
  ]
  for (const [title, value, message] of cases) {
    test(`refuses ${title}`, () => {
      assert.throws(
        () => parseFacts(value),
        (thrown: unknown) =>
          thrown instanceof RunproofError && thrown.code === 'FACTS_INVALID' && message.test(thrown.message),
      )
    })
  }
})
