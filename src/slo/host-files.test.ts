import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { runCommand } from '../adapters/run-command.ts'
import { type HostFiles, readAuditLog } from './host-files.ts'

const FILES = { lockFile: 'daemon.lock', auditLog: 'control/audit.jsonl' }

describe('the audit log of a state root', () => {
  let root: string
  let stateRoot: string
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'runproof-test-'))
    chmodSync(root, 0o755)
  })
  after(() => rmSync(root, { recursive: true, force: true }))
  beforeEach(() => {
    stateRoot = mkdtempSync(join(root, 'state-'))
    chmodSync(stateRoot, 0o755)
    writeFileSync(join(stateRoot, FILES.lockFile), '')
  })

  /** Somebody who owns nothing here: for root no directory is closed. */
  const stranger = process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : []
  const host = (): HostFiles => ({
    stateRoot,
    run: ({ argv }, options) => runCommand({ argv: [...stranger, ...argv] as unknown as typeof argv }, options),
  })
  const read = () => readAuditLog(host(), FILES, { timeoutMs: 10_000 })
  const writeLog = (text: string) => {
    mkdirSync(join(stateRoot, 'control'), { mode: 0o755 })
    writeFileSync(join(stateRoot, FILES.auditLog), text)
  }

  test('is read whole', async () => {
    writeLog('{}\n')
    assert.deepEqual(await read(), { text: '{}\n', whole: true })
  })

  test('is empty before the first refusal, with its directory and without', async () => {
    assert.deepEqual(await read(), { text: '', whole: true })
    stateRoot += '/'
    assert.deepEqual(await read(), { text: '', whole: true })
    mkdirSync(join(stateRoot, 'control'), { mode: 0o755 })
    assert.deepEqual(await read(), { text: '', whole: true })
  })

  const hidden: readonly [string, () => void][] = [
    [
      'lies in a directory that may not be entered',
      () => {
        writeLog('{}\n')
        chmodSync(join(stateRoot, 'control'), 0)
      },
    ],
    [
      'may not be read',
      () => {
        writeLog('{}\n')
        chmodSync(join(stateRoot, FILES.auditLog), 0)
      },
    ],
    ['is a directory', () => mkdirSync(join(stateRoot, FILES.auditLog), { recursive: true })],
    [
      'is a link to nothing',
      () => {
        mkdirSync(join(stateRoot, 'control'))
        symlinkSync('/nowhere/at/all', join(stateRoot, FILES.auditLog))
      },
    ],
  ]
  for (const [what, make] of hidden) {
    test(`is not taken for empty where it ${what}`, async () => {
      make()
      await assert.rejects(read(), { code: 'FILE_UNREADABLE', message: /audit\.jsonl can't be read/ })
    })
  }

  test('is not looked for where no daemon keeps its state', async () => {
    rmSync(join(stateRoot, FILES.lockFile))
    await assert.rejects(read(), { code: 'FILE_UNREADABLE', message: /is no state root of a daemon/ })
  })
})
