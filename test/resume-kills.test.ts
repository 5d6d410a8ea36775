import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { inPool } from '../src/engine/pool.ts'
import { verifyJournal } from '../src/evidence/journal.ts'
import { begin, DIR, FIRST_ID, goOn, type Kill } from './testdata/break-off/run.ts'
import { textOf } from './testdata/break-off/runbook.ts'

const CHILD = join(import.meta.dirname, 'testdata', 'break-off', 'child.ts')
const root = mkdtempSync(join(tmpdir(), 'resume-kills-'))
after(() => rmSync(root, { recursive: true, force: true }))

function newPlace(): string {
  const place = mkdtempSync(join(root, 'run-'))
  mkdirSync(join(place, DIR))
  return place
}

const journalOf = (place: string, runId = FIRST_ID) => join(place, 'reports', `.run-${runId}`, 'journal.jsonl')
const executions = () => textOf(join(DIR, 'log')).split('\n').slice(0, -1)
const times = (lines: readonly string[], id: string) => lines.filter(line => line === id).length

/** A process that ends itself at that record. */
async function killed(place: string, kill: Kill, runId?: string): Promise<void> {
  const words = [CHILD, String(kill.at), kill.when, ...(runId === undefined ? [] : [runId])]
  // Who is killed keeps nothing of what it compiled: each would compile all of it again.
  const env = { NODE_COMPILE_CACHE: join(root, 'cache'), ...process.env }
  const child = spawn(process.execPath, words, { cwd: place, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const [, signal] = await once(child, 'close')
  assert.equal(signal, 'SIGKILL', `at ${JSON.stringify(kill)}: ${said}`)
}

/** Whatever happened before: it has ended well, and nothing that must not be repeated was. */
function assertDone(result: Awaited<ReturnType<typeof goOn>>, breaks: number, what: string): void {
  const lines = executions()
  const wrong = result.steps.filter(step => step.outcome !== 'passed').map(step => `${step.id}: ${step.reason}`)
  assert.deepEqual([wrong, result.outcome], [[], 'passed'], what)
  const [level, token, sent] = ['level', 'token', 'sent'].map(name => textOf(join(DIR, name)))
  assert.deepEqual([level, token, sent], ['second', 'new', 'message\n'], what)
  assert.deepEqual([times(lines, 'swap'), times(lines, 'send')], [1, 1], `${what}: ${lines}`)
  for (const id of ['level', 'open'])
    assert.ok(times(lines, id) >= 1 && times(lines, id) <= breaks + 1, `${what}: ${lines}`)
  // What was measured before the change, and not what it would be now.
  assert.equal(result.facts['level'], 'first', what)
  assert.deepEqual(
    result.breaks?.map(({ kind }) => kind),
    Array(breaks).fill('died'),
    what,
  )
}

/** Every place of a run at which its process can end: before, while and after each record is written. */
function everyPlace(records: number): readonly Kill[] {
  return Array.from({ length: records }, (_, index) => index + 1).flatMap(at => [
    { at, when: at % 5 === 0 ? ('torn' as const) : ('before' as const) },
    { at, when: 'after' as const },
  ])
}

describe('a run that is killed', { timeout: 300_000 }, () => {
  test('at any record of its journal is gone on with to its end, and does nothing twice', async context => {
    process.chdir(newPlace())
    await begin()
    const { records } = verifyJournal(textOf(journalOf('.')))
    assert.ok(records.length > 25, `${records.length} records`)
    const kills = everyPlace(records.length).map(kill => ({ kill, place: newPlace() }))
    await inPool(kills, 2, ({ kill, place }) => killed(place, kill))
    for (const { kill, place } of kills) {
      process.chdir(place)
      const what = `killed ${kill.when} record ${kill.at}`
      const old = readFileSync(journalOf(place))
      if (kill.at === 1 && kill.when === 'before') {
        await assert.rejects(goOn(FIRST_ID), { code: 'JOURNAL_BROKEN', message: /no whole record/ })
        assert.deepEqual(executions(), [], what)
        continue
      }
      assertDone(await goOn(FIRST_ID), 1, what)
      // The old one stays as it was, and the new one begins with it.
      assert.ok(readFileSync(journalOf(place)).equals(old), what)
      const next = readFileSync(journalOf(place, `${FIRST_ID}-2`))
      const kept = old.subarray(0, old.lastIndexOf('\n') + 1)
      assert.ok(next.subarray(0, kept.length).equals(kept), what)
      assert.equal(verifyJournal(next.toString()).tornBytes, 0)
    }
    context.diagnostic(`${kills.length} kills at ${records.length} records`)
  })

  test('again while it is gone on with is gone on with once more', async context => {
    // After the swap and before a record of it: what to do is not in the journal, it has to be looked at.
    const sample = newPlace()
    await killed(sample, { at: 13, when: 'before' })
    const copied = () => {
      const place = newPlace()
      cpSync(sample, place, { recursive: true })
      return place
    }
    const whole = copied()
    process.chdir(whole)
    await goOn(FIRST_ID)
    const before = verifyJournal(textOf(journalOf(whole))).records.length
    const { records } = verifyJournal(textOf(journalOf(whole, `${FIRST_ID}-2`)))
    // Without the two that say of the break.
    const own = records.length - before - 2
    const kills = everyPlace(own).map(kill => ({ kill, place: copied() }))
    await inPool(kills, 2, ({ kill, place }) => killed(place, kill, FIRST_ID))
    for (const { kill, place } of kills) {
      process.chdir(place)
      await assert.rejects(goOn(FIRST_ID), { code: 'NOT_RESUMABLE', message: /taken over as .*-2 at .*died/ })
      assertDone(await goOn(`${FIRST_ID}-2`), 2, `killed ${kill.when} record ${kill.at} of the second process`)
    }
    context.diagnostic(`${kills.length} kills at ${own} records`)
  })
})
