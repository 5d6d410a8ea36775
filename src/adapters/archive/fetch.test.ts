import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { type ErrorCode, RunproofError } from '../../model/error.ts'
import { archives } from './archives.ts'
import { livingChildren, mountTmpfs } from './test-machine.ts'

const failsWith =
  (code: ErrorCode, message = /./) =>
  (thrown: unknown) =>
    thrown instanceof RunproofError && thrown.code === code && message.test(thrown.message)

describe('fetch', () => {
  test('a file stays where it is and is known by its bytes, not its name', async t => {
    const { root, archivePath, created } = await place(t)
    const misnamed = path.join(root, 'archive.txt')
    await writeFile(misnamed, await readFile(archivePath))
    const fetched = await archives.fetch({ from: misnamed, directory: '/nowhere' })
    assert.deepEqual(
      { ...fetched, durationMs: 0 },
      {
        path: misnamed,
        format: 'zstd',
        copied: false,
        sha256: created.sha256,
        sizeBytes: created.sizeBytes,
        durationMs: 0,
      },
    )
  })

  test('the output of a command is copied, private and digested', async t => {
    const { root, archivePath, created } = await place(t)
    const fetched = await archives.fetch({ from: { command: ['cat', archivePath] }, directory: root, fileName: 'copy' })
    assert.equal(fetched.path, path.join(root, 'copy'))
    assert.equal(fetched.sha256, created.sha256)
    assert.equal(fetched.copied, true)
    assert.equal((await stat(fetched.path)).mode & 0o777, 0o600)
    assert.ok(fetched.durationMs > 0)
  })

  test('standard input is copied', async t => {
    const { root, archivePath, created } = await place(t)
    const script = `
      import { archives } from ${JSON.stringify(import.meta.resolve('./archives.ts'))}
      process.stdout.write(JSON.stringify(await archives.fetch({ from: '-', directory: ${JSON.stringify(root)}, fileName: 'copy' })))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
    const output = child.stdout.setEncoding('utf8').reduce((all: string, text: string) => all + text, '')
    await pipeline(createReadStream(archivePath), child.stdin)
    assert.equal(JSON.parse(await output).sha256, created.sha256)
  })

  const failures: readonly (readonly [string, (archive: string) => [string, ...string[]], ErrorCode, RegExp])[] = [
    [
      'a command that fails midway',
      archive => ['sh', '-c', `head -c 2000 ${archive}; exit 22`],
      'FETCH_FAILED',
      /exit code 22/,
    ],
    ['a command that fails at once', () => ['sh', '-c', 'exit 7'], 'FETCH_FAILED', /exit code 7/],
    ['a command that kills itself', archive => ['sh', '-c', `cat ${archive}; kill -9 $$`], 'FETCH_FAILED', /SIGKILL/],
    ['a command that says nothing', () => ['true'], 'ARCHIVE_NOT_AN_ARCHIVE', /empty/],
    [
      'a command that gives a web page',
      () => ['sh', '-c', 'while :; do echo "<html>"; done'],
      'ARCHIVE_NOT_AN_ARCHIVE',
      /3c 68 74/,
    ],
    ['a command that does not exist', () => ['no-such-program-here'], 'TOOL_MISSING', /no-such-program-here/],
  ]
  for (const [title, command, code, message] of failures) {
    test(`${title} is told, and no partial file stays`, async t => {
      const { root, archivePath } = await place(t, 1_000_000)
      const before = await readdir(root)
      await assert.rejects(
        archives.fetch({ from: { command: command(archivePath) }, directory: root, fileName: 'copy' }),
        failsWith(code, message),
      )
      assert.deepEqual(await readdir(root), before)
      assert.deepEqual(livingChildren(), [])
    })
  }

  test('a command that hangs ends at the deadline, with what it started', async t => {
    const { root } = await place(t)
    const pidFile = path.join(root, 'pid')
    const command = ['sh', '-c', `sleep 1000 & echo $! > ${pidFile}; wait`] as const
    await assert.rejects(
      archives.fetch({ from: { command }, directory: root, fileName: 'copy', timeoutMs: 300 }),
      failsWith('TIMEOUT', /300 ms/),
    )
    const pid = Number(await readFile(pidFile, 'utf8'))
    assert.equal(await isGone(pid), true)
    assert.equal((await readdir(root)).includes('copy'), false)
  })

  test('an interrupt ends the command', async t => {
    const { root } = await place(t)
    const abort = new AbortController()
    const fetching = archives.fetch({
      from: { command: ['sleep', '1000'] },
      directory: root,
      fileName: 'copy',
      signal: abort.signal,
    })
    abort.abort()
    await assert.rejects(fetching, failsWith('INTERRUPTED'))
    assert.deepEqual(livingChildren(), [])
  })

  test('a full disk is named', async t => {
    const { archivePath } = await place(t, 3_000_000)
    const disk = mountTmpfs(t, '1m')
    if (disk === undefined) return
    await assert.rejects(
      archives.fetch({ from: { command: ['cat', archivePath] }, directory: disk }),
      failsWith('DISK_FULL', new RegExp(disk)),
    )
    assert.deepEqual(await readdir(disk), [])
  })

  test('a directory and a missing file are no archives', async t => {
    const { root } = await place(t)
    await assert.rejects(archives.fetch({ from: root, directory: root }), failsWith('ARCHIVE_UNREADABLE', /EISDIR/))
    await assert.rejects(
      archives.fetch({ from: path.join(root, 'no'), directory: root }),
      failsWith('ARCHIVE_UNREADABLE', /ENOENT/),
    )
  })

  test('a named pipe is copied, as a shell hands one over', async t => {
    const { root, archivePath, created } = await place(t)
    const pipe = path.join(root, 'pipe')
    execFileSync('mkfifo', [pipe])
    const [fetched] = await Promise.all([
      archives.fetch({ from: pipe, directory: root, fileName: 'copy' }),
      pipeline(createReadStream(archivePath), createWriteStream(pipe)),
    ])
    assert.equal(fetched.sha256, created.sha256)
    assert.equal(fetched.copied, true)
  })
})

describe('encryption', () => {
  test('an archive encrypted to a recipient opens with the identity and with nothing else', async t => {
    const { root, source } = await place(t)
    const identity = await generateX25519Identity()
    const recipient = await identityToRecipient(identity)
    const identityFile = path.join(root, 'identity')
    await writeFile(identityFile, `# made for this test\n${identity}\n`, { mode: 0o600 })
    const archivePath = path.join(root, 'archive.age')
    const { manifest, sha256 } = await archives.create({ sourceDir: source, archivePath, recipients: [recipient] })
    const inspect = (decrypt: { identityFile: string } | { command: [string, ...string[]] } | undefined) =>
      archives.inspect({ open: () => createReadStream(archivePath), name: 'archive.age', decrypt })

    const opened = await inspect({ identityFile })
    assert.deepEqual(opened.manifest, manifest)
    assert.deepEqual(opened.formats, ['age', 'zstd', 'tar'])
    assert.equal(opened.sha256, sha256)

    const otherFile = path.join(root, 'other')
    await writeFile(otherFile, await generateX25519Identity(), { mode: 0o600 })
    await assert.rejects(inspect({ identityFile: otherFile }), failsWith('DECRYPT_FAILED'))
    await assert.rejects(
      inspect({ identityFile: path.join(root, 'no') }),
      (thrown: unknown) => thrown instanceof RunproofError,
    )
    await assert.rejects(inspect({ command: ['false'] }), failsWith('DECRYPT_FAILED', /false ended with exit code 1/))
    await assert.rejects(inspect(undefined), failsWith('DECRYPT_FAILED'))

    const { sizeBytes } = await archives.digestFile(archivePath)
    for (const alteration of [{ flipByteAt: sizeBytes - 1 }, { truncateTo: sizeBytes - 1 }, { truncateTo: 300 }]) {
      const open = () => archives.alteredStream(archivePath, alteration)
      await assert.rejects(
        archives.inspect({ open, name: 'altered', decrypt: { identityFile } }),
        failsWith('DECRYPT_FAILED'),
      )
    }
  })

  test('a decrypt command gets the archive on its standard input', async t => {
    const { root, archivePath, created } = await place(t)
    const reversed = path.join(root, 'reversed')
    // stands for any cipher: an age mark in front, which the command takes away
    await writeFile(reversed, Buffer.concat([Buffer.from('age-encryption.org/v1\n'), await readFile(archivePath)]))
    const opened = await archives.inspect({
      open: () => createReadStream(reversed),
      name: 'reversed',
      decrypt: { command: ['tail', '-c', '+23'] },
    })
    assert.deepEqual(opened.manifest, created.manifest)
  })

  test('a recipient that is none is told before anything is read', async t => {
    const { root, source } = await place(t)
    const archivePath = path.join(root, 'archive.age')
    await assert.rejects(
      archives.create({ sourceDir: source, archivePath, recipients: ['age1typo'] }),
      failsWith('PARAM_INVALID', /age1typo/),
    )
    assert.equal((await readdir(root)).includes('archive.age'), false)
  })
})

async function place(t: TestContext, size = 10_000) {
  const root = await mkdtemp(path.join(tmpdir(), 'runproof-fetch-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const source = path.join(root, 'source')
  await mkdir(source)
  const random = Buffer.from(execFileSync('head', ['-c', String(size), '/dev/urandom'], { maxBuffer: 1e8 }))
  await writeFile(path.join(source, 'random'), random)
  const archivePath = path.join(root, 'archive.tar.zst')
  const created = await archives.create({ sourceDir: source, archivePath })
  return { root, source, archivePath, created }
}

/** SIGKILL was sent before the promise settled; the kernel needs a moment, and init reaps the orphan. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    const state = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
    if (state === undefined || /^\d+ \(.*\) Z/.test(state)) return true
    await setTimeout(10)
  }
  return false
}
