import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { files } from '../adapters/files.ts'
import { existingSigner, machineSigner, trustedKeyIds } from './signing-key.ts'

const root = mkdtempSync(join(tmpdir(), 'runproof-key-'))
after(() => rmSync(root, { recursive: true }))
let count = 0
const fresh = () => join(root, String(count++), 'state')

function planted(content: string, mode: number): string {
  const directory = fresh()
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'signing-key.pem'), content)
  chmodSync(join(directory, 'signing-key.pem'), mode)
  return directory
}

const pemOf = (key: ReturnType<typeof generateKeyPairSync>['privateKey']) =>
  (key as never as { export(of: object): string }).export({ type: 'pkcs8', format: 'pem' })

describe('the signing key of this machine', () => {
  test('is made once, private, and used from then on', async () => {
    const directory = fresh()
    const first = await machineSigner(directory, files)
    assert.equal((await machineSigner(directory, files)).keyId, first.keyId)
    assert.equal(statSync(join(directory, 'signing-key.pem')).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(directory), ['signing-key.pem'])
  })

  test('is made once by many first runs at the same time', async () => {
    const directory = fresh()
    const code = `import { machineSigner } from '${import.meta.dirname}/signing-key.ts'
      import { files } from '${import.meta.dirname}/../adapters/files.ts'
      process.umask(0)
      await new Promise(resolve => process.stdin.once('data', resolve))
      const ids = await Promise.all(Array.from({ length: 8 }, () => machineSigner('${directory}', files)))
      process.stdout.write(ids.map(signer => signer.keyId).join('\\n'))
      process.exit()`
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    for (const child of children) child.stdin.write('go\n')
    const ids = (await Promise.all(children.map(child => text(child.stdout)))).join('\n').split('\n')
    assert.deepEqual([ids.length, new Set(ids).size], [32, 1])
    assert.equal(statSync(join(directory, 'signing-key.pem')).mode & 0o777, 0o600)
  })

  test('is not made by looking for it', async () => {
    const directory = fresh()
    assert.equal(await existingSigner(directory, files), undefined)
    assert.equal(existsSync(directory), false)
  })

  for (const mode of [0o640, 0o604, 0o660]) {
    test(`is refused with mode ${mode.toString(8)}`, async () => {
      const directory = planted(pemOf(generateKeyPairSync('ed25519').privateKey), mode)
      await assert.rejects(machineSigner(directory, files), { code: 'KEY_UNUSABLE', hint: /chmod 600/ })
    })
  }

  test('is refused when it is of another kind, empty or no key', async () => {
    const ec = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
    for (const content of [ec, '', 'hello'])
      await assert.rejects(machineSigner(planted(content, 0o600), files), {
        code: 'KEY_UNUSABLE',
        message: /no Ed25519/,
      })
  })

  test('is refused when it is a link', async () => {
    const directory = planted(pemOf(generateKeyPairSync('ed25519').privateKey), 0o600)
    const linked = fresh()
    mkdirSync(linked, { recursive: true })
    symlinkSync(join(directory, 'signing-key.pem'), join(linked, 'signing-key.pem'))
    await assert.rejects(machineSigner(linked, files), { code: 'KEY_UNUSABLE', message: /no regular file/ })
  })

  test('that can not be made is told by its path', async () => {
    const file = join(root, 'file')
    writeFileSync(file, '')
    await assert.rejects(machineSigner(join(file, 'state'), files), {
      code: 'FILE_UNREADABLE',
      message: /signing-key\.pem: ENOTDIR/,
    })
  })
})

describe('trusted keys', () => {
  test('are this machine’s, ids and public keys in PEM', async () => {
    const own = await machineSigner(fresh(), files)
    const other = await machineSigner(fresh(), files)
    const path = join(root, 'other.pem')
    writeFileSync(path, other.publicKeyPem)
    const id = `sha256:${'a'.repeat(64)}`
    assert.deepEqual(await trustedKeyIds(own, [id, path]), [own.keyId, id, other.keyId])
    assert.deepEqual(await trustedKeyIds(undefined, []), [])
  })

  test('that are neither are refused', async () => {
    for (const key of ['sha256:abc', join(root, 'missing.pem')])
      await assert.rejects(trustedKeyIds(undefined, [key]), { code: 'KEY_UNUSABLE' })
  })
})
