import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { files } from '../../adapters/files.ts'
import { type Daemon, daemon } from '../../daemon/subjects.ts'
import { CapturedValues } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import { Secret } from '../../model/secret.ts'
import standIn from '../../targets/stand-in.ts'
import { memoryTools } from '../../testing/memory-tools.ts'
import { Collecting, snapshotAction } from './snapshot.ts'
import { type Given, generalItems, type SnapshotItem } from './snapshot-items.ts'

const root = mkdtempSync(join(tmpdir(), 'snapshot-'))
after(() => rmSync(root, { recursive: true, force: true }))

const BOUNDS = { itemBytes: 100, allBytes: 250, spareBytes: 0, totalMs: 60_000, atOnce: 2 }
const known = new Secret('leaked', 'a-token-that-leaked')

function collecting(write = files.write, bounds: Partial<typeof BOUNDS> = {}) {
  const directory = mkdtempSync(join(root, 'run-'))
  const tools = memoryTools({ files: { ...files, write } })
  const context = {
    tools,
    signal: new AbortController().signal,
    deadlineMs: 1_000,
    knownSecrets: () => [known],
  } as unknown as CheckContext
  const made = new Collecting(context, directory, tools.clock.monotonicMs() + BOUNDS.totalMs, {
    ...BOUNDS,
    ...bounds,
  })
  const read = (file: string) => readFileSync(join(directory, file), 'utf8')
  return { made, directory, read, of: (file: string) => made.items.find(one => one.file === file)! }
}

const item = (file: string, collect: SnapshotItem['collect'], more: Partial<SnapshotItem> = {}): SnapshotItem => ({
  file,
  what: `GET ${file}`,
  limitMs: 1_000,
  collect,
  ...more,
})
const given = (file: string, what: Given, more: Partial<SnapshotItem> = {}) => item(file, async () => what, more)

