import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { RunproofError } from '../../model/error.ts'
import { keepUnsealed, makeRunDir } from './run-place.ts'

const root = mkdtempSync(join(tmpdir(), 'runproof-place-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', root]).status === 0
after(() => {
  if (mounted) spawnSync('umount', [root])
  rmSync(root, { recursive: true })
})

describe('a run that found its disk full', () => {
  const full = new RunproofError('DISK_FULL', 'no space', { hint: 'run again' })
  const keep = (goOnBy: string | undefined) => keepUnsealed(full, { runDir: '/r/.run-a', finalDir: '/r/a', goOnBy })

  test('is gone on with, where it can be: from the start it would change everything once more', async () => {
    await assert.rejects(keep('runproof run --resume a'), {
      code: 'DISK_FULL',
      message: 'no space; the run is not sealed, its record lies in /r/.run-a',
      hint: 'free some space there, then go on with it: runproof run --resume a',
    })
  })

  test('is run again where it cannot', async () => {
    await assert.rejects(keep(undefined), { code: 'DISK_FULL', hint: 'run again' })
  })
})

test('a place on a read-only file system is said to be on one', {
  skip: !mounted && 'mounting needs root',
}, async () => {
  await assert.rejects(makeRunDir(join(root, 'reports', '.run-a', 'artifacts')), {
    code: 'FILE_UNREADABLE',
    message: /artifacts: EROFS$/,
    hint: '--reports DIR goes elsewhere',
  })
})
