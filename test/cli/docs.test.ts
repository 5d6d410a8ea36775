import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { withoutBwrap } from '../../src/adapters/programs/testdata/without-bwrap.ts'
import type { DocsCheckFlags } from '../../src/cli/commands/docs.ts'
import { docsResult } from '../../src/cli/docs/check-docs.ts'
import type { CheckedDocument } from '../../src/docs/report/schema.ts'
import { deployctl } from '../../src/docs/testdata/deployctl.ts'
import { writeTree } from '../../src/docs/tree/saved.ts'
import { processesNaming, untilEmpty } from '../leftovers.ts'
import { Site, type Started } from './launch.ts'
import { sarifProblems } from './sarif.ts'

const site = new Site()
const PAGES = path.join(site.root, 'pages')

function written(name: string, content: string | Uint8Array): string {
  const file = path.join(PAGES, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, content)
  return name
}

const fence = (...lines: readonly string[]) => `# Deploy\n\n\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`
const TREE = written('trees/deployctl.json', writeTree(deployctl()))
const good = written('good.md', fence('deployctl push web --wait'))
const bad = written('bad.md', fence('deployctl push web --wiat', 'curl -fsS http://127.0.0.1/ready'))

const FLAGS: DocsCheckFlags = {
  program: [],
  binary: [],
  tree: [TREE],
  sample: [],
  schema: [],
  config: false,
  failOn: 'error',
}

/** What the command prints, without a process of its own. */
const check = (words: readonly string[], flags: Partial<DocsCheckFlags> = {}, env: NodeJS.ProcessEnv = {}) =>
  docsResult(words, { ...FLAGS, ...flags }, { cwd: PAGES, env })

const run = (...words: readonly string[]) => site.run(['docs', 'check', ...words], { cwd: PAGES })

