import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { files } from '../adapters/files.ts'
import type { Files } from '../model/files.ts'
import type { Evidence } from './schema.ts'
import { STATEMENT_PAYLOAD_TYPE, statement } from './statement.ts'
import { listed, newSigner, reports, runDirectory, sealRun, VERSION } from './testdata/sealed-run.ts'
import { verifyDirectory } from './verify-directory.ts'

const signer = newSigner()
const roots: string[] = []
let sealed: string
before(async () => {
  const run = runDirectory()
  roots.push(run.root)
  await sealRun(run, { signer })
  sealed = run.finalDir
})
after(() => {
  for (const root of roots) rmSync(root, { recursive: true })
})

function copy(): string {
  const root = mkdtempSync(join(tmpdir(), 'runproof-verify-'))
  roots.push(root)
  cpSync(sealed, join(root, 'copy'), { recursive: true })
  return join(root, 'copy')
}

const verified = (directory: string, port: Files = files, version = VERSION) =>
  verifyDirectory(directory, port, reports, [signer.keyId], version)

const CODES = ['EVIDENCE_TAMPERED', 'EVIDENCE_INVALID', 'JOURNAL_BROKEN']
async function assertRefused(directory: string, port: Files = files, what = '') {
  await assert.rejects(
    verified(directory, port),
    (error: Error & { code: string }) => {
      assert.ok(CODES.includes(error.code), `${what}: ${error.code}: ${error.message}`)
      return true
    },
    what,
  )
}

/**
 * The sealed directory out of memory, with one file's bytes replaced: neither the disk nor the digests of the other files
 * are touched for every changed byte.
 */
function inMemory(): (name: string, bytes: Buffer) => Files {
  const contents = new Map(listed(sealed).map(name => [join(sealed, name), readFileSync(join(sealed, name))]))
  const facts = remembered(files.facts)
  const list = remembered(files.list)
  const sha256 = remembered(files.sha256)
  return (name, bytes) => {
    const path = join(sealed, name)
    const read = (one: string) => (one === path ? bytes : contents.get(one)!)
    return {
      ...files,
      facts,
      list,
      readBytes: async one => read(one),
      readText: async one => read(one).toString('utf8'),
      sha256: async one => (one === path ? createHash('sha256').update(bytes).digest('hex') : sha256(one)),
    }
  }
}

function remembered<Result>(look: (path: string) => Promise<Result>): (path: string) => Promise<Result> {
  const known = new Map<string, Promise<Result>>()
  return path => known.get(path) ?? known.set(path, look(path)).get(path)!
}

