import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { repositoryFiles } from '../src/adapters/repository-files.ts'
import type { Finding } from '../src/docs/finding.ts'
import { findCoverage } from '../src/docs/judge/coverage.ts'
import { judgePage } from '../src/docs/judge/judge.ts'
import { readPage } from '../src/docs/page/read-page.ts'
import { checkFiles } from '../src/docs/references/check-files.ts'
import { checkJsonPaths } from '../src/docs/references/check-json-paths.ts'
import { type Forbidden, findForbidden } from '../src/docs/references/forbidden.ts'
import type { CommandTree } from '../src/docs/tree/tree.ts'
import { octos } from './testdata/docs-drift/octos/tree.ts'
import { vibe } from './testdata/docs-drift/vibe/tree.ts'

/** What a page said that was true once, and what a check makes of it. */
type Drift = { readonly says: string } & (
  | { readonly found: readonly string[] }
  /** Why no check of commands, flags, paths and fragments can see it. */
  | { readonly outOfReach: string }
)

const BEHAVIOUR = 'it is about what the program does when it runs: a runbook can prove it, no reading can'
const STORAGE = 'it is about where the program keeps things, in prose that names no path'

const FORBIDDEN: Readonly<Record<string, readonly Forbidden[]>> = {
  octos: [
    { fragment: 'Library/LaunchAgents', reason: 'it is a system daemon' },
    { fragment: 'launchctl load', reason: 'it is a system daemon' },
    { fragment: 'systemctl --user', reason: 'it is a unit of the system' },
    { fragment: 'journalctl --user', reason: 'it is a unit of the system' },
    { fragment: '~/.octos/serve.log', reason: 'logs lie below the data directory, one a day' },
    { fragment: '8080', reason: 'the port is 50080' },
    { fragment: '~/.octos/auth.json', reason: 'it lies in the configuration directory' },
  ],
  octipus: [],
  vibe: [{ fragment: 'secrets.encrypted', reason: 'no version reads such a file' }],
}

const ROWS: Readonly<Record<string, readonly Drift[]>> = {
  octos: [
    { says: 'the script that deploys', found: ['10:1 file-missing'] },
    {
      says: 'a launch agent of the user',
      found: ['13:35 forbidden-fragment', '16:1 forbidden-fragment', '16:18 forbidden-fragment'],
    },
    { says: 'a unit of the user', found: ['22:1 forbidden-fragment', '23:1 forbidden-fragment'] },
    { says: 'the port', found: ['29:37 forbidden-fragment', '30:23 forbidden-fragment'] },
    { says: 'where the log is', found: ['31:9 forbidden-fragment'] },
    { says: 'where sign-ins are kept', found: ['35:66 forbidden-fragment'] },
    { says: 'that Linux has plaintext variables only', outOfReach: STORAGE },
    { says: 'that an account is the name of a variable', outOfReach: STORAGE },
    { says: 'that logs show references only, and values are in memory for a moment', outOfReach: BEHAVIOUR },
    {
      says: 'which commands there are',
      found: [
        ...['auth set-key', 'auth keys', 'auth remove-key', 'auth unlock'].map(
          name => `40:4 command-undocumented ${name}`,
        ),
        ...['admin reset-token', 'doctor', 'update'].map(name => `1:1 command-undocumented ${name}`),
      ],
    },
  ],
  octipus: [
    { says: 'that a hook has a pattern of tools', found: ['6:43 json-path-unknown'] },
    {
      says: 'what the list of who may use a credential is called',
      found: ['9:39 json-path-unknown'],
    },
    {
      says: 'that hooks run before and after a tool',
      outOfReach:
        'tool_pre and tool_post are values, and a sample shows one value of many; a schema of the hook would have to be given',
    },
    { says: 'that a hook which fails keeps the call from being made', outOfReach: BEHAVIOUR },
    { says: 'that a question is refused when nobody answers in time', outOfReach: BEHAVIOUR },
    { says: 'that a mistyped rule is reported', outOfReach: BEHAVIOUR },
    { says: 'what the defaults deny', outOfReach: 'it counts rules in prose; nothing in it is code' },
    { says: 'that a rotation is audited', outOfReach: BEHAVIOUR },
    { says: 'by which request rules are set', outOfReach: 'routes of an API are not held against the server' },
  ],
  vibe: [
    { says: 'that a package brings encrypted secrets', found: ['17:42 forbidden-fragment'] },
    { says: 'that a secret belongs to one instance', outOfReach: STORAGE },
    { says: 'that secrets go when the instance goes', outOfReach: BEHAVIOUR },
    { says: 'that five wrong passwords lock it', outOfReach: BEHAVIOUR },
    { says: 'that logs lose known names', outOfReach: BEHAVIOUR },
    { says: 'that no snapshot holds a value', outOfReach: BEHAVIOUR },
    { says: 'that only the service which asks gets a value', outOfReach: BEHAVIOUR },
    { says: 'that secrets may be mounted as files', outOfReach: 'the page names no member and no path for it' },
  ],
}

function check(name: string, tree: CommandTree | undefined, documents: readonly string[]): string[] {
  const folder = `test/testdata/docs-drift/${name}`
  const bytes = readFileSync(`${folder}/page.md`)
  const page = readPage('page.md', bytes)
  const trees = tree === undefined ? [] : [tree]
  const { judged, commands, findings } = judgePage(page, trees, { programs: [] })
  const samples = documents.map(document => {
    const value: unknown = JSON.parse(readFileSync(`${folder}/${document}.json`, 'utf8'))
    return { name: document, form: 'sample', value } as const
  })
  const found = [
    ...page.problems,
    ...findings,
    ...checkFiles(page, 'page.md', commands, repositoryFiles(folder)).findings,
    ...checkJsonPaths(page, commands, samples).findings,
    ...findForbidden('page.md', bytes.toString(), FORBIDDEN[name]!),
    ...(name === 'octos' ? undocumented(trees, judged) : []),
  ]
  return found.map(told)
}

function undocumented(trees: readonly CommandTree[], judged: ReturnType<typeof judgePage>['judged']): Finding[] {
  const { findings } = findCoverage({ trees, judged, exercised: null, pages: ['page.md'], all: true })
  return findings.filter(({ rule }) => rule === 'command-undocumented')
}

function told({ rule, at, message, suggestion }: Finding): string {
  const command = rule === 'command-undocumented' ? ` ${/octos ([\w -]*\w)/.exec(message)?.[1]}` : ''
  return `${at.line}:${at.column} ${rule}${command}${suggestion === undefined ? '' : ` => ${suggestion}`}`
}

describe('documentation that its program has left behind', () => {
  const pages = [
    ['octos', octos, []],
    ['octipus', undefined, ['hook', 'vault']],
    ['vibe', vibe, ['manifest']],
  ] as const
  for (const [name, tree, documents] of pages) {
    const rows = ROWS[name]!
    test(`of ${name} is found out wherever a page can show it, and nothing else is`, t => {
      const expected = rows.flatMap(row => ('found' in row ? row.found : []))
      assert.deepEqual(check(name, tree, documents).sort(), expected.toSorted())
      const beyond = rows.filter(row => 'outOfReach' in row)
      t.diagnostic(`${rows.length - beyond.length} of ${rows.length} found`)
      for (const row of beyond) if ('outOfReach' in row) t.diagnostic(`out of reach: ${row.says}: ${row.outOfReach}`)
    })
  }
})
