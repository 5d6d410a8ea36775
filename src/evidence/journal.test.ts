import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import { processClock } from '../testing/memory-tools.ts'
import { verifyJournal } from './journal.ts'
import { continueJournal, openJournal } from './journal-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'runproof-journal-'))
after(() => rmSync(directory, { recursive: true }))
let count = 0
const newPath = () => join(directory, `${count++}.jsonl`)

function written(records = 5, redact = (text: string) => text): string {
  const path = newPath()
  const journal = openJournal(path, processClock, redact)
  for (let index = 0; index < records; index++) journal.append('event', { index, text: 'words' })
  journal.close()
  return path
}

describe('a journal', () => {
  const text = readFileSync(written(), 'utf8')
  const lines = text.split('\n').slice(0, -1)
  const joined = (all: readonly string[]) => `${all.join('\n')}\n`

  test('verifies as it was written', () => {
    const { records, tornBytes } = verifyJournal(text)
    assert.deepEqual([records.length, records[3]!.data['index'], tornBytes], [5, 3, 0])
  })

  test('that lost its end verifies up to its last whole record and tells what is torn', () => {
    const { records, tornBytes } = verifyJournal(text.slice(0, -10))
    assert.deepEqual([records.length, tornBytes], [4, lines[4]!.length - 9])
  })

  const changes: readonly [string, readonly string[]][] = [
    ['a line removed', lines.toSpliced(2, 1)],
    ['the first line removed', lines.slice(1)],
    ['two lines swapped', lines.toSpliced(1, 2, lines[2]!, lines[1]!)],
    ['a line repeated', lines.toSpliced(2, 0, lines[1]!)],
    ['a foreign line inserted', lines.toSpliced(2, 0, '{"seq":2}')],
    ['an empty line inserted', lines.toSpliced(2, 0, '')],
    ['a line that is no object', lines.toSpliced(2, 1, 'null')],
    ['a line that is no record', lines.toSpliced(2, 1, '[]')],
    ['white space in a line', lines.with(4, lines[4]!.replace(':', ': '))],
    ['nothing in it', []],
  ]
  for (const [title, changed] of changes) {
    test(`is refused with ${title}`, () => {
      assert.throws(() => verifyJournal(joined(changed)), { code: 'JOURNAL_BROKEN' })
    })
  }

  test('is refused with any bit of any line but the last changed', () => {
    const whole = Buffer.from(joined(lines))
    for (let at = 0; at < whole.length - lines[4]!.length - 1; at++) {
      const changed = Buffer.from(whole)
      changed[at] = changed[at]! ^ (1 << (at % 7))
      assert.throws(() => verifyJournal(changed.toString()), { code: 'JOURNAL_BROKEN' }, `byte ${at}`)
    }
  })

  test('is a private file, and never an old one', () => {
    const path = written(1)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.throws(() => openJournal(path, processClock, one => one), { code: 'FILE_UNREADABLE' })
  })

  test('holds records that have passed the redactor, text by text', () => {
    const path = newPath()
    const journal = openJournal(path, processClock, one =>
      one.replaceAll('12345678', '[secret PIN]').replaceAll('a"b', '[secret Q]'),
    )
    journal.append('event', { number: 12345678, text: 'pin 12345678', quoted: 'a"b', nested: [{ '12345678': true }] })
    const [record] = verifyJournal(readFileSync(path, 'utf8')).records
    assert.deepEqual(record!.data, {
      number: 12345678,
      text: 'pin [secret PIN]',
      quoted: '[secret Q]',
      nested: [{ '[secret PIN]': true }],
    })
  })

  test('takes what has no canonical form, mended', () => {
    const path = newPath()
    openJournal(path, processClock, one => one).append('event', {
      text: 'half \ud83d',
      number: Number.NaN,
      gone: undefined,
    })
    assert.deepEqual(verifyJournal(readFileSync(path, 'utf8')).records[0]!.data, { text: 'half \ufffd', number: null })
  })
})

const mounted = join(directory, 'small')
mkdirSync(mounted)
const tiny = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=0700', 'none', mounted]).status === 0

