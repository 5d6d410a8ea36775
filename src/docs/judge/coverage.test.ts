import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readPage } from '../page/read-page.ts'
import { type Exercised, findCoverage } from './coverage.ts'
import { judgePage } from './judge.ts'
import { smallTree } from './testdata/small-tree.ts'

const TREE = smallTree('tool', {
  options: ['-V, --version', '--base-url <url>'],
  commands: {
    help: {},
    runs: {
      options: ['--base-url <url>'],
      commands: {
        get: { args: ['<id>'], options: ['--base-url <url>', '--wait', '--as <json|text>'] },
        list: { options: ['--base-url <url>'] },
      },
    },
    doctor: {
      commandRequired: false,
      options: ['--base-url <url>', '--deep'],
      commands: { routes: { options: ['--base-url <url>'] } },
    },
    drop: { args: ['<id>'], options: ['--base-url <url>', '--force'] },
  },
})

const PAGE = `# Runs

\`\`\`sh
tool runs get run-1 --as json --base-url http://127.0.0.1:1
tool doctor routes
\`\`\`
`

const place = (file: string) => ({ file, line: 7, column: 1, endLine: 7, endColumn: 2 })
const runs = (...argv: readonly string[]): Exercised => ({ argv, by: 'drill', at: place('runbooks/drill.ts') })

function cover(page: string, exercised: readonly Exercised[] | null, all = true) {
  const { judged } = judgePage(readPage('docs/a.md', Buffer.from(page)), [TREE], { programs: ['tool'] })
  const coverage = findCoverage({ trees: [TREE], judged, exercised, pages: ['docs/a.md', 'docs/b.md'], all })
  const told = coverage.findings.map(
    ({ rule, severity, at, message }) => `${severity} ${at.file}:${at.line} ${rule} ${message}`,
  )
  return { told, program: coverage.programs[0]! }
}

describe('coverage', () => {
  test('tells commands and options that no page has, where a reader would add them', () => {
    assert.deepEqual(cover(PAGE, null).told, [
      'warning docs/a.md:4 command-undocumented no page documents tool runs list',
      'warning docs/a.md:5 command-undocumented no page documents tool doctor',
      'warning docs/a.md:1 command-undocumented no page documents tool drop',
      'warning docs/a.md:4 flag-undocumented no page documents --wait of tool runs get',
    ])
  })

  test('counts an option that holds everywhere once, and neither help nor version', () => {
    const { program } = cover(PAGE, null)
    assert.deepEqual(program, {
      program: 'tool',
      commands: { of: 5, covered: 2 },
      flags: { of: 3, covered: 2 },
      exercised: null,
    })
    const without = cover('```sh\ntool runs list\ntool doctor routes\n```\n', null)
    assert.deepEqual(without.program.flags, { of: 1, covered: 0 })
    assert.deepEqual(
      without.told.filter(one => one.includes('flag-')),
      ['warning docs/a.md:1 flag-undocumented no page documents --base-url of tool'],
    )
  })

  test('tells nothing of a program that is documented whole', () => {
    const whole = `${PAGE}\n\`\`\`sh\ntool runs list\ntool runs get r --wait\ntool doctor --deep\ntool drop x --force\n\`\`\`\n`
    const { told, program } = cover(whole, null)
    assert.deepEqual(told, [])
    assert.equal(program.commands.covered, program.commands.of)
    assert.equal(program.flags.covered, program.flags.of)
  })

  test('tells what is documented and no runbook runs', () => {
    const { told, program } = cover(PAGE, [runs('/opt/bin/tool', '--base-url', '<url>', 'runs', 'get', '<run-id>')])
    assert.deepEqual(
      told.filter(one => one.includes('unexercised')),
      ['warning docs/a.md:5 command-unexercised no runbook runs tool doctor routes'],
    )
    assert.deepEqual(program.exercised, { of: 2, covered: 1 })
  })

  test('tells each command that a runbook runs and no page has, once, at the runbook', () => {
    const exercised = [
      runs('tool', 'drop', 'x'),
      runs('tool', 'drop', '<id>', '--force'),
      runs('tool', 'runs', 'get', 'r'),
    ]
    const expected = ['error runbooks/drill.ts:7 runbook-undocumented drill runs tool drop, which no page documents']
    assert.deepEqual(cover(PAGE, exercised, false).told, expected)
    assert.ok(cover(PAGE, exercised, true).told.includes(expected[0]!))
  })

  test('leaves commands of other programs alone', () => {
    assert.deepEqual(cover(PAGE, [runs('tar', 'drop'), runs()], false).told, [])
  })

  test('has every command to tell when no page has any', () => {
    const { told, program } = cover('Nothing here.\n', null)
    assert.equal(told.length, 5)
    assert.ok(told.every(one => one.includes('docs/a.md:1 command-undocumented')))
    assert.deepEqual(program.commands, { of: 5, covered: 0 })
    assert.deepEqual(program.flags, { of: 0, covered: 0 })
  })
})
