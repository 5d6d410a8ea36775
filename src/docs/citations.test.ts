import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CitablePage, type CitingStep, judgeCitations } from './citations.ts'
import type { DocumentedCommand } from './command.ts'
import { smallTree } from './judge/testdata/small-tree.ts'
import { templateWords } from './template.ts'

const AT = { file: 'runbooks/rotate.ts', line: 7, column: 1, endLine: 7, endColumn: 2 }

function documented(source: string, line: number, from: 'fence' | 'span' = 'span'): DocumentedCommand {
  return {
    words: templateWords(source),
    env: [],
    readsStdin: false,
    redirected: { reads: [], writes: [] },
    from,
    within: [],
    heading: '',
    at: { ...AT, file: 'docs/keys.md', line },
    source,
  }
}

const tree = smallTree('deployctl', {
  commands: { set: { args: ['<SLOT>'], options: ['--stdin'] }, get: { args: ['<SLOT>'] } },
})
const keys: CitablePage = {
  id: 'keys',
  file: 'docs/keys.md',
  commands: [
    documented('set <slot> --stdin', 12),
    documented('deployctl set <slot> --stdin', 20, 'fence'),
    documented('get <slot>', 30),
    documented('sha256sum -c SUMS', 40),
  ],
}

const judge = (step: Partial<CitingStep>, pages = [keys]) => {
  const whole: CitingStep = { runbook: 'rotate', step: 'set', cites: undefined, commands: [], at: AT, ...step }
  const { findings, places } = judgeCitations([whole], pages, [tree])
  return {
    rules: findings.map(({ rule }) => rule),
    messages: findings.map(one => one.message),
    findings,
    places,
    whole,
  }
}

describe('what a step cites', () => {
  test('is found where somebody would copy it, and the step runs it', () => {
    const { rules, places, whole } = judge({
      cites: { page: 'keys', command: 'set <slot> --stdin' },
      commands: ['deployctl set main --stdin', 'deployctl get main'],
    })
    assert.deepEqual([rules, places.get(whole)?.line], [[], 20])
  })

  const cases: readonly [title: string, step: Partial<CitingStep>, rules: readonly string[], said: RegExp][] = [
    ['a page that is not there', { cites: { page: 'key' } }, ['citation-page'], /page key, and there is none/],
    [
      'a command with another word than the page has',
      { cites: { page: 'keys', command: 'sett <slot> --stdin' } },
      ['citation-command'],
      /docs\/keys\.md; nearest is line 12: set <slot> --stdin/,
    ],
    [
      'a command with another name for its hole',
      { cites: { page: 'keys', command: 'get <key>' } },
      ['citation-command'],
      /get <key>, which does not stand on/,
    ],
    [
      'a command in another order',
      { cites: { page: 'keys', command: 'set --stdin <slot>' } },
      ['citation-command'],
      /which/,
    ],
    [
      'something else than is run',
      { cites: { page: 'keys', command: 'get <slot>' }, commands: ['deployctl set main --stdin'] },
      ['citation-argv'],
      /cites get <slot> \(docs\/keys\.md:30\) and runs something else: deployctl set main --stdin/,
    ],
    [
      'one thing, and runs another one that no page has',
      { cites: { page: 'keys', command: 'get <slot>' }, commands: ['deployctl get main', 'deployctl set main'] },
      ['citation-argv'],
      /runs deployctl set main, which no page documents/,
    ],
    [
      'a page only, and runs what no page has',
      { cites: { page: 'keys' }, commands: ['deployctl drop main'] },
      ['citation-argv'],
      /drop main/,
    ],
    ['no page, and runs something', { commands: ['deployctl get main'] }, ['citation-page'], /cites no page/],
  ]
  for (const [title, step, rules, said] of cases) {
    test(`is ${title}`, () => {
      const judged = judge(step)
      assert.deepEqual(judged.rules, rules)
      assert.match(judged.messages[0]!, said)
      assert.deepEqual(judged.findings[0]!.at, AT)
    })
  }

  test('may be a command of a program that nothing is known of, word by word', () => {
    assert.deepEqual(judge({ cites: { page: 'keys', command: 'sha256sum -c SUMS' } }).rules, [])
    assert.deepEqual(judge({ cites: { page: 'keys', command: 'sha256sum -c' } }).rules, ['citation-command'])
  })

  test('is offered in its right spelling', () => {
    assert.equal(judge({ cites: { page: 'kesy' } }).findings[0]!.suggestion, 'keys')
    const near = judge({ cites: { page: 'keys', command: 'deployctl get <slots>' } })
    assert.equal(near.findings[0]!.suggestion, 'get <slot>')
  })

  test('need not be anything where nothing is run, or only what belongs to the operator', () => {
    assert.deepEqual(judge({}).rules, [])
    assert.deepEqual(judge({ commands: ['systemctl stop deploy'] }).rules, [])
  })

  test('turns red when a word of its page changes', () => {
    const step = { cites: { page: 'keys', command: 'get <slot>' }, commands: ['deployctl get main'] }
    assert.deepEqual(judge(step).rules, [])
    const changed = keys.commands.map(one => (one.source === 'get <slot>' ? documented('get-all <slot>', 30) : one))
    assert.deepEqual(judge(step, [{ ...keys, commands: changed }]).rules, ['citation-argv', 'citation-command'])
  })
})
