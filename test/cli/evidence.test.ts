import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { Site, WAYS } from './launch.ts'

const site = new Site()
let sealed: string
let keyId: string
before(async () => {
  const { status, stderr } = await site.run(['run', WAYS])
  assert.equal(status, 0, stderr)
  sealed = path.join(site.reports, site.sealed()[0]!)
  keyId = site.evidence().signer.keyId
})

const verify = (directory: string, ...words: string[]) => site.run(['evidence', 'verify', directory, ...words])
/** Somebody else's machine: another home, without a key. */
const elsewhere = { HOME: path.join(site.root, 'another home') }

let copies = 0
function copy(): string {
  const directory = path.join(site.root, `copy-${copies++}`)
  cpSync(sealed, directory, { recursive: true })
  return directory
}

describe('runproof evidence verify', () => {
  test('says intact, as text and as JSON', async () => {
    const text = await verify(sealed)
    assert.deepEqual([text.status, text.stderr], [0, ''])
    assert.match(text.stdout, /^intact, signed by a trusted key\n/)
    const json = JSON.parse((await verify(sealed, '--json')).stdout)
    assert.deepEqual([json.signerTrusted, json.keyId, json.outcome], [true, keyId, 'passed'])
  })

  test('works through a link to the directory, and from inside of it', async () => {
    const link = path.join(site.root, 'latest')
    symlinkSync(sealed, link)
    assert.equal((await verify(link)).status, 0)
    assert.equal((await site.run(['evidence', 'verify', '.'], { cwd: sealed })).status, 0)
  })

  const changes: readonly [string, (directory: string) => void, RegExp][] = [
    [
      'a changed report',
      directory => appendFileSync(path.join(directory, 'report.html'), ' '),
      /report\.html was changed after signing/,
    ],
    [
      'a changed journal',
      directory => appendFileSync(path.join(directory, 'journal.jsonl'), ' '),
      /journal\.jsonl was changed after signing/,
    ],
    ['a file more', directory => writeFileSync(path.join(directory, 'x'), ''), /x was added after signing/],
    ['a directory more', directory => mkdirSync(path.join(directory, 'x')), /directory x was added after signing/],
    ['a file less', directory => rmSync(path.join(directory, 'junit.xml')), /junit\.xml is missing/],
    ['a link in it', directory => symlinkSync('junit.xml', path.join(directory, 'x')), /x is no regular file/],
  ]
  for (const [what, change, message] of changes) {
    test(`refuses ${what} with exit status 1, naming it`, async () => {
      const directory = copy()
      change(directory)
      const { status, stdout, stderr } = await verify(directory)
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, message)
    })
  }

  test('on another machine says that nobody known signed it, until told whose key it is', async () => {
    const foreign = (...words: string[]) => site.run(['evidence', 'verify', sealed, ...words], { env: elsewhere })
    const unknown = await foreign()
    assert.equal(unknown.status, 1)
    assert.match(unknown.stdout, /^intact, signer unknown\n/)
    assert.match(unknown.stderr, new RegExp(`--key ${keyId}`))
    assert.equal((await foreign('--key', keyId)).status, 0)

    const pem = path.join(site.root, 'signer.pem')
    const key = readFileSync(path.join(site.root, 'home/.local/state/runproof/signing-key.pem'), 'utf8')
    writeFileSync(pem, createPublicKey(key).export({ type: 'spki', format: 'pem' }))
    assert.equal((await foreign('--key', pem)).status, 0)
    assert.equal((await foreign('--key', path.join(site.root, 'missing.pem'))).status, 3)
    assert.equal(existsSync(path.join(elsewhere.HOME, '.local')), false, 'looking at evidence made a key')
  })

  test('refuses a directory that holds no evidence at all', async () => {
    const empty = path.join(site.root, 'empty')
    mkdirSync(empty)
    const { status, stderr } = await verify(empty)
    assert.equal(status, 1)
    assert.match(stderr, /evidence\.json is missing/)
  })

  test('tells tampering as JSON too', async () => {
    const directory = copy()
    appendFileSync(path.join(directory, 'evidence.json'), '\n')
    const { status, stdout, stderr } = await verify(directory, '--json')
    assert.deepEqual([status, stdout, JSON.parse(stderr).error.code], [1, '', 'EVIDENCE_TAMPERED'])
  })
})

describe('runproof evidence show', () => {
  test('prints what verified', async () => {
    const { status, stdout } = await site.run(['evidence', 'show', sealed])
    assert.equal(status, 0)
    assert.match(stdout, /^outcome {3}PASSED/)
    const json = await site.run(['evidence', 'show', sealed, '--json'])
    assert.deepEqual(JSON.parse(json.stdout), JSON.parse(readFileSync(path.join(sealed, 'evidence.json'), 'utf8')))
  })

  test('prints nothing of what did not', async () => {
    const directory = copy()
    rmSync(path.join(directory, 'junit.xml'))
    const { status, stdout } = await site.run(['evidence', 'show', directory])
    assert.deepEqual([status, stdout], [1, ''])
  })
})