describe('runproof docs check', () => {
  test('as a user runs it says where, what, what instead and why, and ends with 1', async () => {
    const { status, stdout, stderr } = await run(bad, good, '--tree', TREE)
    assert.deepEqual([status, stderr], [1, ''])
    assert.equal(
      stdout,
      `bad.md
bad.md:4:20 error unknown-flag deployctl push has no option \`--wiat\`
     4 | deployctl push web --wiat
       |                    ^^^^^^
    did you mean --wait?
    The program refuses the whole command line for one flag it does not know.

judged
  deployctl 1.4.0: 2 commands on 2 pages
    by the tree saved in trees/deployctl.json
  code in prose on 2 pages was read as commands of deployctl, which they run
  themselves
not judged (--verbose lists each)
  1 × there is no command tree of … (curl), as bad.md:5
2 pages, 3 commands, 2 judged, 1 not judged: 1 error, 0 warnings, 0 ignored
`,
    )
  })

  test('passes what is right, and fails for a warning only when that was asked for', async () => {
    const odd = written('odd.md', `${fence('deployctl push web')}\nstale entries\n`)
    const config = written('unused.json', ignoring({ rule: 'unknown-flag', expires: '2999-12-31' }))
    assert.equal((await check([good, odd], { config })).exitCode, 0)
    assert.equal((await check([good, odd], { config, failOn: 'warning' })).exitCode, 1)
  })

  test('without a program reads pages, says which programs they name, and gives no verdict', async () => {
    const { exitCode, text } = await check([bad], { tree: [] })
    assert.equal(exitCode, 3)
    assert.match(
      text,
      /\n {2}nothing: no program was given\. Name one by --binary, or its saved command tree\n {2}by --tree\.\n/,
    )
    assert.match(text, /commands were found of deployctl \(1\), curl \(1\)/)
    assert.match(text, /\nno command was judged: no program was given\n$/)
  })

  test('lists each piece of code that was not judged when asked, else how many', async () => {
    assert.match((await check([bad], { verbose: true })).text, /\n {4}bad\.md:5:1 curl -fsS http/)
  })

  test('lists so many reasons as anybody reads, and says how many more there are', async () => {
    const shells = ['fish', 'powershell', 'pwsh', 'cmd', 'bat', 'nu', 'csh', 'tcsh', 'elvish', 'xonsh']
    const text = shells.map(shell => `\`\`\`${shell}\nx\n\`\`\`\n`).join('\n')
    const page = written('shells.md', `${fence('deployctl push web')}\n${text}`)
    const lines = (await check([page])).text.split('\n')
    assert.equal(lines.filter(line => /^ {2}1 × a fence of/.test(line)).length, 8)
    assert.equal(
      lines[lines.indexOf('  2 × for 2 other reasons') + 1]?.includes('0 and 10 other pieces of code not judged:'),
      true,
    )
    const all = (await check([page], { verbose: true })).text
    assert.ok(shells.every(shell => all.includes(`a fence of ${shell}:`)))
  })

  test('gives no verdict where nothing is known of one program, though another one was judged', async () => {
    const { root, ...rest } = deployctl()
    const nothing = { ...root, name: 'other', options: [], optionsKnown: false, args: null, commands: [], groups: [] }
    const silent = { ...nothing, commandsKnown: false, commandRequired: false }
    const other = written('silent/other.json', writeTree({ ...rest, program: 'other', root: silent }))
    const tree = [TREE, other].map(file => path.join(PAGES, file))
    const both = written('both.md', fence('deployctl push web', 'other push web'))
    const { text, exitCode } = await check([both], { tree })
    assert.equal(exitCode, 3)
    assert.match(text, /\nno command of other was judged: too little is known of it\n$/)
    assert.equal((await check([good], { tree })).exitCode, 0)
    assert.equal((await check([both, bad], { tree })).exitCode, 1)
  })

  test('tells what was judged in part apart from what was not judged', async () => {
    const { root, ...rest } = deployctl()
    const commands = root.commands.map(one => (one.name === 'push' ? { ...one, args: null } : one))
    const tree = written('trees/part.json', writeTree({ ...rest, root: { ...root, commands } }))
    const page = written('part.md', fence('deployctl push web', 'curl x'))
    const { text, exitCode } = await check([page], { tree: [path.join(PAGES, tree)] })
    assert.equal(exitCode, 0)
    assert.match(
      text,
      /\njudged in part .*\n {2}1 × the help of deployctl push does not say[\s\S]*\nnot judged .*\n {2}1 × there/,
    )
    assert.match(text, /, 2 commands, 1 judged \(1 in part\), 1 not judged:/)
    const { unjudged } = JSON.parse((await check([page], { tree: [path.join(PAGES, tree)], json: true })).text)
    assert.deepEqual(
      unjudged.map((one: { partly: boolean }) => one.partly),
      [true, false],
    )
  })

  test('for GitHub says as an error that nothing was judged', async () => {
    const { text, exitCode } = await check([bad], { tree: [], format: 'github' })
    assert.equal(exitCode, 3)
    assert.match(text, /\n::error title=runproof docs check::no command was judged, so nothing is known of them/)
  })

  test('keeps to 80 columns but for places and messages, whatever a page says', async () => {
    const page = written('wide.md', fence(`deployctl push web --wiat ${'x'.repeat(400)}`, `${'curl '.repeat(50)}`))
    const { text } = await check([page])
    const long = text.split('\n').filter(line => line.length > 80 && !/^\S+:\d+:\d+ /.test(line))
    assert.deepEqual(long, [])
  })

  test('cannot be made to act on a terminal by what a page says', async () => {
    const page = written('acting.md', fence('deployctl push web --wi\u001b[2Jat', 'deployctl p\u202eush'))
    for (const format of ['pretty', 'github', 'json', 'sarif'] as const) {
      const { text } = await check([page], { format, verbose: true })
      assert.ok(!text.includes('\u001b'), format)
    }
    assert.ok(!(await check([page])).text.includes('\u202e'))
  })
})

