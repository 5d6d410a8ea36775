import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, describe, test } from 'node:test'
import type { RunproofError } from '../model/error.ts'
import { readSecrets } from './secrets.ts'

const root = mkdtempSync(join(tmpdir(), 'secrets-'))
after(() => rmSync(root, { recursive: true, force: true }))

const VALUE = 'a-value-that-is-long-enough'
const file = (content: string | Buffer) => {
  const path = join(mkdtempSync(join(root, 'given-')), 'value')
  writeFileSync(path, content)
  return `file:${path}`
}
const taken = async (source: string, env: NodeJS.ProcessEnv = {}, stdin = '') =>
  (await readSecrets({ new: source }, ['new'], env, Readable.from([stdin]))).new!

describe('a secret that is given by its source', () => {
  const sources = [
    ['a file', file(VALUE), {}, ''],
    ['a file with a line break', file(`${VALUE}\r\n`), {}, ''],
    ['the environment', 'env:NEW', { NEW: VALUE }, ''],
    ['standard input', 'stdin', {}, `${VALUE}\n`],
  ] as const
  for (const [title, source, env, stdin] of sources)
    test(`is what ${title} has, without the break at its end`, async () => {
      assert.equal((await taken(source, env, stdin)).reveal(), VALUE)
    })

  test('keeps what else is in it, for those to judge who know what it is for', async () => {
    for (const value of [`${VALUE}\n`, `${VALUE}\0`, ` ${VALUE} `, `${VALUE}\nsecond`])
      assert.equal((await taken(file(`${value}\n`))).reveal(), value)
  })

  test('is called by its name where its file cannot be read: a runbook takes several', async () => {
    await assert.rejects(taken(`file:${root}/nowhere`), {
      message: `--secret new: can't read ${root}/nowhere: ENOENT; nothing was started`,
    })
  })

  test('is made here where that is asked for, and says so', async () => {
    const [one, other] = [await taken('generate'), await taken('generate')]
    assert.notEqual(one.reveal(), other.reveal())
    assert.deepEqual([one.reveal().length, one.generated, (await taken(file(VALUE))).generated], [43, true, false])
  })

  const refused = [
    ['is empty', () => file(''), 'SECRET_TOO_SHORT'],
    ['is nothing but a line break', () => file('\n'), 'SECRET_TOO_SHORT'],
    ['has seven characters', () => file('7-chars'), 'SECRET_TOO_SHORT'],
    ['has more bytes than a secret', () => file(Buffer.alloc((1 << 20) + 1, 'x')), 'FILE_UNREADABLE'],
    ['is in no file', () => `file:${root}/nowhere`, 'FILE_UNREADABLE'],
    ['is in no variable', () => 'env:NOT_SET', 'SECRET_MISSING'],
    ['is given itself', () => VALUE, 'USAGE'],
    ['is in a keyring without a name', () => 'keyring:', 'USAGE'],
  ] as const
  for (const [title, source, code] of refused)
    test(`is refused and not repeated where it ${title}`, async () => {
      await assert.rejects(taken(source()), (thrown: RunproofError) => {
        assert.equal(thrown.code, code)
        assert.ok(![thrown.message, thrown.hint].some(text => text?.includes(VALUE) || text?.includes('7-chars')))
        return true
      })
    })
})
