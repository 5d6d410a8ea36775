import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginCheck, type CheckAsked } from './check.ts'
import type { Ignore } from './ignores.ts'
import { deployctl } from './testdata/deployctl.ts'

const ASKED: CheckAsked = {
  programs: [],
  known: [{ tree: deployctl(), from: { kind: 'tree', file: 'deployctl.json' } }],
  forbidden: [],
  documents: [],
  files: { kindOf: () => undefined, namesIn: () => [], named: () => [], read: () => undefined },
  ignores: undefined,
  exercised: null,
  coverage: false,
  failOn: 'error',
}

function check(pages: Readonly<Record<string, string | Uint8Array>>, more: Partial<CheckAsked> = {}) {
  const checking = beginCheck({ ...ASKED, ...more })
  for (const [file, text] of Object.entries(pages))
    checking.page(file, file, typeof text === 'string' ? Buffer.from(text) : text)
  return checking.finish()
}

const fence = (...lines: readonly string[]) => `# Deploy\n\n\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`
const ignores = (...list: readonly Omit<Ignore, 'at' | 'reason'>[]) => ({
  list: list.map(one => ({
    reason: 'in 2.0',
    ...one,
    at: { file: 'runproof.config.json', line: 1, column: 1, endLine: 1, endColumn: 1 },
  })),
  today: '2026-06-15',
  named: (file: string) => file,
})

describe('a check of pages', () => {
  test('passes where every command is one of the program', () => {
    const { checked } = check({ 'a.md': fence('deployctl push web --wait') })
    assert.deepEqual([checked.exitCode, checked.findings], [0, []])
    assert.deepEqual(checked.commands[0]?.judged, { program: 'deployctl', path: ['push'], options: ['--wait'] })
    assert.deepEqual(
      checked.pages.map(({ file, commands, judged }) => [file, commands, judged]),
      [['a.md', 1, 1]],
    )
  })

  test('tells a finding at its place, with the command and the line it stands in', () => {
    const { checked, sources } = check({ 'a.md': fence('deployctl push web --wiat').replaceAll('\n', '\r\n') })
    const [finding, ...more] = checked.findings
    assert.deepEqual(more, [])
    assert.deepEqual(
      [finding?.rule, finding?.at.line, finding?.at.column, finding?.command, finding?.suggestion],
      ['unknown-flag', 4, 20, 'deployctl push web --wiat', '--wait'],
    )
    assert.equal(sources('a.md', 4), 'deployctl push web --wiat')
    assert.equal(sources('a.md', 3), undefined)
    assert.equal(checked.exitCode, 1)
  })

  test('is no verdict where nothing was judged, whatever was read', () => {
    const unknown = check({ 'a.md': fence('deployctl push web') }, { known: [] }).checked
    assert.equal(unknown.exitCode, 3)
    assert.deepEqual(unknown.findings, [])
    assert.ok(unknown.unjudged.length > 0)
    const empty = check({ 'a.md': '', 'b.md': 'prose' }).checked
    assert.deepEqual(
      [empty.exitCode, empty.findings.map(({ rule, message }) => `${rule}: ${message}`)],
      [3, ['no-command: no command was found in any of 2 pages']],
    )
    assert.equal(check({}).checked.exitCode, 3)
  })

  test('is no verdict where nothing could be read of the help of the program', () => {
    const { root, ...rest } = deployctl()
    const mute = { ...root, options: [], optionsKnown: false, args: null, commands: [], commandsKnown: false }
    const known = [{ tree: { ...rest, root: mute }, from: { kind: 'tree', file: 'x.json' } as const }]
    const { checked } = check({ 'a.md': fence('deployctl frobnicate', 'deployctl --help') }, { known })
    assert.deepEqual([checked.exitCode, checked.findings], [3, []])
    assert.deepEqual(
      checked.unjudged.map(({ source }) => source),
      ['deployctl frobnicate', 'deployctl --help'],
    )
  })

  test('fails for a page that cannot be read, beside others that can', () => {
    const checking = beginCheck(ASKED)
    checking.page('a.md', 'a.md', Buffer.from(fence('deployctl push web')))
    checking.unreadable('b.md', "can't read b.md: EACCES")
    checking.passedOver('c', 'a link')
    const { checked } = checking.finish()
    assert.deepEqual([checked.exitCode, checked.findings[0]?.rule], [1, 'page-unreadable'])
    assert.deepEqual(
      checked.unjudged.map(({ source, why }) => [source, why]),
      [['c', 'a link']],
    )
  })

  test('accounts for every command of a fence: it is judged, or told with its reason', () => {
    const lines = ['deployctl push web', 'curl -fsS http://127.0.0.1/ready', 'cd /srv && ls', '$TOOL push', 'ls -l']
    const { checked } = check({ 'a.md': fence(...lines) })
    const left = checked.commands.filter(({ judged }) => judged === null)
    assert.equal(left.length, 5)
    const told = checked.unjudged.map(({ source }) => source)
    assert.deepEqual(
      told,
      left.map(({ source }) => source),
    )
  })

  test('shows no credential that a page has', () => {
    const token = ['Bearer', 'not-a-real-token-0000'].join(' ')
    const page = fence(`deployctl push "${token}" --wiat`, `curl -H "Authorization: ${token}" http://127.0.0.1/`)
    const { checked } = check({ 'a.md': page })
    assert.ok(checked.findings.length > 0 && checked.unjudged.length > 0)
    assert.ok(!JSON.stringify(checked).includes('not-a-real'))
  })

  test('keeps of a page only the lines that findings stand in', () => {
    const { sources } = check({ 'a.md': `prose\n${fence('deployctl psuh web')}` })
    assert.equal(sources('a.md', 1), undefined)
    assert.equal(sources('a.md', 5), 'deployctl psuh web')
  })

  test('finds text that was forbidden', () => {
    const { checked } = check(
      { 'a.md': fence('deployctl push web') },
      { forbidden: [{ fragment: 'push web', reason: 'it is called site' }] },
    )
    assert.deepEqual(
      checked.findings.map(({ rule, at, command }) => [rule, at.line, command]),
      [['forbidden-fragment', 4, 'deployctl push web']],
    )
  })
})