describe('the result of runproof docs check', () => {
  const schema = JSON.parse(
    readFileSync(path.resolve(import.meta.dirname, '../../reports/schema/docs-check-1.json'), 'utf8'),
  )
  const validate = new Ajv2020({ strict: true }).compile<CheckedDocument>(schema)
  const config = written('some.json', ignoring({ rule: 'unknown-flag', expires: '2999-12-31' }))

  test('as JSON is a document of the published schema, and any other is not', async () => {
    const known = [{}, { config }, { tree: [] }, { coverage: true }]
    for (const flags of known) {
      const document = JSON.parse((await check([bad, good], { json: true, ...flags })).text)
      assert.ok(validate(document), JSON.stringify(validate.errors))
      assert.equal(document.schema, 'runproof-docs-check-1')
      for (const name of Object.keys(document)) {
        const without = Object.fromEntries(Object.entries(document).filter(([one]) => one !== name))
        assert.ok(!validate(without), `${name} may be left out`)
        assert.ok(!validate({ ...document, [name]: { odd: 1 } }), `${name} may be anything`)
      }
      for (const list of ['pages', 'programs', 'findings', 'commands', 'unjudged'] as const) {
        if (document[list].length === 0) continue
        const [first, ...more] = document[list]
        assert.ok(!validate({ ...document, [list]: [{ ...first, odd: 1 }, ...more] }), `${list} may have a member more`)
      }
    }
  })

  test('as JSON has the findings, what was judged by what, and each command that was not', async () => {
    const { findings, programs, unjudged, commands, exitCode } = JSON.parse((await check([bad], { json: true })).text)
    assert.deepEqual(findings, [
      {
        rule: 'unknown-flag',
        severity: 'error',
        at: { file: 'bad.md', line: 4, column: 20, endLine: 4, endColumn: 26 },
        message: 'deployctl push has no option `--wiat`',
        suggestion: '--wait',
        command: 'deployctl push web --wiat',
        ignored: null,
      },
    ])
    assert.deepEqual([programs[0].program, programs[0].tree, programs[0].binary], ['deployctl', TREE, null])
    assert.deepEqual(
      commands.map((one: { judged: unknown }) => one.judged !== null),
      [true, false],
    )
    assert.deepEqual([unjudged.length, unjudged[0].at.line, exitCode], [1, 5, 1])
  })

  test('as SARIF is valid, with regions, fixes and a suppression for what is ignored', async () => {
    for (const flags of [{}, { config }]) {
      const log = JSON.parse((await check([bad], { format: 'sarif', ...flags })).text)
      assert.deepEqual(sarifProblems(log), [])
      const [result] = log.runs[0].results
      assert.deepEqual(result.locations[0].physicalLocation.region, {
        startLine: 4,
        startColumn: 20,
        endLine: 4,
        endColumn: 26,
        snippet: { text: 'deployctl push web --wiat' },
      })
      const [replacement] = result.fixes[0].artifactChanges[0].replacements
      assert.deepEqual(replacement.insertedContent, { text: '--wait' })
      assert.equal(result.suppressions.length, 'config' in flags ? 1 : 0)
    }
  })

  test('for GitHub is the report, which the runner takes no command from, and annotations', async () => {
    const page = written('commands.md', fence('deployctl push web --wiat # ::error::planted', '::stop-commands::x'))
    const { text } = await check([page], {}, { GITHUB_ACTIONS: 'true' })
    const [first, ...lines] = text.trimEnd().split('\n')
    const [, word] = /^::stop-commands::([\w-]{36})$/.exec(first!) ?? []
    assert.ok(word)
    const end = lines.indexOf(`::${word}::`)
    assert.ok(lines.slice(0, end).some(line => line.includes('unknown-flag')))
    const after = lines.slice(end + 1)
    assert.ok(
      after.includes(
        '::error file=commands.md,line=4,endLine=4,col=20,endColumn=26,title=unknown-flag::deployctl push has no option `--wiat`%0Adid you mean --wait?',
      ),
      after.join('\n'),
    )
    assert.notEqual((await check([page], {}, { GITHUB_ACTIONS: 'true' })).text.split('\n')[0], first)
    for (const flags of [{ format: 'pretty' }, { output: 'x' }] as const)
      assert.doesNotMatch((await check([page], flags, { GITHUB_ACTIONS: 'true' })).text, /^::/m)
  })

  test('for GitHub has no more annotations than it shows, and says how many there are', async () => {
    const page = written(
      'many.md',
      fence(...Array.from({ length: 25 }, (_, index) => `deployctl push web --odd-${index}`)),
    )
    const { text } = await check([page], { format: 'github' })
    const errors = text.split('\n').filter(line => line.startsWith('::error '))
    assert.equal(errors.length, 10)
    assert.equal(errors.at(-1), '::error title=16 more::many.md: 16')
  })

  test('is written to a private file when one is named', async () => {
    const output = path.join(site.root, 'result.json')
    const { status, stdout } = await run(good, '--tree', TREE, '--json', '--output', output)
    assert.deepEqual([status, stdout], [0, ''])
    assert.equal(JSON.parse(readFileSync(output, 'utf8')).schema, 'runproof-docs-check-1')
    assert.equal(statSync(output).mode & 0o777, 0o600)
  })
})