describe('a sealed directory', () => {
  test('verifies, by its signer’s key', async () => {
    const { evidence, signerTrusted, notRerendered } = await verified(sealed)
    assert.deepEqual([evidence.runId, signerTrusted, notRerendered], ['book-1', true, []])
  })

  test('verifies as a copy', async () => assert.ok((await verified(copy())).signerTrusted))

  test('is refused with any single byte changed', async () => {
    let changed = 0
    const withBytes = inMemory()
    for (const name of listed(sealed)) {
      const bytes = readFileSync(join(sealed, name))
      for (let at = 0; at < bytes.length; at++) {
        const other = Buffer.from(bytes)
        other[at] = other[at]! ^ randomInt(1, 256)
        await assertRefused(sealed, withBytes(name, other), `${name}, byte ${at}: ${bytes[at]} became ${other[at]}`)
        changed++
      }
    }
    assert.ok(changed > 5_000, `only ${changed} bytes were changed`)
  })

  test('is refused with bytes removed, inserted, doubled or overwritten anywhere', async () => {
    const withBytes = inMemory()
    const contents = new Map(listed(sealed).map(name => [name, readFileSync(join(sealed, name))]))
    const edit = fc.record({
      name: fc.constantFrom(...contents.keys()),
      at: fc.nat(100_000),
      drop: fc.nat(8),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.constantFrom('\n', ' ', '\r\n', '\ufeff', '=').map(text => Buffer.from(text)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(edit, async ({ name, at, drop, put }) => {
        const bytes = contents.get(name)!
        const from = at % (bytes.length + 1)
        const other = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + drop)])
        fc.pre(!other.equals(bytes))
        await assertRefused(sealed, withBytes(name, other), name)
      }),
      { numRuns: 1_000 },
    )
  })

  const changes: readonly [string, (directory: string) => void][] = [
    ['a file added', directory => writeFileSync(join(directory, 'more.txt'), '')],
    ['a hidden file added', directory => writeFileSync(join(directory, 'artifacts', '.more'), '')],
    ['an empty directory added', directory => mkdirSync(join(directory, 'empty'))],
    [
      'an empty directory added among the artefacts',
      directory => mkdirSync(join(directory, 'artifacts', 'deep', 'er')),
    ],
    ['a link added', directory => symlinkSync('evidence.json', join(directory, 'link'))],
    ['a link to nowhere added', directory => symlinkSync('nowhere', join(directory, 'link'))],
    ['a link to a directory added', directory => symlinkSync('artifacts', join(directory, 'link'))],
    ['a pipe added', directory => execFileSync('mkfifo', [join(directory, 'pipe')])],
    [
      'an artefact renamed',
      directory => renameSync(join(directory, 'artifacts', 'a.txt'), join(directory, 'artifacts', 'b.txt')),
    ],
    [
      'an artefact moved',
      directory => renameSync(join(directory, 'artifacts', 'a.txt'), join(directory, 'artifacts', 'deep', 'a.txt')),
    ],
    [
      'a directory renamed',
      directory => renameSync(join(directory, 'artifacts', 'deep'), join(directory, 'artifacts', 'deeper')),
    ],
    [
      'a hard link to an artefact added',
      directory => linkSync(join(directory, 'artifacts', 'a.txt'), join(directory, 'artifacts', 'twin')),
    ],
  ]
  for (const [title, change] of changes) {
    test(`is refused with ${title}`, async () => {
      const directory = copy()
      change(directory)
      await assertRefused(directory)
    })
  }

  test('is refused with any file removed, made a link to the same bytes, or made a directory', async () => {
    for (const name of listed(sealed)) {
      for (const replace of [
        () => {},
        (path: string) => symlinkSync(join(sealed, name), path),
        (path: string) => mkdirSync(path),
      ]) {
        const directory = copy()
        rmSync(join(directory, name))
        replace(join(directory, name))
        await assertRefused(directory, files, name)
      }
    }
  })

  test('is refused with a directory that is a link to the same files', async () => {
    const directory = copy()
    rmSync(join(directory, 'artifacts', 'deep'), { recursive: true })
    symlinkSync(join(sealed, 'artifacts', 'deep'), join(directory, 'artifacts', 'deep'))
    await assertRefused(directory)
  })

  test('is intact and of an unknown signer when somebody else signed it again', async () => {
    const directory = copy()
    const forger = newSigner()
    resign(directory, forger, evidence => evidence)
    const { signerTrusted } = await verified(directory)
    assert.equal(signerTrusted, false)
    assert.ok((await verifyDirectory(directory, files, reports, [forger.keyId], VERSION)).signerTrusted)
  })

  test('is refused when somebody signed it with their own key under the id of a trusted one', async () => {
    const directory = copy()
    const forger = newSigner()
    resign(directory, { ...forger, keyId: signer.keyId }, evidence => ({
      ...evidence,
      operator: { user: 'eve', host: 'here' },
    }))
    await assertRefused(directory)
  })

  test('is refused when the signer changed what evidence, journal and reports say of each other', async () => {
    for (const change of [
      (evidence: Evidence) => ({ ...evidence, journal: { ...evidence.journal, records: 3 } }),
      (evidence: Evidence) => ({ ...evidence, journal: { ...evidence.journal, sha256: '0'.repeat(64) } }),
      (evidence: Evidence) => ({ ...evidence, artifacts: evidence.artifacts.slice(1) }),
      (evidence: Evidence) => ({
        ...evidence,
        artifacts: [...evidence.artifacts, { path: 'artifacts/x', sha256: '0'.repeat(64), sizeBytes: 0 }],
      }),
      (evidence: Evidence) => ({ ...evidence, outcome: 'failed' }),
      (evidence: Evidence) => ({ ...evidence, extra: 1 }),
      (evidence: Evidence) => ({ ...evidence, facts: JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) }),
    ]) {
      const directory = copy()
      resign(directory, newSigner(), change)
      await assertRefused(directory, files, String(change))
    }
  })

  test('of another version is intact although its reports would look different today', async () => {
    assert.deepEqual((await verified(sealed, files, '10.0.0')).notRerendered, ['report.html', 'junit.xml'])
    const directory = copy()
    writeFileSync(join(directory, 'report.html'), '<p>all is well</p>')
    await assert.rejects(verified(directory, files, '10.0.0'), { code: 'EVIDENCE_TAMPERED' })
  })
})

