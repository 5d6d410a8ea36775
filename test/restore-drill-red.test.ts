import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { archives } from '../src/adapters/archive/archives.ts'
import { type CraftedMember, craftTar } from '../src/testing/crafted-tar.ts'
import { makeDrillSite } from './drill-site.ts'
import { leftovers } from './leftovers.ts'
import { type Ended, evidenceOf, runDrill } from './run-drill.ts'

/** How a drill must end: its exit code, the step that ended it, the check and the reason, or the error of the step. */
interface Verdict {
  readonly status: number
  readonly step: string
  readonly check?: string
  readonly error?: string
  readonly because: RegExp
  /** Later steps that do not pass either; tear-down and search run all the same. */
  readonly also?: readonly string[]
}

type Params = Readonly<Record<string, string | undefined>>

describe('the restore drill turns red', { timeout: 400_000, concurrency: 2 }, async () => {
  const site = await makeDrillSite()
  const { root, given, write } = site
  const before = await archives.describeTree(site.state)
  after(async () => {
    assert.deepEqual(await archives.describeTree(site.state), before, 'the source is as it was')
    site[Symbol.dispose]()
  })
  const keys = { 'master-key-file': site.masterKeyFile, 'routes-file': site.routesFile }
  const state = given['state-archive']!

  const copyOfState = (name: string, change: (bytes: Buffer) => Buffer) => {
    mkdirSync(join(root, name))
    return write(join(name, 'state.tar.zst'), change(readFileSync(state)))
  }
  const flipped = (bytes: Buffer) => {
    const half = bytes.length >> 1
    bytes[half] = bytes[half]! ^ 0xff
    return bytes
  }
  const red = (title: string, make: () => Promise<Params> | Params, verdict: Verdict) =>
    test(title, async () => {
      const ended = await runDrill({ root, params: { ...keys, ...(await make()) } })
      assertRed(ended, verdict)
      assert.deepEqual(await leftovers(ended.workDir), [])
    })
  const digest = { status: 1, step: 'receive', check: 'state-archive-digest', because: /not the one that was recorded/ }

  describe('when what was received is wrong:', () => {
    red(
      'a byte of the archive is damaged',
      () => ({ ...given, 'state-archive': copyOfState('flipped', flipped) }),
      digest,
    )
    red('the digest file names another file', () => ({ ...given, 'state-archive': site.older }), {
      status: 3,
      step: 'receive',
      error: 'DIGEST_FILE_INVALID',
      because: /does not name .*older-state\.tar\.zst/,
    })
    red('the digest file is missing', () => ({ ...given, 'sha256-file': join(root, 'none') }), {
      status: 3,
      step: 'receive',
      error: 'FILE_UNREADABLE',
      because: /none/,
    })
    red('the archive is missing', () => ({ 'state-archive': join(root, 'gone.tar') }), {
      status: 3,
      step: 'receive',
      error: 'ARCHIVE_UNREADABLE',
      because: /gone\.tar/,
    })
    red(
      'the archive is an error page',
      () => ({ 'state-archive': write('page.tar', `<html>${' '.repeat(600)}</html>`) }),
      { status: 3, step: 'receive', error: 'ARCHIVE_NOT_AN_ARCHIVE', because: /begins with 3c 68 74 6d 6c/ },
    )
    red('the fetch command takes too long', () => ({ 'fetch-command': '["sleep","60"]', 'fetch-timeout': '300ms' }), {
      status: 3,
      step: 'receive',
      error: 'TIMEOUT',
      because: /300 ms/,
    })
    red('the master key has 31 bytes', () => ({ ...given, 'master-key-file': write('short-key', 'k'.repeat(31)) }), {
      status: 1,
      step: 'receive',
      check: 'master-key',
      because: /31 bytes/,
    })
    red('the master key has one byte', () => ({ ...given, 'master-key-file': write('tiny-key', 'k') }), {
      status: 3,
      step: 'receive',
      error: 'SECRET_TOO_SHORT',
      because: /master-key has 1 char/,
    })
    red(
      'the master key is readable by others',
      () => ({ ...given, 'master-key-file': write('open-key', readFileSync(site.masterKeyFile), 0o644) }),
      { status: 1, step: 'receive', check: 'master-key', because: /mode 644/ },
    )
    red('the master key is missing', () => ({ ...given, 'master-key-file': join(root, 'no-key') }), {
      status: 3,
      step: 'receive',
      error: 'FILE_UNREADABLE',
      because: /no-key/,
    })
    red('the routes file is missing', () => ({ ...given, 'routes-file': join(root, 'no-routes') }), {
      status: 3,
      step: 'receive',
      error: 'FILE_UNREADABLE',
      because: /no-routes/,
    })
    red('the binary is missing', () => ({ ...given, binary: join(root, 'no-binary') }), {
      status: 3,
      step: 'receive',
      error: 'FILE_UNREADABLE',
      because: /no-binary/,
    })
    red('the backup set is empty', () => ({ 'backup-set': join(root, 'keys') }), {
      status: 3,
      step: 'receive',
      error: 'ARCHIVE_UNREADABLE',
      because: /holds no state\.tar/,
    })
  })

  test('a daemon runs on the state root that is given as a snapshot', async () => {
    const lockFile = join(site.state, 'daemon.lock')
    const holder = spawn('flock', [lockFile, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(holder, 'exit')
    await once(holder.stdout, 'data')
    const run = await runDrill({ root, params: { ...keys, 'state-dir': site.state } })
    assertRed(run, { status: 3, step: 'receive', error: 'SOURCE_LOCKED', because: /a daemon runs on/ })
    holder.stdin.end()
    await ended
  })

  describe('when what was unpacked is wrong:', () => {
    red(
      'the archive is truncated and no digest says so',
      () => ({ 'state-archive': copyOfState('cut', bytes => bytes.subarray(0, bytes.length - 200)) }),
      { status: 3, step: 'unpack', error: 'ARCHIVE_TRUNCATED', because: /ends/ },
    )
    red(
      'the manifest is that of another tree',
      () => ({ ...given, manifest: join(site.set, 'workspace.manifest.json') }),
      { status: 1, step: 'unpack', check: 'state-tree', because: /missing .*extra|missing / },
    )
    red(
      'the audit key is another one',
      () => ({ 'state-archive': site.damaged(dir => writeFileSync(join(dir, 'audit-signing.key'), otherAuditKey())) }),
      { status: 1, step: 'unpack', check: 'ledger', because: /signature|key/ },
    )
    red(
      'the master key lies in the data',
      () => ({ 'state-archive': site.damaged(dir => copyFileSync(site.masterKeyFile, join(dir, 'notes.txt'))) }),
      {
        status: 1,
        step: 'unpack',
        check: 'no-key-with-data',
        because: /value of the master key stands in .*notes\.txt/,
        also: ['search'],
      },
    )
    red(
      'a token file lies in the data',
      () => ({ 'state-archive': site.damaged(dir => writeFileSync(join(dir, 'admin-token'), 'x')) }),
      { status: 1, step: 'unpack', check: 'no-key-with-data', because: /admin-token/ },
    )
    red('the archive is a bomb', () => ({ 'state-archive': bomb() }), {
      status: 3,
      step: 'unpack',
      error: 'ARCHIVE_LIMIT',
      because: /ratio/,
    })

    const outside = join(root, 'written-outside')
    // One that would write outside, and one that would through a link; every other rule is tried on the reader alone.
    const hostile: readonly (readonly [string, string, ...CraftedMember[]])[] = [
      ['an absolute path', 'absolute-path', { name: outside, data: 'x' }],
      [
        'a file through a symlink',
        'below-symlink',
        { name: 'dir', type: '5' },
        { name: 'link', type: '2', link: 'dir' },
        { name: 'link/file', data: 'x' },
      ],
    ]
    for (const [title, rule, ...members] of hostile) {
      red(
        `the archive holds ${title}`,
        () => ({
          'state-archive': write(`${rule}-${members.length}.tar`, craftTar([{ name: 'first', data: 'x' }, ...members])),
        }),
        { status: 3, step: 'unpack', error: 'ARCHIVE_HOSTILE_ENTRY', because: new RegExp(`^(${rule}):`) },
      )
    }
    test('nothing was written outside by any of them', () => assert.equal(existsSync(outside), false))
  })

  describe('when the restored daemon is not what the source was:', () => {
    red(
      'another master key',
      () => ({ ...given, 'master-key-file': write('other-key', execFileSync(site.binary, ['secrets', 'generate'])) }),
      { status: 1, step: 'start', check: 'ready', because: /the daemon ended: exit 1/, also: ['tear-down'] },
    )
    red(
      'another night’s state against these facts',
      () => ({ 'state-archive': site.older, facts: join(site.set, 'facts.json') }),
      { status: 1, step: 'unpack', check: 'ledger', because: /not one signed record|missing/ },
    )
    red('the binary cannot be executed', () => ({ ...given, binary: write('no-program', 'x') }), {
      status: 3,
      step: 'start',
      error: 'TOOL_MISSING',
      because: /no-program is not an executable/,
    })
    red('a run is gone', () => ({ 'state-archive': site.damaged(dropRun), facts: join(site.set, 'facts.json') }), {
      status: 1,
      step: 'validate',
      check: 'runs',
      because: /1 missing/,
    })
    test('recovery took longer, and the data is older, than allowed', async () => {
      const ended = await runDrill({ root, params: { ...given, rto: '1ms', rpo: '1ms' } })
      for (const check of ['rto-budget', 'rpo-budget'])
        assertRed(ended, { status: 1, step: 'conclude', check, because: /are allowed/ })
    })
  })

  test('a slot was revoked: trees that did not pass are not kept, and nobody is told to promote them', async () => {
    const place = join(root, 'not-kept')
    const params = { ...keys, 'state-archive': site.damaged(revokeSlot), keep: 'yes', 'restore-dir': place }
    const ended = await runDrill({ root, params })
    assertRed(ended, { status: 1, step: 'validate', check: 'credentials-not-blocked', because: /openai\.prod/ })
    assert.deepEqual([existsSync(place), evidenceOf(ended).facts['kept']], [false, undefined])
    assert.doesNotMatch(ended.stdout, /promote/)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  describe('when the binary misbehaves:', () => {
    const faulty = (...faults: readonly string[]) => {
      const words = faults.map(fault => `--fault ${fault}`).join(' ')
      return write(
        `binary-${faults[0]}`,
        `#!/bin/sh\n[ "$1" = serve ] && exec ${site.binary} "$@" ${words}\nexec ${site.binary} "$@"\n`,
        0o755,
      )
    }
    const cases: readonly (readonly [string, Verdict, Params?])[] = [
      [
        'hang-at-start',
        { status: 3, step: 'start', check: 'ready', because: /TARGET_UNREACHABLE/ },
        { 'ready-timeout': '1s' },
      ],
      ['never-answers', { status: 3, step: 'start', check: 'ready', because: /TIMEOUT/ }, { 'ready-timeout': '4s' }],
      ['ignore-sigterm', { status: 1, step: 'tear-down', check: 'nothing-left', because: /had to be killed/ }],
    ]
    for (const [fault, verdict, more] of cases)
      red(fault, () => ({ ...given, binary: faulty(fault), ...more }), verdict)

    red('stale-token and readonly-mutates', () => ({ ...given, binary: faulty('stale-token', 'readonly-mutates') }), {
      status: 1,
      step: 'validate',
      check: 'tokens',
      because: /(?=.*the replaced token gave 200)(?=.*a change with the read-only token gave 200)/,
    })

    test('secret-in-log, on a source whose secrets are known', async () => {
      const ended = await runDrill({ root, params: { binary: faulty('secret-in-log') } })
      assertRed(ended, { status: 1, step: 'search', check: 'no-secret-written', because: /route-credential stands in/ })
      assert.deepEqual(await leftovers(ended.workDir), [])
    })
  })

  test('an operator who may not read the archive or the key is told which file', async context => {
    if (process.getuid?.() !== 0) return context.skip('only root can become somebody else')
    const as = { root: site.shared, uid: 65_534 }
    const shut = await runDrill({ ...as, params: given })
    assertRed(shut, { status: 3, step: 'receive', error: 'FILE_UNREADABLE', because: /master-key/ })
    assert.deepEqual(await leftovers(shut.workDir), [])
    const key = join(site.shared, 'its-own-key')
    copyFileSync(site.masterKeyFile, key)
    chownSync(key, as.uid, as.uid)
    const params = { ...given, 'master-key-file': key, 'routes-file': key, 'sha256-file': undefined }
    const closed = await runDrill({ ...as, params })
    assertRed(closed, { status: 3, step: 'receive', error: 'ARCHIVE_UNREADABLE', because: /state\.tar\.zst/ })
    assert.deepEqual(await leftovers(closed.workDir), [])
    return undefined
  })

  function dropRun(dir: string): void {
    const directory = join(dir, 'runs/__safe')
    rmSync(join(directory, readdirSync(directory)[0]!))
  }

  function revokeSlot(dir: string): void {
    const path = join(dir, 'auth/global-slots.broker-state.json')
    const broker = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
    writeFileSync(path, JSON.stringify({ ...broker, revoked_slots: { 'openai.prod': 1 } }), { mode: 0o600 })
  }

  function bomb(): string {
    const tree = join(root, 'zeros')
    mkdirSync(tree)
    writeFileSync(join(tree, 'zeros'), '')
    truncateSync(join(tree, 'zeros'), 200 * 2 ** 20)
    const path = join(root, 'bomb.tar.zst')
    execFileSync('sh', ['-c', 'tar --create --directory "$1" . | zstd --quiet -o "$2"', 'sh', tree, path])
    return path
  }
})

function otherAuditKey(): string {
  const { d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  return JSON.stringify({ algorithm: 'ed25519', secret_key_hex: Buffer.from(d!, 'base64url').toString('hex') })
}

/** Everything before that step passed, the step ended for the reason given, and after it only tear-down and search ran. */
function assertRed(ended: Ended, { status, step, check, error, because, also = [] }: Verdict): void {
  const evidence = evidenceOf(ended)
  const at = evidence.steps.findIndex(one => !['passed', 'skipped'].includes(one.outcome))
  const culprit = evidence.steps[at]
  assert.equal(culprit?.id, step, ended.stderr)
  const asked = culprit!.checks.find(one => one.id === check)
  if (check !== undefined) assert.ok(asked, `check ${check} was not asked: ${culprit!.reason}`)
  assert.match((check === undefined ? culprit!.error?.message : asked!.reason) ?? '', because, ended.stderr)
  assert.deepEqual([ended.status, culprit!.error?.code], [status, error], ended.stderr)
  const later = evidence.steps.slice(at + 1).filter(one => one.outcome !== 'skipped')
  assert.deepEqual(
    later.map(one => one.id).filter(id => !['tear-down', 'search'].includes(id)),
    [],
  )
  assert.deepEqual(
    later.filter(one => one.outcome !== 'passed').map(one => one.id),
    also,
    ended.stderr,
  )
}