describe('what is ignored', () => {
  const page = { 'docs/old/a.md': fence('deployctl push web --wiat'), 'b.md': fence('deployctl push web --wiat') }
  const open = (checked: ReturnType<typeof check>['checked']) =>
    checked.findings.filter(({ ignored }) => ignored === undefined).map(({ rule, at }) => `${rule} ${at.file}`)
  const expires = '2026-12-31'

  const cases: readonly (readonly [title: string, ignore: Omit<Ignore, 'at' | 'reason'>, left: readonly string[]])[] = [
    ['by its rule is ignored on every page', { rule: 'unknown-flag', expires }, []],
    ['on some pages is told of the others', { page: 'docs/**', expires }, ['unknown-flag b.md']],
    ['by the first words of a command', { command: 'deployctl  push', expires }, []],
    ['until today', { rule: 'unknown-flag', expires: '2026-06-15' }, []],
    [
      'by words that no command begins with is told, and the entry, too',
      { command: 'deployctl pus', expires },
      ['unknown-flag docs/old/a.md', 'unknown-flag b.md', 'ignore-unused runproof.config.json'],
    ],
    [
      'until yesterday is told, and the entry, too',
      { rule: 'unknown-flag', expires: '2026-06-14' },
      ['unknown-flag docs/old/a.md', 'unknown-flag b.md', 'ignore-expired runproof.config.json'],
    ],
  ]
  for (const [title, ignore, left] of cases)
    test(title, () => {
      const { checked } = check(page, { ignores: ignores(ignore) })
      assert.deepEqual(open(checked), left)
      assert.equal(checked.exitCode, left.some(one => !one.startsWith('ignore-unused')) ? 1 : 0)
    })

  test('keeps its reason, and an entry cannot excuse what is said of entries', () => {
    const list = ignores({ rule: 'unknown-flag', expires }, { rule: 'ignore-expired', expires: '2026-01-01' })
    const { checked } = check(page, { ignores: list })
    assert.deepEqual(checked.findings[0]?.ignored, { reason: 'in 2.0', expires })
    assert.deepEqual(open(checked), ['ignore-expired runproof.config.json'])
    assert.equal(checked.exitCode, 1)
  })

  test('that is only a warning fails where warnings do', () => {
    const list = ignores({ rule: 'unknown-flag', expires }, { rule: 'shell-syntax', expires })
    assert.equal(check(page, { ignores: list }).checked.exitCode, 0)
    assert.equal(check(page, { ignores: list, failOn: 'warning' }).checked.exitCode, 1)
  })
})
