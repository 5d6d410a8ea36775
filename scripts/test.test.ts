import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { judgeRun, listTests } from './test-verdict.ts'

const root = path.resolve(import.meta.dirname, '..')
const scratch = mkdtempSync(path.join(tmpdir(), 'runproof-test-'))
after(() => rmSync(scratch, { recursive: true }))

/** Without NODE_TEST_CONTEXT, which would make the runner under test believe it is a test file of ours. */
function npmTest(args: readonly string[], env: Record<string, string> = {}) {
  const { NODE_TEST_CONTEXT: _, CI: __, ...inherited } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts/test.ts'), ...args], {
    cwd: path.join(root, 'test/testdata'),
    env: { ...inherited, ...env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr, closing: stdout.trimEnd().split('\n').at(-1) }
}

describe('npm test', () => {
  test('counts every kind of outcome once', () => {
    const { status, stdout, closing } = npmTest(['outcomes.ts'])
    assert.equal(closing, '4 passed, 5 failed, 5 skipped')
    assert.equal(status, 1)
    assert.match(stdout, /^not ok test\/testdata\/outcomes\.ts:7:5 outer > inner > fails$/m)
    assert.match(stdout, /^test\/testdata\/outcomes\.ts:7:5 outer > inner > fails\n {4}Error: planted failure$/m)
    assert.match(stdout, /outcomes\.ts:\d+:\d+ outer > is skipped: no such tool$/m)
    assert.match(stdout, /outcomes\.ts:\d+:\d+ a skipped suite: not on this machine$/m)
    assert.match(stdout, /outcomes\.ts:\d+:\d+ parent that passes > skips itself: decided late$/m)
    assert.match(stdout, /is still to do\n {4}a todo is not a test$/m)
    assert.match(stdout, /a suite whose hook fails\n {4}Error: planted hook$/m)
  })

  test('ends with one closing line and exit 0 when all is well', () => {
    const { status, stdout, stderr, closing } = npmTest(['passes.ts'])
    assert.equal(closing, '2 passed, 0 failed, 0 skipped')
    assert.equal(stdout.match(/\d+ passed, \d+ failed, \d+ skipped/g)?.length, 1)
    assert.deepEqual([status, stderr], [0, ''])
  })

  const failures = [
    ['a file without tests', 'no-tests.ts', /no-tests\.ts:1:1 the file itself\n {4}it holds no test/],
    ['a suite without tests', 'empty-suite.ts', /empty-suite\.ts:3:1 nothing in here\n {4}holds no test/],
    [
      'a file that does not exist',
      'not-there.ts',
      /not-there\.ts:1:1 the file itself\n {4}its process did not end well/,
    ],
    ['a process that dies after its tests', 'dies.ts', /planted last words\n[\s\S]*dies\.ts:1:1 the file itself\n/],
  ] as const
  for (const [title, file, expected] of failures) {
    test(`fails on ${title}`, () => {
      const { status, stdout, closing } = npmTest([file])
      assert.match(stdout, expected)
      assert.match(closing ?? '', /^[01] passed, 1 failed, 0 skipped$/)
      assert.equal(status, 1)
    })
  }

  test('fails when the folder asked for has no tests', () => {
    const { status, closing } = npmTest(['../testdata'])
    assert.deepEqual([status, closing], [1, '0 passed, 1 failed, 0 skipped'])
  })

  test('fails when the name asked for matches nothing', () => {
    const { status, closing } = npmTest(['passes.ts', '--name', 'nobody is called so'])
    assert.deepEqual([status, closing], [1, '0 passed, 1 failed, 0 skipped'])
  })

  test('runs only the tests whose name matches', () => {
    const { status, closing } = npmTest(['passes.ts', 'outcomes.ts', '--name', 'one|passes too'])
    assert.deepEqual([status, closing], [0, '2 passed, 0 failed, 0 skipped'])
  })

  test('ends a test at its timeout and runs the next', () => {
    const { stdout, closing } = npmTest(['hangs.ts', '--timeout', '300'])
    assert.match(stdout, /never ends\n {4}test timed out after 300ms/)
    assert.equal(closing, '1 passed, 1 failed, 0 skipped')
  })

  test('ends a file that leaves something open', () => {
    const { stdout, closing } = npmTest(['open-handle.ts', '--silence', '4000'])
    assert.match(stdout, /the file itself\n {4}silent for 4000 ms, so it was ended/)
    assert.equal(closing, '1 passed, 1 failed, 0 skipped')
  })

  test('ends although a process that was left behind holds the output open', () => {
    const { stdout, closing } = npmTest(['orphan.ts', '--silence', '4000'])
    process.kill(Number(/orphan (\d+)/.exec(stdout)?.[1]))
    assert.match(stdout, /the file itself\n {4}silent for 4000 ms, so it was ended/)
    assert.equal(closing, '1 passed, 1 failed, 0 skipped')
  })

  test('refuses in CI the skip of a required test, and allows it elsewhere', () => {
    const list = path.join(scratch, 'required.json')
    writeFileSync(list, JSON.stringify({ required: { 'test/testdata/passes.ts': ['suite > two'] }, maySkip: {} }))
    const skip = { RUNPROOF_TESTDATA_SKIP: '1' }
    const args = ['passes.ts', '--list', list]
    assert.equal(npmTest(args, skip).closing, '1 passed, 0 failed, 1 skipped')
    const inCi = npmTest(args, { ...skip, CI: 'true' })
    assert.deepEqual([inCi.status, inCi.closing], [1, '1 passed, 1 failed, 0 skipped'])
    assert.match(inCi.stdout, /suite > two\n {4}must not be skipped in CI, and was: asked to/)
  })
})