describe('a journal on a full disk', { skip: !tiny && 'mounting a small tmpfs needs root' }, () => {
  after(() => spawnSync('umount', ['--lazy', mounted]))

  test('ends with its last whole record and takes none after a gap, even when space is free again', () => {
    const path = join(mounted, 'journal.jsonl')
    const filler = join(mounted, 'filler')
    const journal = openJournal(path, processClock, text => text)
    let fitted = 0
    writeFileSync(filler, 'x'.repeat(4096))
    assert.throws(
      () => {
        for (; fitted < 1_000; fitted++) journal.append('event', { text: 'x'.repeat(700) })
      },
      { code: 'DISK_FULL' },
    )
    rmSync(filler)
    assert.throws(() => journal.append('event', {}), { code: 'DISK_FULL' })
    assert.throws(() => journal.close(), { code: 'DISK_FULL' })
    const { records, tornBytes } = verifyJournal(readFileSync(path, 'utf8'))
    assert.deepEqual([records.length, tornBytes], [fitted, 0])
    assert.ok(fitted > 5 && existsSync(path))
  })
})

describe('a journal whose file somebody else has touched', () => {
  const touches: readonly [string, (path: string) => void, RegExp][] = [
    ['appended to', path => appendFileSync(path, '{}\n'), /has \d+ bytes, and this process left it at \d+/],
    ['cut', path => truncateSync(path, 10), /has 10 bytes/],
    [
      'replaced by a copy',
      path => {
        copyFileSync(path, `${path}.copy`)
        renameSync(`${path}.copy`, path)
      },
      /another file/,
    ],
    ['removed', path => rmSync(path), /it is gone/],
    [
      'changed in its last record',
      path => writeFileSync(path, readFileSync(path, 'utf8').replace(/words(?!.*words)/s, 'sword')),
      /its last record is another one/,
    ],
  ]
  for (const [title, touch, why] of touches) {
    test(`takes no record any more: ${title}`, () => {
      const path = newPath()
      const journal = openJournal(path, processClock, one => one)
      for (let index = 0; index < 3; index++) journal.append('event', { index, text: 'words' })
      touch(path)
      const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined
      assert.throws(() => journal.append('event', {}), { code: 'RUN_FENCED', message: why })
      assert.throws(() => journal.append('event', {}), { code: 'RUN_FENCED' })
      assert.equal(existsSync(path) ? readFileSync(path, 'utf8') : undefined, before)
      assert.throws(() => journal.close(), { code: 'RUN_FENCED' })
    })
  }

  test('takes none when the run was taken over, also if that is taken back', () => {
    const path = newPath()
    let taken = false
    const journal = openJournal(
      path,
      processClock,
      one => one,
      () => {
        if (taken) throw new RunproofError('RUN_FENCED', 'taken over')
      },
    )
    journal.append('event', {})
    taken = true
    assert.throws(() => journal.append('event', {}), { code: 'RUN_FENCED' })
    taken = false
    assert.throws(() => journal.append('event', {}), { code: 'RUN_FENCED' })
    assert.equal(verifyJournal(readFileSync(path, 'utf8')).records.length, 1)
  })
})

describe('a journal that is gone on with', () => {
  test('is one chain', () => {
    const path = written(3)
    const journal = continueJournal(path, processClock, one => one)
    journal.append('event', { index: 3 })
    const { lastHash, records } = journal.close()
    const followed = verifyJournal(readFileSync(path, 'utf8'))
    assert.deepEqual([records, followed.records.length, followed.lastHash], [4, 4, lastHash])
  })

  test('is refused with a torn end, and with a chain that is broken', () => {
    const torn = written(3)
    appendFileSync(torn, '{"at"')
    assert.throws(() => continueJournal(torn, processClock, one => one), { code: 'JOURNAL_BROKEN', message: /torn/ })
    const changed = written(3)
    writeFileSync(changed, readFileSync(changed, 'utf8').replace('words', 'sword'))
    assert.throws(() => continueJournal(changed, processClock, one => one), { code: 'JOURNAL_BROKEN' })
  })
})