function ignoring(entry: Readonly<Record<string, string>>): string {
  return JSON.stringify({ docs: { ignore: [{ reason: 'in 2.0', ...entry }] } })
}

describe('a configuration', () => {
  test('says which programs, trees and text there are; flags go before it', async () => {
    const config = written(
      'sub/runproof.config.json',
      JSON.stringify({
        docs: {
          programs: ['deployctl'],
          trees: ['../trees'],
          forbidden: [{ fragment: 'web', reason: 'it is a site' }],
        },
      }),
    )
    const prose = written('prose.md', 'Then `push web`, and `push --wiat`.\n')
    const { exitCode, text } = await check([prose], { config, tree: [] })
    assert.equal(exitCode, 1)
    assert.match(text, /prose\.md:1:12 error forbidden-fragment "web" must not occur: it is a site/)
    assert.match(text, /error unknown-flag deployctl push has no option `--wiat`/)
    await assert.rejects(check([prose], { config, tree: [], program: ['other'] }), {
      code: 'USAGE',
      message: '--program: there is no command tree of other, only of deployctl',
    })
  })

  test('is found above the working directory; an entry that has expired fails, and is shown where it stands', async () => {
    const directory = path.join(site.root, 'project/docs')
    mkdirSync(directory, { recursive: true })
    writeFileSync(path.join(directory, 'a.md'), readFileSync(path.join(PAGES, bad)))
    writeFileSync(path.join(directory, '../tree.json'), writeTree(deployctl()))
    const text = `{"docs": {"trees": ["tree.json"],\n  "ignore": [\n    {"page": "docs/*.md", "reason": "in 2.0", "expires": "2020-02-29"}]}}`
    writeFileSync(path.join(directory, '../runproof.config.json'), text, { mode: 0o600 })
    const { exitCode, text: shown } = await docsResult(
      ['a.md'],
      { ...FLAGS, tree: [], config: true },
      { cwd: directory, env: {} },
    )
    assert.equal(exitCode, 1)
    assert.match(
      shown,
      /runproof\.config\.json:3:5 error ignore-expired .* docs\/\*\.md \(in 2\.0\) held until 2020-02-29/,
    )
    assert.match(shown, /a\.md:4:20 error unknown-flag /)
  })
})

describe('what is wrong with the call ends with 2 and says why', () => {
  const cases: readonly (readonly [title: string, words: readonly string[], message: RegExp])[] = [
    ['no page', [], /missing required argument 'page'/],
    ['a flag that is none', [good, '--tere', TREE], /unknown option '--tere'/],
    ['a page that is not there', ['none.md'], /there is no none\.md/],
    ['a pattern that matches nothing', ['*.rst'], /nothing matches \*\.rst/],
    ['a directory without trees', [good, '--tree', '.git-like'], /there is no tree below/],
    ['a format that is none', [good, '--format', 'xml'], /Allowed choices are pretty, json, sarif, github/],
  ]
  mkdirSync(path.join(PAGES, '.git-like'))
  for (const [title, words, message] of cases)
    test(title, async () => {
      const { status, stdout, stderr } = await run(...words)
      assert.deepEqual([status, stdout], [2, ''], stderr)
      assert.match(stderr, message)
    })

  test('two trees of one program', async () => {
    const other = written('other/deployctl.json', writeTree(deployctl()))
    await assert.rejects(
      check([good], { tree: [TREE, other] }),
      /there are two trees of deployctl: trees\/deployctl\.json and other\/deployctl\.json/,
    )
  })
})

