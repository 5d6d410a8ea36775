import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { processClock } from '../testing/memory-tools.ts'
import { verifyJournal } from './journal.ts'
import { openJournal } from './journal-file.ts'

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
