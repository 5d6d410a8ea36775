import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { REPLACE_STYLES, type ReplaceStyle } from '../../model/replace-file.ts'
import { Secret } from '../../model/secret.ts'
import { clearLeft } from './clear-left.ts'
import { ownName } from './own-names.ts'
import { replaceFile } from './replace-file.ts'

const OLD = 'the-old-token'
const secret = (value: string) => new Secret('token', value)
const testdata = (name: string) => join(import.meta.dirname, 'testdata', name)
const isRoot = process.getuid?.() === 0

const root = mkdtempSync(join(tmpdir(), 'replace-file-'))
/** What nobody could remove as it is, also where no test of it is run. */
const frozen: string[] = []
after(() => {
  if (frozen.length > 0) spawnSync('chattr', ['-i', ...frozen])
  rmSync(root, { recursive: true, force: true })
})

// What takes a thousand replacements does not wait for a disk a thousand times, where there is memory to be had.
const fast = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/replace-file-') : root
after(() => rmSync(fast, { recursive: true, force: true }))

let places = 0
/** A file with the old content, laid out as the style wants it. */
function fileFor(style: ReplaceStyle, content = OLD, home = root): string {
  places += 1
  const directory = join(home, `place-${places}`)
  mkdirSync(directory, { mode: 0o755 })
  const path = join(directory, 'token')
  if (style === 'data-link') {
    const data = '..2026_01_02_03_04_05.678'
    mkdirSync(join(directory, data))
    symlinkSync(data, join(directory, '..data'))
    symlinkSync('..data/token', path)
    writeFileSync(join(directory, data, 'other'), 'another secret', { mode: 0o640 })
    symlinkSync('..data/other', join(directory, 'other'))
  }
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

/** What lies beside it, without what is there for the style. */
function strayNames(path: string): string[] {
  const directory = join(path, '..')
  const known = ['token', 'other', '..data', ...(existsSync(join(directory, '..data')) ? [dataOf(path)] : [])]
  return readdirSync(directory).filter(name => !known.includes(name))
}
const dataOf = (path: string) => readlinkSync(join(path, '..', '..data'))

for (const style of REPLACE_STYLES) {
  describe(`a file that is replaced by ${style}`, () => {
    test('has the new content, the mode and the line break that it had, and nothing is left beside it', async () => {
      for (const [before, next, then] of [
        [OLD, 'a-new-and-longer-token', 'a-new-and-longer-token'],
        [`${OLD}\n`, 'new-token', 'new-token\n'],
        ['', 'new-token', 'new-token'],
      ] as const) {
        const path = fileFor(style, before)
        chmodSync(path, 0o640)
        const asItWas = statSync(path)
        await replaceFile.rehearse(path, style)
        assert.deepEqual([readFileSync(path, 'utf8'), strayNames(path)], [before, []])
        assert.deepEqual([statSync(path).ino, statSync(path).mtimeMs], [asItWas.ino, asItWas.mtimeMs])
        assert.deepEqual(await replaceFile.replace(path, secret(next), style), { staleRemoved: 0, otherNames: 0 })
        assert.equal(readFileSync(path, 'utf8'), then)
        assert.equal(statSync(path).mode & 0o7777, 0o640)
        assert.deepEqual(strayNames(path), [])
      }
    })

    test('belongs to whom it belonged', { skip: !isRoot && 'giving a file away needs root' }, async () => {
      const path = fileFor(style)
      chownSync(path, 1234, 4321)
      await replaceFile.replace(path, secret('new-token'), style)
      const { uid, gid, mode } = statSync(path)
      assert.deepEqual([uid, gid, mode & 0o777], [1234, 4321, 0o600])
    })

    test('is refused where it is a link to elsewhere, a directory, a pipe or not there, and nothing changes', async () => {
      const path = fileFor('rename')
      const at = (name: string) => join(path, '..', name)
      symlinkSync('token', at('link'))
      mkdirSync(at('directory'))
      execFileSync('mkfifo', [at('pipe')])
      const before = readdirSync(at('.')).sort()
      for (const [name, code, message] of [
        ['link', 'PATH_UNSAFE', style === 'data-link' ? /no link to \.\.data/ : /a symbolic link; nothing was changed/],
        ['directory', 'PATH_UNSAFE', style === 'data-link' ? /no link to/ : /a directory; nothing was changed/],
        ['pipe', 'PATH_UNSAFE', style === 'data-link' ? /no link to/ : /no ordinary file; nothing was changed/],
        ['missing', 'FILE_NOT_REPLACED', /no such file \(ENOENT\); nothing was changed/],
        ['missing/token', 'FILE_NOT_REPLACED', /no such file/],
      ] as const) {
        // The link of the style itself is looked at second.
        if (style === 'data-link' && name !== 'missing/token') symlinkSync('..somewhere', at('..data'))
        await assert.rejects(replaceFile.rehearse(at(name), style), { code, message })
        await assert.rejects(replaceFile.replace(at(name), secret('new-token'), style), { code, message })
        rmSync(at('..data'), { force: true })
      }
      if (style === 'data-link')
        await assert.rejects(replaceFile.replace(path, secret('new-token'), style), {
          code: 'PATH_UNSAFE',
          message: /no link to \.\.data\/token .*; nothing was changed/,
        })
      assert.deepEqual(readdirSync(at('.')).sort(), before)
      assert.equal(readFileSync(path, 'utf8'), OLD)
    })
  })
}

describe('a file that has readers', () => {
  const values = ['short-token', 'a-token-that-is-quite-a-bit-longer'.repeat(3)]

  /**
   * Several files side by side, since the data link leaves its readers time.
   *
   * @param goesOn - whether each of them is replaced once more, after so many times and so many torn reads
   */
  async function replacedUnderReading(
    style: ReplaceStyle,
    files: number,
    goesOn: (times: number, torn: number) => boolean,
  ) {
    const paths = Array.from({ length: files }, () => fileFor(style, values[0], fast))
    const shared = new SharedArrayBuffer(8)
    const numbers = new Int32Array(shared)
    const worker = new Worker(testdata('read-always.ts'), { workerData: { paths, whole: values, shared } })
    await once(worker, 'message')
    await Promise.all(
      paths.map(async path => {
        for (let turn = 1; goesOn(turn - 1, Atomics.load(numbers, 1)); turn += 1)
          await replaceFile.replace(path, secret(values[turn % 2]!), style)
      }),
    )
    // Both are listened for at once: the last message may be handed over in the very turn in which the worker ends.
    const ended = Promise.all([once(worker, 'message'), once(worker, 'exit')])
    Atomics.store(numbers, 0, 1)
    const [[found]] = await ended
    return found as { reads: number; torn: number; missing: number }
  }

  for (const [style, files] of [
    ['rename', 1],
    ['data-link', 200],
  ] as const) {
    test(`is whole for each of them through 1 000 replacements by ${style}`, async context => {
      const { reads, ...wrong } = await replacedUnderReading(style, files, times => times < 1_000 / files)
      context.diagnostic(`${reads} reads`)
      assert.deepEqual(wrong, { torn: 0, missing: 0 })
      // How many there are is a matter of the machine; that there were more than replacements is not.
      assert.ok(reads > 1_000, `${reads} reads`)
    })
  }

  test('may be seen half written where it is replaced in place, which is why that is no default', async context => {
    // On one core alone it may take a while until a reader comes in between.
    const untilTorn = (times: number, seen: number) => times < 100 || (seen === 0 && times < 20_000)
    const { reads, torn, missing } = await replacedUnderReading('in-place', 1, untilTorn)
    context.diagnostic(`${torn} of ${reads} reads were torn`)
    assert.equal(missing, 0)
    assert.ok(torn > 0, 'no read was torn; is it atomic now?')
  })
})

describe('a replacement that is killed', () => {
  const TOKENS = ['token-0-', 'token-1-'].map(part => part.repeat(8))

  for (const style of ['rename', 'data-link', 'in-place'] as const) {
    test(`by ${style} leaves the old content or the new one, and the next one removes what is left`, async () => {
      const path = fileFor(style, TOKENS[0])
      let leftBehind = 0
      for (let kill = 0; kill < 5; kill += 1) {
        const child = spawn(process.execPath, [testdata('keep-replacing.ts'), path, style], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        await once(child.stdout, 'data')
        await delay(Math.random() * 30)
        child.kill('SIGKILL')
        await once(child, 'exit')
        const held = readFileSync(path, 'utf8')
        assert.ok(TOKENS.includes(held), `it holds ${held.length} bytes`)
        for (const name of strayNames(path)) {
          leftBehind += 1
          if (style === 'rename') assert.equal(lstatSync(join(path, '..', name)).mode & 0o077, 0)
        }
      }
      const { staleRemoved } = await replaceFile.replace(path, secret(TOKENS[1]!), style)
      // The directory that Kubernetes itself made is not ours to look for.
      const foreign = strayNames(path).filter(name => !name.includes('.runproof-'))
      assert.deepEqual(strayNames(path), foreign)
      assert.ok(staleRemoved <= leftBehind)
      assert.equal(readFileSync(path, 'utf8'), TOKENS[1])
    })
  }

  for (const style of ['rename', 'data-link'] as const)
    test(`by ${style} leaves nothing once what it left is looked for, and readers keep what they had`, async () => {
      const path = fileFor(style)
      // Its own directory is what readers are led to from now on, and must outlive its maker.
      await replaceFile.replace(path, secret('the-token-of-readers'), style)
      const ended = spawnSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' })
      const left = (prefix: string) =>
        join(path, '..', ownName(prefix).replace(`-${process.pid}-`, `-${ended.stdout.trim()}-`))
      writeFileSync(left('.token'), 'a secret that was left')
      if (style === 'data-link') {
        const directory = left('..2026_01_02_03_04_05.678')
        mkdirSync(directory)
        writeFileSync(join(directory, 'token'), 'a secret that was left')
      }
      assert.equal(await clearLeft(path), style === 'data-link' ? 2 : 1)
      assert.equal(await clearLeft(path), 0)
      assert.deepEqual(strayNames(path), [])
      assert.equal(readFileSync(path, 'utf8'), 'the-token-of-readers')
      assert.equal(await clearLeft('/no/such/directory/token'), 0)
    })

  test('leaves a name that is cleared away once its process has ended, and respected while it runs', async () => {
    const path = fileFor('rename')
    const beside = (name: string) => join(path, '..', name)
    const ended = spawnSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' })
    const stale = ownName('.token').replace(`-${process.pid}-`, `-${ended.stdout.trim()}-`)
    writeFileSync(beside(stale), 'a secret that was left')
    writeFileSync(beside('.token.runproof-notes'), 'somebody else’s')
    const { staleRemoved } = await replaceFile.replace(path, secret('new-token'), 'rename')
    assert.equal(staleRemoved, 1)
    assert.deepEqual(strayNames(path), ['.token.runproof-notes'])

    const alive = ownName('.token')
    writeFileSync(beside(alive), '')
    await assert.rejects(replaceFile.replace(path, secret('newer-token'), 'rename'), {
      code: 'FILE_NOT_REPLACED',
      message: new RegExp(`process ${process.pid} is replacing it`),
    })
    assert.equal(readFileSync(path, 'utf8'), 'new-token')
    assert.deepEqual(strayNames(path).sort(), [alive, '.token.runproof-notes'].sort())
  })
})

for (const [style, rounds, spanMs] of [
  ['rename', 60, 3],
  ['data-link', 12, 80],
] as const)
  test(`of two at once that looked at the same value one replaces it, by ${style}, and the other is told`, async () => {
    const path = fileFor(style, OLD, fast)
    let before = OLD
    for (let round = 0; round < rounds; round += 1) {
      const next = ['first', 'second'].map(which => `the-token-of-the-${which}-${round}`)
      const both = next.map(async (value, index) => {
        // One is a little behind the other, each time by another moment.
        if (index === 1) await delay((spanMs * round) / rounds)
        return replaceFile.replace(path, secret(value), style, secret(before))
      })
      const ended = await Promise.allSettled(both)
      const done = next.filter((_, index) => ended[index]!.status === 'fulfilled')
      const refused = ended.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
      assert.ok(done.length <= 1, `round ${round}: both have replaced it`)
      for (const { code, message } of refused) assert.equal(code, 'FILE_NOT_REPLACED', message)
      before = done[0] ?? before
      assert.equal(readFileSync(path, 'utf8'), before)
      assert.deepEqual(strayNames(path), [])
    }
    assert.notEqual(before, OLD)
  })

test('another name of the old file is told, for it goes on holding the old content', async () => {
  const path = fileFor('rename')
  linkSync(path, `${path}.old`)
  assert.equal((await replaceFile.replace(path, secret('new-token'), 'rename')).otherNames, 1)
  assert.equal(readFileSync(`${path}.old`, 'utf8'), OLD)
})

test('what lies beside a file behind the data link moves along, with its mode, and the old directory is gone', async () => {
  const path = fileFor('data-link')
  const before = dataOf(path)
  await replaceFile.replace(path, secret('new-token'), 'data-link')
  assert.notEqual(dataOf(path), before)
  assert.ok(!existsSync(join(path, '..', before)))
  const other = join(path, '..', 'other')
  assert.equal(readFileSync(other, 'utf8'), 'another secret')
  assert.equal(statSync(other).mode & 0o777, 0o640)
})

interface Outcome {
  readonly done?: true
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

interface Said extends Outcome {
  readonly rehearsed: Outcome
  readonly held: string
  readonly names: readonly string[]
}

/** Whether a mount namespace can be had. */
const mounts = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0

describe('what is wrong with a place', () => {
  const meet = (within: readonly string[], kind: string, at: string): Record<string, Said> => {
    const words = [...within, process.execPath, testdata('meet-faults.ts'), kind, at]
    return JSON.parse(execFileSync(words[0]!, words.slice(1), { encoding: 'utf8' }))
  }
  const held = (said: Said | undefined, code: string, message: RegExp, content = OLD) => {
    assert.ok(said)
    assert.deepEqual([said.code, said.held, said.names], [code, content, []])
    assert.match(said.message!, message)
    // The rehearsal has found it before, except that nobody told it how long the new content is.
    const { code: told, message: text, hint, rehearsed } = said
    if (!/was written back/.test(text!)) assert.deepEqual(rehearsed, { code: told, message: text, hint })
  }

  test('is said with its state and a way out: mounts and full disks', {
    skip: !mounts && 'mounting needs root',
  }, () => {
    const at = mkdtempSync(join(root, 'mounts-'))
    const said = meet(['unshare', '--mount'], 'mounts', at)
    held(said['mounted'], 'FILE_NOT_REPLACED', /mounted by itself.*\(EBUSY\); it still has its old content/)
    assert.match(said['mounted']!.hint!, /^--param style=in-place/)
    assert.deepEqual(said['mounted in place'], {
      done: true,
      rehearsed: { done: true },
      held: 'the-new-token-of-the-file',
      names: [],
    })
    held(said['read-only'], 'FILE_NOT_REPLACED', /read-only \(EROFS\); it still has/)
    held(said['read-only in place'], 'FILE_NOT_REPLACED', /read-only \(EROFS\); it still has/)
    held(said['full'], 'DISK_FULL', /no space is left; it still has its old content/)
    held(said['full in place'], 'DISK_FULL', /no space is left; its old content was written back/)
  })

  test('is said with its state and a way out: owners', { skip: !isRoot && 'becoming somebody else needs root' }, () => {
    const at = mkdtempSync(join(tmpdir(), 'replace-owners-'))
    try {
      chmodSync(at, 0o755)
      for (const [name, owner, mode] of [
        ['directory-of-others', 0, 0o755],
        ['file-of-others', 65534, 0o755],
      ] as const) {
        mkdirSync(join(at, name))
        writeFileSync(join(at, name, 'token'), OLD)
        chmodSync(join(at, name, 'token'), 0o644)
        chmodSync(join(at, name), mode)
        chownSync(join(at, name), owner, owner)
      }
      const said = meet(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'], 'user', at)
      held(said['directory-of-others rename'], 'FILE_NOT_REPLACED', /may not write there \(EACCES\); it still has/)
      held(said['directory-of-others in-place'], 'FILE_NOT_REPLACED', /may not write there \(EACCES\)/)
      held(said['file-of-others rename'], 'FILE_NOT_REPLACED', /belongs to 0:0, and user 65534 can make no such file/)
      assert.match(said['file-of-others rename']!.hint!, /run as its owner/)
      held(said['file-of-others in-place'], 'FILE_NOT_REPLACED', /may not write there \(EACCES\)/)
    } finally {
      rmSync(at, { recursive: true, force: true })
    }
  })

  const immutable = fileFor('rename')
  const within = fileFor('rename')
  frozen.push(immutable, join(within, '..'))
  const areFrozen = frozen.map(path => spawnSync('chattr', ['+i', path]).status === 0).every(Boolean)
  const asImmutable = { skip: !areFrozen && 'this file system has no immutable files' }

  test('is said of an immutable file, too', asImmutable, async () => {
    const why = { code: 'FILE_NOT_REPLACED', message: /immutable.*\(EPERM\); it still has its old content/ }
    for (const style of ['rename', 'in-place'] as const) {
      await assert.rejects(replaceFile.rehearse(immutable, style), why)
      await assert.rejects(replaceFile.replace(immutable, secret('new-token'), style), why)
    }
    assert.equal(readFileSync(immutable, 'utf8'), OLD)
    assert.deepEqual(strayNames(immutable), [])
  })

  test('is said of an immutable directory, in which a file can still be written in place', asImmutable, async () => {
    const why = { code: 'FILE_NOT_REPLACED', message: /immutable.*\(EPERM\); it still has its old content/ }
    await assert.rejects(replaceFile.rehearse(within, 'rename'), why)
    await assert.rejects(replaceFile.replace(within, secret('new-token'), 'rename'), why)
    await replaceFile.rehearse(within, 'in-place')
    assert.equal(readFileSync(within, 'utf8'), OLD)
    assert.deepEqual(strayNames(within), [])
    await replaceFile.replace(within, secret('new-token'), 'in-place')
    assert.equal(readFileSync(within, 'utf8'), 'new-token')
  })

  test('is said of nothing where the file lies on another file system than everything else', async context => {
    if (statSync(fast).dev === statSync(root).dev) return context.skip('this machine has no second file system at hand')
    for (const style of REPLACE_STYLES) {
      const path = fileFor(style, OLD, fast)
      await replaceFile.replace(path, secret('new-token'), style)
      assert.equal(readFileSync(path, 'utf8'), 'new-token')
    }
  })
})