test('what runbooks run and no page says is an error where the runbook has it', async () => {
  const tree = path.resolve(import.meta.dirname, '../../fixtures/docs/kheish-daemon')
  const page = written('daemon.md', fence('kheish-daemon doctor routes --check-auth'))
  const { exitCode, text } = await check([page], { tree: [tree], runbooks: true, format: 'json' })
  const { findings, coverage } = JSON.parse(text)
  const found = findings.filter(({ rule }: { rule: string }) => rule === 'runbook-undocumented')
  assert.ok(
    found.some(({ message }: { message: string }) => / runs kheish-daemon runs get, which no page /.test(message)),
  )
  assert.ok(!found.some(({ message }: { message: string }) => /doctor routes/.test(message)))
  for (const { at } of found) assert.match(at.file, /^(runbooks|smoke)\/.*\.ts$/)
  assert.deepEqual([exitCode, coverage], [1, null])
})

test('a directory of trees gives the newest version of each program', async () => {
  for (const version of ['1.9.0', '1.10.0', '1.10.0-rc.1', '1.2.0'])
    written(`versions/deployctl/${version}.json`, writeTree(deployctl({ version })))
  const { text } = await check([good], { tree: ['versions'] })
  assert.match(text, /by the tree saved in versions\/deployctl\/1\.10\.0\.json/)
})

describe('a page that nobody should have written', () => {
  const RTL = '\u202eabc\u202c'
  const cases: readonly (readonly [
    title: string,
    content: string | Uint8Array,
    rule: string | undefined,
    place: string,
  ])[] = [
    ['has a fence without an end', '# A\n\n```sh\ndeployctl push web\n', 'fence-unclosed', '3:'],
    ['has a quote without an end', fence('deployctl push "web'), 'shell-syntax', '4:'],
    ['is binary rubbish', Uint8Array.from({ length: 5000 }, (_, index) => (index * 151) % 256), 'page-not-text', '1:'],
    [
      'has CRLF, a mark of its byte order and tabs',
      `\uFEFF${fence('\tdeployctl push web\t--wiat').replaceAll('\n', '\r\n')}`,
      'unknown-flag',
      '4:21',
    ],
    ['has emoji and text from right to left', fence(`deployctl push "🙂${RTL}" --wiat`), 'unknown-flag', '4:'],
    ['is empty', '', undefined, ''],
  ]
  for (const [title, content, rule, place] of cases)
    test(`that ${title} is told at its place, beside a page that is judged`, async () => {
      const page = written(`odd/${title.replaceAll(/\W+/g, '-')}.md`, content)
      const { text, exitCode } = await check([good, page], { format: 'json' })
      const { findings, pages } = JSON.parse(text)
      assert.equal(pages.length, 2)
      if (rule === undefined) assert.deepEqual([exitCode, findings], [0, []])
      else {
        const [found] = findings.filter((one: { rule: string }) => one.rule === rule)
        assert.ok(found, text)
        assert.ok(`${found.at.line}:${found.at.column}`.startsWith(place), JSON.stringify(found.at))
        assert.equal(exitCode, 1)
      }
    })

  test('that has a line of 50 MiB ends soon', { timeout: 30_000 }, async () => {
    const page = written('odd/line.md', `${'`deployctl push` '.repeat(4)}${'x'.repeat(50 << 20)}\n`)
    const { text } = await check([good, page])
    assert.match(text, /2 pages/)
    assert.ok(text.length < 100_000)
  })

  test('that is a pipe, a link to itself or a link to nothing is a finding, and nothing hangs', async () => {
    mkdirSync(path.join(PAGES, 'traps'))
    spawnSync('mkfifo', [path.join(PAGES, 'traps/pipe.md')])
    symlinkSync('self.md', path.join(PAGES, 'traps/self.md'))
    symlinkSync('nowhere', path.join(PAGES, 'traps/nowhere.md'))
    symlinkSync('..', path.join(PAGES, 'traps/up'))
    const { text, exitCode } = await check([good, 'traps'], { format: 'json' })
    const { findings, unjudged } = JSON.parse(text)
    assert.equal(exitCode, 1)
    assert.deepEqual(
      findings.map(({ rule, at }: { rule: string; at: { file: string } }) => `${rule} ${at.file}`),
      ['page-unreadable traps/nowhere.md', 'page-unreadable traps/pipe.md', 'page-unreadable traps/self.md'],
    )
    assert.match(unjudged.find((one: { source: string }) => one.source === 'traps/up').why, /a link to a directory/)
  })
})

