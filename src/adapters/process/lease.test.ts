import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { files } from '../files.ts'
import { claimsIn } from './claims.ts'
import { identify } from './identity.ts'
import { holdLease, readLease } from './lease.ts'
import { directoryIdentity } from './made-directory.ts'
import { sweep } from './sweep.ts'

let workDir: string
before(() => {
  workDir = mkdtempSync(join(tmpdir(), 'runproof-test-'))
})
after(() => rmSync(workDir, { recursive: true, force: true }))

const rewrite = (dir: string, change: (record: Record<string, unknown>) => unknown) => {
  const path = join(dir, 'lease.json')
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))))
}
const longAgo = { ...identify(process.pid)!, startTicks: 1 }

describe('a lease', () => {
  test('makes a private directory and removes it, with directories nobody may list', async () => {
    const lease = await holdLease({ workDir, runId: 'one', runDir: '/evidence' })
    assert.equal(statSync(lease.scratchDir).mode & 0o777, 0o700)
    mkdirSync(join(lease.scratchDir, 'closed', 'inner'), { recursive: true })
    chmodSync(join(lease.scratchDir, 'closed'), 0o000)
    await lease[Symbol.asyncDispose]()
    assert.equal(existsSync(lease.scratchDir), false)
  })

  test('names what was started', async () => {
    await using lease = await holdLease({ workDir, runId: 'two', runDir: '/evidence' })
    lease.addProcess(longAgo)
    lease.addMarker('marker')
    const record = readLease(lease.scratchDir)
    assert.deepEqual([record?.processes, record?.markers, record?.runId], [[longAgo], ['marker'], 'two'])
    assert.deepEqual(record?.holder, identify(process.pid))
  })

  test('is refused in a directory that others can write to, or that is a link', async () => {
    const open = join(workDir, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    await assert.rejects(holdLease({ workDir: open, runId: 'x', runDir: '/' }), { code: 'PATH_UNSAFE' })
    symlinkSync(workDir, join(workDir, 'link'))
    await assert.rejects(holdLease({ workDir: join(workDir, 'link'), runId: 'x', runDir: '/' }), {
      code: 'PATH_UNSAFE',
    })
    rmSync(open, { recursive: true })
    rmSync(join(workDir, 'link'))
  })
})

describe('sweep', () => {
  test('leaves a run whose process lives, and a directory that is not ours', async () => {
    await using lease = await holdLease({ workDir, runId: 'alive', runDir: '/evidence' })
    mkdirSync(join(workDir, 'foreign'))
    assert.deepEqual(await sweep(workDir), [])
    assert.ok(existsSync(lease.scratchDir))
    assert.ok(existsSync(join(workDir, 'foreign')))
  })

  test('touches nothing of a run of another container, and tells whose it is', async () => {
    const lease = await holdLease({ workDir, runId: 'elsewhere', runDir: '/evidence' })
    const unseen = { ...longAgo, pidNamespace: '1' }
    rewrite(lease.scratchDir, record => ({ ...record, holder: unseen }))
    assert.deepEqual(await sweep(workDir), [
      { runId: 'elsewhere', runDir: '/evidence', killed: [], removed: [], failed: [], unseen },
    ])
    assert.ok(existsSync(lease.scratchDir))
    await lease[Symbol.asyncDispose]()
  })

  test('kills nobody whose pid was used again', async () => {
    const lease = await holdLease({ workDir, runId: 'dead', runDir: '/evidence' })
    rewrite(lease.scratchDir, record => ({ ...record, holder: longAgo, processes: [longAgo] }))
    const [swept] = await sweep(workDir)
    assert.deepEqual(swept, { runId: 'dead', runDir: '/evidence', killed: [], removed: [lease.scratchDir], failed: [] })
  })

  test('removes no directory just because a lease names it', async () => {
    const precious = mkdtempSync(join(workDir, 'precious-'))
    const lease = await holdLease({ workDir, runId: 'edited', runDir: '/evidence' })
    rewrite(lease.scratchDir, record => ({ ...record, holder: longAgo, scratchDir: precious, extraDirs: [precious] }))
    const [swept] = await sweep(workDir)
    assert.deepEqual(swept?.removed, [lease.scratchDir])
    assert.ok(existsSync(precious))
  })

  test('removes what a run made where its operator said, and nothing else there', async () => {
    const operators = mkdtempSync(join(workDir, 'restore-'))
    const [state, workspace] = [join(operators, 'state'), join(operators, 'workspace')]
    mkdirSync(workspace)
    const lease = await holdLease({ workDir, runId: 'restoring', runDir: '/evidence' })
    const claims = claimsIn(lease, files)
    await claims.makeDirectory(state)
    await claims.makeDirectory(workspace)
    await claims.makeDirectory(join(lease.scratchDir, 'own'))
    writeFileSync(join(state, 'restored'), 'data')
    rewrite(lease.scratchDir, record => ({ ...record, holder: longAgo }))
    const [swept] = await sweep(workDir)
    assert.deepEqual(swept?.removed, [state, lease.scratchDir])
    assert.deepEqual(readdirSync(operators), ['workspace'])
    rmSync(operators, { recursive: true })
  })

  test('keeps what the run handed over to its operator', async () => {
    const state = join(workDir, 'kept-state')
    const lease = await holdLease({ workDir, runId: 'kept', runDir: '/evidence' })
    const claims = claimsIn(lease, files)
    await claims.makeDirectory(state)
    claims.handOver(state)
    rewrite(lease.scratchDir, record => ({ ...record, holder: longAgo }))
    const [swept] = await sweep(workDir)
    assert.deepEqual(swept?.removed, [lease.scratchDir])
    assert.ok(existsSync(state))
    rmSync(state, { recursive: true })
  })

  test('keeps what somebody put in the place of a directory that the run made', async () => {
    const operators = mkdtempSync(join(workDir, 'restore-'))
    const state = join(operators, 'state')
    const lease = await holdLease({ workDir, runId: 'replaced', runDir: '/evidence' })
    await claimsIn(lease, files).makeDirectory(state)
    rmdirSync(state)
    mkdirSync(state)
    writeFileSync(join(state, 'precious'), 'data')
    rewrite(lease.scratchDir, record => ({ ...record, holder: longAgo }))
    const [swept] = await sweep(workDir)
    assert.deepEqual(swept?.failed, [`${state} is kept: it is not the directory that the run made`])
    assert.ok(existsSync(join(state, 'precious')))
    rmSync(operators, { recursive: true })
  })

  test('tells of a lease it cannot understand and leaves its directory', async () => {
    const dir = join(workDir, 'broken')
    mkdirSync(dir)
    writeFileSync(join(dir, 'lease.json'), '{"runId": 1')
    const [swept] = await sweep(workDir)
    assert.match(swept?.failed[0] ?? '', /lease\.json is not a lease/)
    assert.ok(existsSync(dir))
    rmSync(dir, { recursive: true })
  })

  test('believes no lease that somebody else could have written, nor any in a directory of others', async () => {
    const precious = mkdtempSync(join(workDir, 'precious-'))
    const made = [directoryIdentity(precious)]
    const forged = { runId: 'x', runDir: '/', holder: longAgo, processes: [], markers: [], extraDirs: [], made }
    const theirs = join(workDir, 'theirs')
    const open = join(workDir, 'open')
    for (const dir of [theirs, join(open, 'x')]) {
      mkdirSync(dir, { recursive: true })
      writeFileSync(join(dir, 'lease.json'), JSON.stringify({ ...forged, scratchDir: dir }))
    }
    chmodSync(theirs, 0o777)
    chmodSync(open, 0o777)
    assert.deepEqual(await sweep(workDir), [])
    const [refused] = await sweep(open)
    assert.match(refused?.failed[0] ?? '', /open is not a directory that only you can write to: nothing in it/)
    assert.ok(existsSync(precious))
    for (const dir of [theirs, open, precious]) rmSync(dir, { recursive: true })
  })

  test('finds nothing where no run ever was', async () => {
    assert.deepEqual(await sweep(join(workDir, 'never')), [])
  })
})