describe('a snapshot', () => {
  test('keeps of settings and status which headers a hook sends, and none of their values', async () => {
    const hook = { name: 'x', executor: { type: 'http', headers: { 'x-key': 'a-value-nobody-knows' }, env: ['A=b'] } }
    const body = JSON.stringify({ config: { hooks: { hooks: { run_completed: [hook] } } } })
    const request = async () => ({ status: 200, headers: {}, text: body })
    const values = new CapturedValues().with(daemon, { instance: { request } } as unknown as Daemon)
    const context = { target: standIn, values, deadlineMs: 1_000 } as unknown as CheckContext
    for (const name of ['status.json', 'runtime.json']) {
      const kept = String(
        await generalItems(context, 'before')
          .find(({ file }) => file === name)!
          .collect(context),
      )
      assert.match(kept, /"x-key": "\[left out\]"/)
      assert.doesNotMatch(kept, /nobody-knows|A=b/)
    }
  })

  test('leaves room on the disk for the record of what is done: without one nothing would be contained', async () => {
    const { made, directory, of } = collecting(files.write, { spareBytes: Number.MAX_SAFE_INTEGER })
    await made.all([given('status.json', '{}')])
    assert.match(of('status.json').reason!, /the disk has \d+ bytes left, of which \d+ are for the record/)
    assert.deepEqual(readdirSync(directory), [])
  })

  test('goes on past what hangs, fails or says nothing, and lists each with its reason', async () => {
    const { made, directory, of } = collecting()
    await made.all([
      item('hangs.json', () => new Promise(() => {}), { limitMs: 20 }),
      item('fails.json', async () => {
        throw new RunproofError('TARGET_UNREACHABLE', 'nobody listens')
      }),
      given('empty.json', ' \n'),
      given('status.json', '{"ok":true}'),
    ])
    assert.deepEqual(
      made.items.map(({ file, outcome, reason }) => [file, outcome, reason]),
      [
        ['empty.json', 'not-collected', 'it was empty'],
        ['fails.json', 'not-collected', 'TARGET_UNREACHABLE: nobody listens'],
        ['hangs.json', 'not-collected', 'it gave no answer within 20 ms'],
        ['status.json', 'collected', undefined],
      ],
    )
    assert.deepEqual([readdirSync(directory), of('status.json').bytes], [['status.json'], 11])
  })

  test('keeps a part of what is too long, as a document, and says so', async () => {
    const { made, read, of } = collecting()
    await made.item(given('runs.json', JSON.stringify('x'.repeat(500))))
    const { truncated, ofBytes, text } = JSON.parse(read('runs.json'))
    assert.deepEqual([truncated, ofBytes, text.length, of('runs.json').outcome], [true, 502, 100, 'truncated'])
    assert.match(of('runs.json').reason!, /^502 bytes, of which the first 100 are kept$/)
  })

  test('keeps whole lines of the end of a log, and says so even where masking made it short', async () => {
    const { made, read, of } = collecting()
    const text = `cut ${known.reveal()}\n{"code":"second"}\n{"code":"third"}\n`
    await made.item(given('audit.jsonl', { text, more: true }, { keep: 'tail' }))
    assert.equal(read('audit.jsonl'), '{"code":"second"}\n{"code":"third"}\n')
    assert.equal(of('audit.jsonl').outcome, 'truncated')
  })

  test('says so where a list is a part of what there is, although it is not too long', async () => {
    const { made, read, of } = collecting()
    await made.item(given('runs.json', { text: '[1,2]', more: true, why: 'the newest 2 of 9 runs' }))
    assert.deepEqual(
      [read('runs.json'), of('runs.json').outcome, of('runs.json').reason],
      ['[1,2]', 'truncated', 'the newest 2 of 9 runs'],
    )
  })

  test('masks a known secret before anything is written, in other forms, too', async () => {
    const { made, read } = collecting()
    const encoded = Buffer.from(known.reveal()).toString('base64')
    await made.item(given('task.json', JSON.stringify([known.reveal(), encoded])))
    assert.doesNotMatch(read('task.json'), new RegExp(`${known.reveal()}|${encoded}`))
    assert.match(read('task.json'), /\[secret leaked\]/)
  })

  test('stops keeping where all together is enough, and lists what it left out', async () => {
    const { made, of } = collecting()
    for (const file of ['a.json', 'b.json', 'c.json', 'd.json']) await made.item(given(file, '1'.repeat(90)))
    assert.deepEqual(
      ['a.json', 'b.json', 'c.json', 'd.json'].map(file => of(file).outcome),
      ['collected', 'collected', 'truncated', 'not-collected'],
    )
    assert.match(of('d.json').reason!, /250 bytes had been kept already/)
  })

  test('ends where the disk is full: what follows would look collected', async () => {
    const { made } = collecting(async () => {
      throw new RunproofError('DISK_FULL', 'no space')
    })
    await assert.rejects(made.all([given('a.json', '1'), given('b.json', '2')]), { code: 'DISK_FULL' })
  })

  test('is taken at any moment into the directory it is given, and refused before a daemon was reached', async () => {
    const artifactsDir = mkdtempSync(join(root, 'snapshot-1-'))
    const told: string[] = []
    const run = { artifactsDir, fact: () => {}, notTested: (text: string) => told.push(text) }
    const page = '{"items":[],"pagination":{"total_count":0}}'
    const instance = {
      place: { baseUrl: 'http://h' },
      request: async () => ({ status: 200, headers: {}, text: page }),
      run: async () => ({ exitCode: 1, timedOut: false, stdout: '', stderr: '' }),
    }
    const context = (values: CapturedValues) =>
      ({
        run,
        values,
        target: standIn,
        params: {},
        tools: memoryTools({ files }),
        signal: new AbortController().signal,
        deadlineMs: 1_000,
        waited: () => {},
        runIn: (runner: typeof instance) => runner.run(),
        knownSecrets: () => [known],
      }) as unknown as StepContext
    const action = snapshotAction('daemon')
    await assert.rejects(action.execute(context(new CapturedValues())), { code: 'TARGET_UNREACHABLE' })
    assert.deepEqual(readdirSync(artifactsDir), [])

    const reached = { reached: 'running', instance, binary: '/bin/d', adminTokenFile: '/a', adminToken: known }
    await action.execute(context(new CapturedValues().with(daemon, reached as unknown as Daemon)))
    const names = readdirSync(artifactsDir)
    assert.deepEqual(names.sort(), [
      'index.json',
      'runs.json',
      'runtime.json',
      'sessions.json',
      'slots.json',
      'status.json',
    ])
    assert.match(told.join('\n'), /doctor is not-collected: it printed nothing, exit 1/)
    assert.match(told.join('\n'), /audit\.jsonl is not-collected: no state-root= was given/)
  })
})