/** What somebody with a key of their own can do: change the evidence and sign everything anew. */
function resign(directory: string, forger: typeof signer, change: (evidence: Evidence) => object): void {
  const path = join(directory, 'evidence.json')
  const evidence = change(JSON.parse(readFileSync(path, 'utf8'))) as Record<string, unknown>
  const signed = { ...evidence, signer: { keyId: forger.keyId, publicKeyPem: forger.publicKeyPem } }
  writeFileSync(path, `${sortedJson(signed)}\n`)
  const changed = evidence['outcome'] !== 'passed'
  if (!changed)
    for (const report of reports) writeFileSync(join(directory, report.file), report.render(signed as never))
  const subjects = listed(directory)
    .filter(name => name !== 'evidence.dsse.json')
    .map(name => ({
      name,
      digest: {
        sha256: createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex'),
      },
    }))
  const payload = statement(subjects, { runId: String(evidence['runId']), outcome: String(evidence['outcome']) })
  writeFileSync(join(directory, 'evidence.dsse.json'), forger.envelope(STATEMENT_PAYLOAD_TYPE, payload))
}

/** Canonical enough for this document, without the code under test and without recursion over deep forgeries. */
function sortedJson(value: unknown): string {
  const sorted = (one: unknown): unknown =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(
          Object.entries(one)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, member]) => [name, sorted(member)]),
        )
      : Array.isArray(one) && one.length > 0 && !Array.isArray(one[0])
        ? one.map(sorted)
        : one
  return JSON.stringify(sorted(value))
}

/** A directory as it was sealed before there was a version 2, file by file. */
function sealedOnceAsVersion1(change: (evidence: string) => string = text => text): string {
  const root = mkdtempSync(join(tmpdir(), 'runproof-verify-'))
  roots.push(root)
  mkdirSync(join(root, 'artifacts'))
  const texts: Record<string, string> = JSON.parse(
    readFileSync(join(import.meta.dirname, 'testdata/version-1.json'), 'utf8'),
  )
  for (const [name, text] of Object.entries(texts))
    writeFileSync(join(root, name), name === 'evidence.json' ? change(text) : text)
  return root
}

describe('evidence of version 1', () => {
  test('is verified still, and its reports are rendered again as they were', async () => {
    const { evidence, notRerendered } = await verified(sealedOnceAsVersion1())
    assert.equal(evidence.schema, 'runproof-evidence-1')
    assert.deepEqual(notRerendered, [])
    assert.deepEqual(
      evidence.steps.map(step => step.outcome),
      ['passed', 'passed', 'skipped'],
    )
  })

  const members = [
    ['a note', '"notTested":', '"notes":[],"notTested":'],
    ['who skipped a step', '"reason":"no radio here"', '"reason":"no radio here","skippedBy":{}'],
    ['the outcome attested', '"outcome":"skipped","reason"', '"outcome":"attested","reason"'],
  ] as const
  for (const [what, from, to] of members) {
    test(`has no member of version 2: ${what} is refused`, async () => {
      const changed = sealedOnceAsVersion1(text => {
        assert.ok(text.includes(from), from)
        return text.replace(from, to)
      })
      await assert.rejects(verified(changed), { code: 'EVIDENCE_INVALID', message: /does not fit its schema/ })
    })
  }

  test('is told from a version that nobody knows', async () => {
    const changed = sealedOnceAsVersion1(text => text.replace('runproof-evidence-1', 'runproof-evidence-9'))
    await assert.rejects(verified(changed), { code: 'EVIDENCE_INVALID', message: /none of runproof-evidence-1, / })
  })
})