describe('the verdict over a whole run', () => {
  const result = (title: string, outcome: 'passed' | 'failed' | 'skipped') => ({
    file: 'a.test.ts',
    title,
    at: 'a.test.ts:1:1',
    outcome,
    reason: '',
  })
  const judge = (results: ReturnType<typeof result>[], list: Parameters<typeof judgeRun>[3]) => {
    const report = { file: 'a.test.ts', results, emptySuites: [], output: '', durationMs: 1 }
    const { passed, failed, skipped } = judgeRun([report], true, false, list)
    return { passed, failed: failed.map(one => one.title), skipped: skipped.map(one => one.title) }
  }

  test('lists what ran as required and what was skipped as allowed', () => {
    assert.deepEqual(listTests([result('b', 'passed'), result('a', 'failed'), result('c', 'skipped')]), {
      required: { 'a.test.ts': ['a', 'b'] },
      maySkip: { 'a.test.ts': ['c'] },
    })
  })

  test('lets a required test be skipped for the place of the checkout, and for nothing else', () => {
    const list = { required: { 'a.test.ts': ['a', 'b', 'c', 'd'] }, maySkip: {} }
    const skipped = (title: string, reason: string) => ({ ...result(title, 'skipped'), reason })
    assert.deepEqual(
      judge(
        [
          skipped('a', 'this checkout cannot be entered by others'),
          skipped('b', 'needs this machine to have age'),
          skipped('c', 'this machine has no nginx: it is in no folder of PATH'),
          skipped('d', 'this machine has no namespaces'),
        ],
        list,
      ),
      { passed: 0, failed: ['b', 'c'], skipped: ['a', 'd'] },
    )
  })

  test('fails on a required test that is gone', () => {
    const list = { required: { 'a.test.ts': ['a', 'b'] }, maySkip: {} }
    assert.deepEqual(judge([result('a', 'passed')], list), { passed: 1, failed: ['b'], skipped: [] })
  })

  test('fails on a test that the list does not know', () => {
    const list = { required: { 'a.test.ts': ['a'] }, maySkip: {} }
    assert.deepEqual(judge([result('a', 'passed'), result('new', 'passed')], list), {
      passed: 1,
      failed: ['new'],
      skipped: [],
    })
  })

  test('allows a skip that the list allows, and the tests of a suite that may be skipped', () => {
    const list = { required: { 'a.test.ts': ['a'] }, maySkip: { 'a.test.ts': ['s', 'suite'] } }
    assert.deepEqual(judge([result('a', 'passed'), result('s', 'skipped'), result('suite > x', 'passed')], list), {
      passed: 2,
      failed: [],
      skipped: ['s'],
    })
  })

  test('fails once for a required suite that is skipped, not for each test in it', () => {
    const list = { required: { 'a.test.ts': ['suite > x', 'suite > y', 'z'] }, maySkip: {} }
    assert.deepEqual(judge([result('suite', 'skipped'), result('z', 'passed')], list), {
      passed: 1,
      failed: ['suite'],
      skipped: [],
    })
  })

  test('fails when nothing ran', () => {
    const { failed } = judgeRun([], true, false)
    assert.deepEqual(
      failed.map(one => one.reason),
      ['not a single test ran'],
    )
  })
})