describe('a program that is asked', () => {
  const program = (name: string, ...lines: readonly string[]) => {
    const file = path.join(PAGES, written(`bin/${name}`, `#!/bin/sh\n${lines.join('\n')}\n`))
    spawnSync('chmod', ['755', file])
    return file
  }
  const HELP = `cat <<'END'
A tool

Usage: asked [OPTIONS] <COMMAND>

Commands:
  push  Push it
  help  Print this message

Options:
  -h, --help  Print help
END`

  test('gives the tree that pages are judged by, and is told with what held it', async () => {
    const file = program('asked', 'case "$*" in push*) echo "Usage: asked push"; exit 0;; esac', HELP)
    const page = written('asked.md', fence('asked push', 'asked psuh'))
    const { exitCode, text } = await check([page], { tree: [], binary: [file] })
    assert.equal(exitCode, 1, text)
    assert.match(text, /unknown-command .*psuh/)
    assert.match(text, /asked \(sha256 [0-9a-f]{12}\): 2 commands on 1 page\n {4}by\s+\S+\/bin\/asked,\s+asked/)
  })

  test('is not asked again while its file is the same', { skip: withoutBwrap }, async () => {
    const page = written('tar.md', fence('tar --list'))
    const env = { XDG_CACHE_HOME: path.join(site.root, 'cache') }
    assert.match((await check([page], { tree: [], binary: ['tar'] }, env)).text, /\/tar, asked now in a sandbox/)
    assert.match((await check([page], { tree: [], binary: ['tar'] }, env)).text, /\/tar, asked before in a sandbox/)
  })

  test('that is not there, or given twice, is an error that names it', async () => {
    await assert.rejects(check([good], { binary: ['./bin/none'] }), /bin\/none/)
    await assert.rejects(check([good], { binary: ['a=/bin/true', 'a=/bin/false'] }), /a was given twice/)
    await assert.rejects(check([good], { binary: [' '] }), /a path is missing/)
  })

  test('and hangs is left at the first signal: exit 130, and nothing of it is left', async () => {
    const file = program('hangs', 'exec sleep 987654')
    const started = site.start(['docs', 'check', good, '--binary', file], { cwd: PAGES })
    await sleeping(started)
    started.child.kill('SIGINT')
    const { status, stderr } = await started.ended
    assert.equal(status, 130, stderr)
    assert.match(stderr, /interrupted/)
    assert.deepEqual(await untilEmpty(asleep, 3_000), [])
  })

  test('is saved by docs tree, and pages are judged by that as by itself', async () => {
    const file = program('saved', 'case "$*" in push*) echo "Usage: saved push"; exit 0;; esac', HELP)
    const output = path.join(PAGES, 'saved.json')
    const { status, stdout, stderr } = await site.run(['docs', 'tree', '--binary', file, '--output', output])
    assert.deepEqual([status, stdout], [0, ''], stderr)
    assert.equal(statSync(output).mode & 0o777, 0o644)
    const page = written('saved.md', fence('saved push'))
    assert.match((await check([page], { tree: ['saved.json'] })).text, /saved \(sha256 \w+\): 1 command on 1 page/)
  })
})

const asleep = () => processesNaming('sleep 987654')

/** Settles when it sleeps; a run that ends before that is an error. */
async function sleeping({ ended }: Started): Promise<void> {
  let over = false
  ended.finally(() => {
    over = true
  })
  while (asleep().length === 0) {
    if (over) throw new Error(`it ended: ${(await ended).stderr}`)
    await setTimeout(50)
  }
}
