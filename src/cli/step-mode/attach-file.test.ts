import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Secret } from '../../model/secret.ts'
import { protectSecrets } from '../run/protected-secrets.ts'
import { attachTo } from './attach-file.ts'

const root = mkdtempSync(join(tmpdir(), 'runproof-attach-'))
after(() => rmSync(root, { recursive: true }))
const known = protectSecrets([new Secret('token', 'correct horse battery')])
const attach = attachTo(join(root, 'artifacts'), bytes => known.redactBytes(bytes))

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(root, name), content)
  return join(root, name)
}

describe('a file that is attached', () => {
  test('is copied without known secrets, whatever encoding they have, under a name that leads nowhere', async () => {
    const text = `a correct horse battery, ${Buffer.from('correct horse battery').toString('base64')}`
    const { path, sha256 } = await attach(file('a b;c.txt', text), 'call')
    assert.equal(path, 'artifacts/attached/call-a_b_c.txt')
    const copy = readFileSync(join(root, path))
    assert.equal(copy.toString(), 'a [secret token], [secret token]')
    assert.equal(sha256, createHash('sha256').update(copy).digest('hex'))
    assert.equal(statSync(join(root, path)).mode & 0o777, 0o600)
  })

  test('is copied byte by byte where there is no secret in it', async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256)
    const { path } = await attach(file('screen.png', bytes), 'call')
    assert.ok(readFileSync(join(root, path)).equals(bytes))
  })

  test('is an ordinary one of at most 20 MiB', async () => {
    const long = file('long', '')
    await assert.rejects(attach(long, 'call'), { code: 'FILE_UNREADABLE', message: /it is empty/ })
    await assert.rejects(attach('/proc/self/environ', 'call'), { message: /it is empty/ })
    await assert.rejects(attach('/dev/zero', 'call'), { message: /no ordinary file/ })
    truncateSync(long, 20 * 1024 * 1024 + 1)
    await assert.rejects(attach(long, 'call'), { code: 'FILE_UNREADABLE', message: /at most 20 MiB/ })
    await assert.rejects(attach(root, 'call'), { code: 'FILE_UNREADABLE', message: /a directory/ })
    execFileSync('mkfifo', [join(root, 'pipe')])
    await assert.rejects(attach(join(root, 'pipe'), 'call'), { code: 'FILE_UNREADABLE', message: /no ordinary file/ })
    await assert.rejects(attach(join(root, 'nowhere'), 'call'), { code: 'FILE_UNREADABLE', message: /ENOENT/ })
  })
})
