import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readPage } from '../page/read-page.ts'
import { judgePage } from './judge.ts'
import { smallTree } from './testdata/small-tree.ts'
import type { Verdict } from './verdict.ts'

const GLOBAL = ['--base-url <url>', '--output <pretty|json>1', '-v, --verbose*']
const TREE = smallTree('deployctl', {
  options: GLOBAL,
  commands: {
    status: { options: GLOBAL },
    doctor: {
      options: [...GLOBAL, '--origin <origin>'],
      commandRequired: false,
      commands: { routes: { options: [...GLOBAL, '--check-auth', '--route <id>*', '--after-ms <ms>'] } },
    },
    runs: {
      aliases: ['run'],
      options: GLOBAL,
      commands: {
        list: { options: [...GLOBAL, '--session-id <id>', '--state <queued|done|failed>'] },
        get: { aliases: ['show'], options: GLOBAL, args: ['<RUN_ID>'] },
        wait: { options: [...GLOBAL, '--poll-ms <ms>'], args: ['<RUN_ID>'] },
        label: { options: GLOBAL, args: ['<RUN_ID>', '<LABEL>...'] },
      },
    },
    settings: {
      options: GLOBAL,
      commands: {
        auth: { options: GLOBAL, commands: { 'revoke-slot': { options: GLOBAL, args: ['<SLOT>'] } } },
        mode: { options: GLOBAL, args: ['<default|plan|strict-mode>'] },
      },
    },
    secrets: {
      options: GLOBAL,
      commands: {
        generate: { options: GLOBAL },
        set: {
          options: [...GLOBAL, '--provider <openai|generic>!', '--stdin', '--from-file <path>', '--color[=<when>]'],
          args: ['<REF>'],
          groups: [{ options: ['--stdin', '--from-file'], required: true }],
        },
      },
    },
    exec: { options: [...GLOBAL, '--env <pair>...'], args: ['[command]...'], commands: {} },
  },
})
const OPEN = smallTree('openctl', {
  commandsKnown: false,
  commands: {
    status: { optionsKnown: false },
    plugin: { optionsKnown: false, args: null, commandsKnown: false },
    list: { args: null },
  },
})
const OTHER = smallTree('backupctl', { commands: { archive: { commands: { prune: { options: ['--keep <n>'] } } } } })

const BY_ITSELF = '---\nprogram: deployctl\n---\n'

function judge(page: string, trees = [TREE], programs: readonly string[] = []): Verdict {
  return judgePage(readPage('page.md', new TextEncoder().encode(page)), trees, { programs })
}

/** `2:5-10 unknown-flag --output`: line and columns, rule, suggestion. */
function told({ findings }: Verdict): string[] {
  return findings.map(({ rule, severity, at, suggestion }) =>
    [
      `${at.line}:${at.column}-${at.endLine === at.line ? '' : `${at.endLine}:`}${at.endColumn}`,
      rule,
      ...(severity === 'warning' ? ['(warning)'] : []),
      ...(suggestion === undefined ? [] : [`=> ${suggestion}`]),
    ].join(' '),
  )
}

const fence = (script: string) => judge(`\`\`\`sh\n${script}\n\`\`\`\n`)
const span = (text: string) => judge(`${BY_ITSELF}Text \`${text}\`.\n`)

describe('a command in a fence', () => {
  const right = [
    'deployctl status',
    'deployctl --base-url https://a.example status --output json',
    'deployctl --output=json status',
    'deployctl status -vv',
    'deployctl status -v -v --verbose',
    'deployctl run show <run_id>',
    'deployctl runs get "$RUN_ID"',
    'deployctl runs get $RUN_ID --output json',
    'deployctl runs get "$(deployctl status)"',
    'deployctl runs get -- -5',
    'deployctl runs get -5',
    'deployctl runs wait r-1 --poll-ms -1',
    'deployctl runs label r-1 one two three',
    'deployctl runs list --state "$STATE"',
    'deployctl runs list --state STATE',
    'deployctl doctor',
    'deployctl doctor routes --check-auth --route a --route b',
    'deployctl settings mode plan',
    'deployctl settings mode MODE',
    'deployctl secrets set <ref> --provider openai --stdin --color',
    'deployctl secrets set <ref> --provider=openai --from-file=key.txt --color=never',
    'deployctl secrets set [OPTIONS] <ref>',
    'deployctl secrets set "$@"',
    'deployctl secrets set --help',
    'deployctl help secrets set',
    'deployctl --help',
    'deployctl <command> --help',
    'deployctl exec --env A=1 B=2 --verbose ls',
    './target/release/deployctl status',
    '"$BIN/deployctl" status',
    'sudo -u deploy /usr/bin/deployctl status',
    'npx deployctl status',
    'docker exec box deployctl status',
    'systemctl restart deployctl',
    'deployctl runs get ID     show one of them',
    'deployctl status          what it is doing      deployctl doctor     how it is',
    'KEY=1 deployctl status | jq .health',
    'deployctl status --output json > status.json',
    'for id in a b; do\n  deployctl runs get "$id"\ndone',
  ]
  for (const script of right) test(`is right: ${script}`, () => assert.deepEqual(told(fence(script)), []))

  const wrong: readonly (readonly [script: string, ...findings: string[]])[] = [
    ['deployctl statsu', '2:11-17 unknown-command => status'],
    ['deployctl frobnicate', '2:11-21 unknown-command'],
    ['deployctl runs fetch <run_id>', '2:16-21 unknown-command'],
    ['deployctl routes --check-auth', '2:11-17 unknown-command => doctor routes'],
    ['deployctl routes doctor --check-auth', '2:11-24 unknown-command => doctor routes'],
    ['deployctl settings revoke-slot auth x', '2:20-36 unknown-command => auth revoke-slot'],
    ['deployctl help secrets sett', '2:24-28 unknown-command => set'],
    ['deployctl secrets', '2:11-18 argument-missing'],
    ['deployctl', '2:1-10 argument-missing'],
    ['deployctl status extra', '2:18-23 argument-unexpected'],
    ['deployctl doctor routes check-auth', '2:25-35 argument-unexpected => --check-auth'],
    ['deployctl statsu    what it is doing', '2:11-17 unknown-command => status'],
    ['deployctl status --wait      what it is doing', '2:18-24 unknown-flag'],
    ['deployctl runs get a b', '2:22-23 argument-unexpected'],
    ['deployctl runs get', '2:16-19 argument-missing'],
    ['deployctl runs label r-1', '2:16-21 argument-missing'],
    ['deployctl status --outptu json', '2:18-26 unknown-flag => --output'],
    ['deployctl status --outptu=json', '2:18-26 unknown-flag => --output'],
    ['deployctl status --check-auth', '2:18-30 unknown-flag'],
    ['deployctl --check-auth doctor routes', '2:11-23 unknown-flag'],
    ['deployctl status -x', '2:18-20 unknown-flag'],
    ['deployctl status -vx', '2:18-21 unknown-flag'],
    ['deployctl status --output jsno', '2:27-31 flag-value-unknown => json'],
    ['deployctl status --output=xml', '2:27-30 flag-value-unknown'],
    ['deployctl settings mode plam', '2:25-29 argument-value-unknown => plan'],
    ['deployctl status --output', '2:18-26 flag-value-missing'],
    ['deployctl status --output --verbose', '2:18-26 flag-value-missing'],
    ['deployctl status --output=', '2:18-27 flag-value-missing'],
    ['deployctl doctor routes --check-auth=yes', '2:25-41 flag-value-unexpected => --check-auth'],
    ['deployctl status --output json --output pretty', '2:32-40 flag-repeated'],
    ['deployctl secrets set r --stdin', '2:19-22 flag-missing'],
    ['deployctl secrets set r --provider openai', '2:19-22 flag-missing'],
    ['deployctl secrets set --provider openai --stdin', '2:19-22 argument-missing'],
    ['deployctl secrets set r --provider openai --stdin --from-file k', '2:51-62 flags-exclusive'],
    ['deployctl status\ndeployctl statsu', '3:11-17 unknown-command => status'],
    [
      'deployctl secrets set \\\n  --provider openai \\\n  --stdn',
      '2:19-22 argument-missing',
      '4:3-9 unknown-flag => --stdin',
    ],
    ['deployctl runs get "$(deployctl statsu)"', '2:33-39 unknown-command => status'],
    ['deploytcl status', '2:1-10 unknown-program => deployctl'],
    ['./bin/deploytcl status', '2:1-16 unknown-program => ./bin/deployctl'],
    ['docker exec box deployctl statsu', '2:27-33 unknown-command => status'],
    ['npx deployctl statsu', '2:15-21 unknown-command => status'],
  ]
  for (const [script, ...findings] of wrong)
    test(`is wrong: ${script}`, () => assert.deepEqual(told(fence(script)), findings))

  test('of a program without a tree is told', () => {
    const { findings, unjudged } = fence('curl https://a.example\ncurl https://b.example\n"$TOOL" x')
    assert.deepEqual(findings, [])
    assert.deepEqual(
      unjudged.map(({ source, why }) => [source, why]),
      [
        ['curl https://a.example', 'there is no command tree of curl'],
        ['curl https://b.example', 'there is no command tree of curl'],
        ['"$TOOL" x', '"$TOOL" is only known when it runs'],
      ],
    )
  })

  test('says where a command or an option of that name is', () => {
    assert.match(fence('deployctl routes').findings[0]!.message, /no command `routes`; there is one below `doctor`/)
    assert.match(fence('deployctl status --check-auth').findings[0]!.message, /one of `deployctl doctor routes`/)
  })

  test('is known with its path, aliases resolved, and its options', () => {
    const [judged] = fence('deployctl run show -v x --output json').judged
    assert.deepEqual(judged && [judged.program, judged.path, judged.options, judged.extent], [
      'deployctl',
      ['runs', 'get'],
      ['--verbose', '--output'],
      'whole',
    ])
  })
})

describe('a program of which not everything is known', () => {
  const cases: readonly (readonly [script: string, why: string | undefined])[] = [
    ['openctl plugin whatever --it takes', 'the commands of openctl plugin are not all known'],
    ['openctl status --what', 'the options of openctl status are not all known, --what among them'],
    ['openctl unheard-of', 'the commands of openctl are not all known'],
    ['openctl list this and that', 'the help of openctl list does not say which arguments it takes'],
    ['openctl list', undefined],
  ]
  for (const [script, why] of cases)
    test(`is judged as far as it is known: ${script}`, () => {
      const verdict = judge(`\`\`\`sh\n${script}\n\`\`\`\n`, [OPEN])
      assert.deepEqual(told(verdict), [])
      assert.deepEqual(verdict.unjudged.map(unjudged => unjudged.why).join() || undefined, why)
    })

  test('still lacks an option that no command known here has', () => {
    const verdict = judge('```sh\nopenctl list --what\n```\n`--what`\n', [OPEN])
    assert.deepEqual(told(verdict), ['2:14-20 unknown-flag'])
  })
})

describe('parsers of other kinds', () => {
  const options = ['--url <url>', '--dry-run']
  const below = { push: { options: ['--force', '--mode <fast|safe>'], args: ['<name>'] } }
  const fit = (style: 'cobra' | 'commander' | 'argparse' | 'clap') =>
    smallTree('tool', { style, options, commands: { push: { ...below.push, style } } })
  const cases: readonly (readonly [style: Parameters<typeof fit>[0], script: string, ...findings: string[]])[] = [
    ['cobra', 'tool --force push x'],
    ['cobra', 'tool --mode fast push x'],
    ['cobra', 'tool --mode push x', '2:13-17 flag-value-unknown', '2:18-19 unknown-command'],
    ['clap', 'tool --force push x', '2:6-13 unknown-flag'],
    ['commander', 'tool push x --dry-run'],
    ['commander', 'tool push x --url https://a.example'],
    ['clap', 'tool push x --dry-run', '2:13-22 unknown-flag'],
    ['argparse', 'tool push x --for'],
    ['argparse', 'tool push x --mo=safe'],
    ['clap', 'tool push x --for', '2:13-18 unknown-flag => --force'],
  ]
  for (const [style, script, ...findings] of cases)
    test(`are read as they read: ${style}: ${script}`, () =>
      assert.deepEqual(told(judge(`\`\`\`sh\n${script}\n\`\`\`\n`, [fit(style)])), findings))
})

describe('a program that takes arguments before its commands, and runs others', () => {
  const tree = smallTree('toolup', {
    args: ['[+toolchain]'],
    commandRequired: false,
    options: ['--version'],
    commands: {
      component: { commands: { add: { args: ['<name>...'] } } },
      run: { options: ['--install'], args: ['<toolchain>', '<command>...'] },
      show: {},
    },
  })
  const cases: readonly (readonly [script: string, ...findings: string[]])[] = [
    ['toolup +nightly show'],
    ['toolup +nightly component add x y'],
    ['toolup run --install nightly rustc --version -O x=y -- z'],
    ['toolup run --instal nightly rustc --version', '2:12-20 unknown-flag => --install'],
    ['toolup componnt add x', '2:8-16 unknown-command => component'],
    ['toolup +nightly shwo', '2:17-21 argument-unexpected'],
    ['toolup frobnicate', '2:8-18 unknown-command'],
    ['toolup run nightly', '2:8-11 argument-missing'],
  ]
  for (const [script, ...findings] of cases)
    test(`is read as it reads: ${script}`, () =>
      assert.deepEqual(told(judge(`\`\`\`sh\n${script}\n\`\`\`\n`, [tree])), findings))
})

describe('a page made to hurt', () => {
  const words = fc.constantFrom(
    ...[
      'deployctl',
      'deploytcl',
      'status',
      'doctor',
      'routes',
      'runs',
      'get',
      'secrets',
      'set',
      'help',
      'exec',
      'auth',
    ],
    ...[
      '--output',
      '--output=',
      '--output=json',
      '--route',
      '-v',
      '-vx',
      '-',
      '--',
      '-5',
      '--env',
      '[--wait]',
      '[OPTIONS]',
    ],
    ...[
      '<id>',
      '$ID',
      '"$@"',
      '…',
      '...',
      'ID',
      'a|b',
      "''",
      '"',
      '|',
      '&&',
      '>',
      '<command>',
      'é🚀',
      '--\u0000',
      '{x}',
    ],
  )
  test('is judged whatever stands in it, and findings lie in it', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), fc.constantFrom('fence', 'span', 'text'), (taken, kind) => {
        const line = taken.join(' ')
        const page = kind === 'fence' ? `\`\`\`sh\n${line}\n\`\`\`\n` : kind === 'span' ? `\`${line}\`\n` : `${line}\n`
        const file = kind === 'text' ? 'page.txt' : 'page.md'
        const { findings, judged } = judgePage(readPage(file, new TextEncoder().encode(page)), [TREE], {
          programs: ['deployctl'],
        })
        const lines = page.split('\n')
        for (const { at, suggestion } of findings) {
          assert.ok(at.line >= 1 && at.endLine <= lines.length, page)
          assert.ok(at.column >= 1 && at.endColumn <= lines[at.endLine - 1]!.length + 1, page)
          assert.notEqual(suggestion, lines[at.line - 1]!.slice(at.column - 1, at.endColumn - 1), page)
        }
        for (const { path } of judged) assert.ok(path.length <= 4)
      }),
      { numRuns: 500 },
    )
  })

  const cases: readonly (readonly [title: string, page: string, most: number])[] = [
    ['a word of 60 000 letters', `deployctl ${'a'.repeat(60_000)}`, 1],
    ['a flag of 60 000 letters', `deployctl status --${'a'.repeat(60_000)}`, 1],
    ['20 000 arguments', `deployctl runs get ${'a '.repeat(20_000)}`, 1],
    ['5 000 unknown flags', `deployctl status ${'--outptu x '.repeat(5_000)}`, 40],
    ['a cluster of 60 000 flags', `deployctl status -${'v'.repeat(60_000)}`, 0],
  ]
  for (const [title, script, most] of cases)
    test(`has few findings with short messages: ${title}`, () => {
      const { findings } = fence(script)
      assert.ok(findings.length <= most, `${findings.length} findings`)
      for (const { message } of findings) assert.ok(message.length < 300, message)
    })
})

describe('code in prose', () => {
  const commands = [
    'doctor routes --check-auth',
    'doctor routes',
    'runs get',
    'run show <run_id>',
    'secrets set',
    'secrets set <ref>',
    'secrets set --provider',
    'secrets set <ref> --provider openai --stdin',
    'secrets …',
    'secrets --base-url https://a.example --output json',
    'doctor … --check-auth',
    'status',
    'runs list [--session-id --state]',
    'runs list --session-id/--state',
    'deployctl runs get',
    'runs wait --poll-ms 500',
    'runs get|wait <run_id>',
    'runs get/wait <run_id>',
    'deployctl status/doctor',
    'deployctl status → ready',
    'runs get <run_id> → 404',
    'settings mode %MODE%',
    'settings mode your-mode',
    '--check-auth',
    '--output json',
    '--output=pretty',
  ]
  for (const text of commands)
    test(`is a command and right: ${text}`, () => {
      const verdict = span(text)
      assert.deepEqual(told(verdict), [])
      assert.ok(verdict.judged.length > 0)
    })

  // The text begins in column 7 of line 4.
  const wrong: readonly (readonly [text: string, ...findings: string[]])[] = [
    ['docter routes --check-auth', '4:7-13 unknown-command => doctor'],
    ['doctor ruotes --check-auth', '4:14-20 unknown-command => routes'],
    ['doctor routes --check-aut', '4:21-32 unknown-flag => --check-auth'],
    ['frobnicate routes --check-auth', '4:7-17 unknown-command'],
    ['frobnicate get <run_id>', '4:7-17 unknown-command'],
    ['frobnicate auth revoke-slot <slot>', '4:7-17 unknown-command'],
    ['routes doctor', '4:7-20 unknown-command => doctor routes'],
    ['get runs', '4:7-15 unknown-command => runs get'],
    ['runs frobnicate', '4:12-22 unknown-command'],
    ['runs get a b', '4:18-19 argument-unexpected'],
    ['runs label <run_id>', '4:12-17 argument-missing'],
    ['secrets set --provider openai --stdin', '4:15-18 argument-missing'],
    ['secrets set <ref> --stdin', '4:15-18 flag-missing'],
    ['runs get <run_id> --output', '4:25-33 flag-value-missing'],
    ['statsu', '4:7-13 unknown-command (warning) => status'],
    ['deploytcl runs get', '4:7-16 unknown-program => deployctl'],
    ['deployctl status x → ready', '4:24-25 argument-unexpected'],
    ['runs gte <run_id> → ready', '4:12-15 unknown-command => get'],
    ['deployctl runz: x', '4:17-22 unknown-command'],
    ['deployctl 1.4 runs', '4:17-20 unknown-command'],
    ['deployctl status/docter', '4:17-30 unknown-command'],
    ['deployctl runs frobnicate', '4:22-32 unknown-command'],
    ['--chek-auth', '4:7-18 unknown-flag => --check-auth'],
    ['--frobnicate', '4:7-19 unknown-flag (warning)'],
    ['--output jsno', '4:16-20 flag-value-unknown (warning) => json'],
    ['--check-auth=yes', '4:7-23 flag-value-unexpected => --check-auth'],
  ]
  for (const [text, ...findings] of wrong)
    test(`is a command and wrong: ${text}`, () => assert.deepEqual(told(span(text)), findings))

  const nothing = [
    '/v1/status',
    '.health.ok',
    'health.ok',
    'run_id',
    'connected',
    'scheduled',
    'stats',
    'https://a.example/x?y=1',
    'GET /v1/runs',
    'routes.json',
    '~/.config/deployctl/config.toml',
    'DEPLOY_TOKEN',
    'DEPLOY_TOKEN=x',
    '200',
    'exit 1',
    'secrets generate|set REF|get REF [--stdin]|delete REF',
    '{"ok": true}',
    'true',
    'state: done',
    'a → b',
    'x = 1',
    'Last-Event-ID: 5',
    'text/event-stream',
    '127.0.0.1:4000',
    'ls -l',
    'git status',
    'deployctl 1.4',
    'deployctl v2',
    'deployctl runs: no such run',
    'deployctl 1.4.0-rc.1',
    'cargo build --release',
    'kubectl get <pod>',
    'systemctl status deploy',
    'docker run --output json',
    'the runs of today',
    '-x',
    '',
    ' ',
    '$',
    '$(',
    '`',
    '🚀 launch',
    'تشغيل',
  ]
  for (const text of ['runs drop 7', 'runs drop 7 → gone'])
    test(`may be one of another program, whatever it is said to come to: ${text}`, () => {
      const other = smallTree('beta', { commands: { runs: { commands: { drop: { args: ['<RUN>'] } } } } })
      const { findings, unjudged } = judge(`${BY_ITSELF}Text \`${text}\`.\n`, [TREE, other])
      assert.deepEqual(findings, [])
      assert.deepEqual(
        unjudged.map(({ why }) => why),
        ['it is a command of beta, which the page neither declares nor runs'],
      )
    })
  for (const text of nothing)
    test(`is no command: ${text}`, () => {
      const page = text.includes('`') ? `${BY_ITSELF}Text \`\` ${text} \`\`.\n` : `${BY_ITSELF}Text \`${text}\`.\n`
      assert.deepEqual(told(judge(page)), [])
    })

  test('that goes on where another piece left off is not judged, with the reason', () => {
    const { findings, unjudged } = span('routes --check-auth')
    assert.deepEqual(findings, [])
    assert.deepEqual(
      unjudged.map(({ why }) => why),
      ['it fits below `doctor`, which it does not name'],
    )
  })

  test('is only asked for its words where it shows no argument', () => {
    assert.deepEqual(
      ['runs get', 'runs get <run_id>'].map(text => span(text).judged[0]!.extent),
      ['words', 'whole'],
    )
  })

  test('in a table and in a list stands where it stands', () => {
    const page = `${BY_ITSELF}\n| what | how |\n| --- | --- |\n| one | \`runs gte <id>\` |\n\n- first\n  - then \`doctor ruotes\`\n`
    assert.deepEqual(told(judge(page)), ['7:15-18 unknown-command => get', '10:18-24 unknown-command => routes'])
  })

  test('may be a program that is called like a command', () => {
    const { findings, unjudged } = span('doctor -x')
    assert.deepEqual(findings, [])
    assert.deepEqual(
      unjudged.map(({ why }) => why),
      ['`doctor` may be the program of that name'],
    )
  })

  test('that alone shows no argument where all others of a table do is odd', () => {
    const rows = (...cells: string[]) =>
      `${BY_ITSELF}\n| what |\n| --- |\n${cells.map(cell => `| \`${cell}\` |\n`).join('')}`
    const others = ['runs wait <id>', 'runs label <id> <label>', 'settings mode plan', 'doctor']
    assert.deepEqual(told(judge(rows('runs get', ...others))), ['7:9-12 argument-missing (warning)'])
    assert.deepEqual(told(judge(rows('runs get', ...others.slice(2)))), [])
    assert.deepEqual(told(judge(rows('runs get', 'runs get <id>', ...others))), [])
    assert.deepEqual(told(judge(rows('runs get', 'secrets set', ...others))), [])
  })

  test('with an option that another program is given on the page is that one’s', () => {
    const page = '```sh\ndeployctl status\ncurl --data-binary @x https://a.example\n```\n`--data-binary` sends.\n'
    assert.deepEqual(told(judge(page)), [])
  })
})

describe('the programs of a page', () => {
  const spans = '`statsu --output json` and `status`\n'
  const fenced = '```sh\ndeployctl status\n```\n'

  test('are those that were asked for, before those of the front matter', () => {
    const verdict = judge(`---\nprogram: backupctl\n---\n${spans}`, [TREE, OTHER], ['deployctl'])
    assert.deepEqual(verdict.programs, { names: ['deployctl'], from: 'option' })
    assert.deepEqual(told(verdict), ['4:2-8 unknown-command => status'])
  })

  test('are those of the front matter, before those of the fences', () => {
    const verdict = judge(`---\nprogram: backupctl\n---\n${fenced}${spans}`, [TREE, OTHER])
    assert.deepEqual(verdict.programs, { names: ['backupctl'], from: 'front-matter' })
    assert.deepEqual(told(verdict), [])
  })

  test('are those that its fences run', () => {
    const verdict = judge(`${fenced}\n${spans}`)
    assert.deepEqual(verdict.programs, { names: ['deployctl'], from: 'page' })
    assert.deepEqual(told(verdict), ['5:2-8 unknown-command => status'])
  })

  test('are unknown where nothing names one, and that is told with how much was not judged', () => {
    const verdict = judge(spans)
    assert.deepEqual(verdict.programs, { names: [], from: 'none' })
    assert.deepEqual(told(verdict), [])
    assert.match(verdict.unjudged.map(({ why }) => why).join(), /a page that does not say whose commands it shows/)
  })

  test('without a tree are told, and nothing is judged by another one’s', () => {
    const verdict = judge(`---\nprogram: nothere\n---\n${spans}`)
    assert.deepEqual(told(verdict), [])
    assert.match(verdict.unjudged.map(({ why }) => why).join(), /no command tree of nothere/)
  })

  test('may be several: what is right for one is right', () => {
    const page =
      '---\nprograms: [deployctl, backupctl]\n---\n`archive prune --keep 3`, `runs get <id>`, `archive prnue`, `runs gte`\n'
    assert.deepEqual(told(judge(page, [TREE, OTHER])), [
      '4:53-58 unknown-command => prune',
      '4:67-70 unknown-command => get',
    ])
  })

  test('may be several: what is wrong for all is held against the one that has something like it', () => {
    const twin = smallTree('deploytool', { commands: { doctor: {}, runs: {} } })
    const page = '---\nprograms: [deploytool, deployctl]\n---\n`doctor ruotes` and `doctor routes`\n'
    assert.deepEqual(told(judge(page, [twin, TREE])), ['4:9-15 unknown-command => routes'])
  })

  test('that are not declared are not judged by the others’ rules', () => {
    const verdict = judge(`${fenced}\nSee \`archive prune --keep 3\`.\n`, [TREE, OTHER])
    assert.deepEqual(told(verdict), [])
    assert.match(verdict.unjudged.map(({ why }) => why).join(), /it is a command of backupctl/)
  })

  test('that are not declared are not wrong by a program that has a command of the same name', () => {
    const own = smallTree('storectl', { commands: { archive: { commands: { list: {} } } } })
    const page = '---\nprogram: storectl\n---\n`archive prune --keep 3` and `archive pruen`\n'
    assert.deepEqual(told(judge(page, [own, OTHER])), ['4:39-44 unknown-command'])
  })
})

describe('a command of which nothing could be decided', () => {
  const opaque = smallTree('opaque', {
    optionsKnown: false,
    args: null,
    commandsKnown: false,
    commandRequired: false,
  })
  const none = { ...opaque, root: { ...opaque.root, options: [] } }
  const cases: readonly (readonly [script: string, tree: typeof OPEN, judged: number, partly: boolean])[] = [
    ['opaque', none, 0, false],
    ['opaque --what', none, 0, false],
    ['opaque x y', none, 0, false],
    ['opaque -- x', none, 0, false],
    ['opaque --what x', opaque, 0, false],
    ['openctl unheard-of', OPEN, 0, false],
    ['openctl $VERB', OPEN, 0, false],
    ['openctl status --what', OPEN, 1, true],
    ['openctl list this and that', OPEN, 1, true],
  ]
  for (const [script, tree, judged, partly] of cases)
    test(`is ${judged === 0 ? 'not judged' : 'judged in part'}, with the reason: ${script}`, () => {
      const verdict = judge(`\`\`\`sh\n${script}\n\`\`\`\n`, [tree])
      assert.deepEqual([verdict.judged.length, told(verdict)], [judged, []])
      assert.deepEqual(
        verdict.unjudged.map(one => one.partly === true),
        [partly],
      )
    })
})

describe('names in messages', () => {
  const tree = smallTree('tool', {
    commands: { up: { options: ['--to <low|high>!'], args: ['<on|off>', '<place>'] } },
  })
  const [up] = tree.root.commands
  const [first, second] = up!.args!
  const nameless = {
    ...tree,
    root: { ...tree.root, commands: [{ ...up!, args: [{ ...first!, name: '{on,off}' }, second!] }] },
  }
  const cases: readonly (readonly [script: string, ...messages: string[]])[] = [
    ['tool up --to low no x', 'an argument of tool up is one of on, off, not `no`'],
    ['tool up --to low', 'tool up lacks <on|off> <place>'],
    ['tool up on x', 'tool up lacks --to <low|high>'],
    ['tool up on x y --to low', 'tool up takes only <on|off> <place>, so nothing like `y`'],
  ]
  for (const [script, ...messages] of cases)
    test(`are those of people: ${script}`, () =>
      assert.deepEqual(
        judge(`\`\`\`sh\n${script}\n\`\`\`\n`, [nameless]).findings.map(({ message }) => message),
        messages,
      ))
})

test('a word like a version is an argument of a program that takes one', () => {
  const tree = smallTree('toolup', { args: ['[toolchain]'], commandRequired: false, commands: { show: {} } })
  const judged = (trees: readonly (typeof tree)[]) => judge('`toolup 1.80`\n', [...trees]).judged.length
  assert.deepEqual([judged([tree]), judged([smallTree('toolup', { commands: { show: {} } })])], [1, 0])
})

describe('a command that stands elsewhere', () => {
  const tree = smallTree('tool', {
    commands: { queue: { commands: { list: {}, drain: {} } }, store: { commands: { list: {}, help: {} } } },
  })
  const cases: readonly (readonly [script: string, ...findings: string[]])[] = [
    ['tool drain', '2:6-11 unknown-command => queue drain'],
    ['tool list', '2:6-10 unknown-command'],
    ['tool store drain', '2:12-17 unknown-command'],
  ]
  for (const [script, ...findings] of cases)
    test(`is offered where it is the only one: ${script}`, () =>
      assert.deepEqual(told(judge(`\`\`\`sh\n${script}\n\`\`\`\n`, [tree])), findings))

  test('is not the one for help, where one is lacking', () =>
    assert.deepEqual(
      judge('```sh\ntool store\n```\n', [tree]).findings.map(({ message }) => message),
      ['tool store lacks a command: list'],
    ))
})

describe('a word of three letters in prose', () => {
  const tree = smallTree('tool', {
    commands: { down: { options: ['--all'], args: ['[service]'] }, ups: { options: ['--all'] } },
  })
  const cases: readonly (readonly [text: string, ...findings: string[]])[] = [
    ['dwn --all', '4:2-5 unknown-command => down'],
    ['dwn --all=x', '4:2-5 unknown-command => down'],
    ['dwn --help'],
    ['dwn web'],
    ['dwn'],
    ['top --all'],
    ['ps --all'],
    ['up --all'],
  ]
  for (const [text, ...findings] of cases)
    test(`is a command only before an option of that command: ${text}`, () =>
      assert.deepEqual(told(judge(`---\nprogram: tool\n---\n\`${text}\`\n`, [tree])), findings))
})

describe('a page that lost its markup', () => {
  const text = (page: string) =>
    judgePage(readPage('page.txt', new TextEncoder().encode(page)), [TREE], { programs: ['deployctl'] })

  test('has its commands found in its lines', () => {
    const verdict = text('First run doctor routes --check-auth, then look at runs get.\nAll runs are kept.\n')
    assert.deepEqual(told(verdict), [])
    assert.deepEqual(
      verdict.judged.map(({ path, options }) => [path.join(' '), options]),
      [
        ['doctor routes', ['--check-auth']],
        ['runs get', []],
      ],
    )
  })

  test('is judged where two words are known, or one and an option', () => {
    const page =
      'Run doctor routes --chek-auth now.\n  deployctl statsu\nthen docter routes --check-auth (or status --output xml).\n'
    assert.deepEqual(told(text(page)), [
      '1:19-30 unknown-flag => --check-auth',
      '2:13-19 unknown-command => status',
      '3:6-12 unknown-command => doctor',
      '3:53-56 flag-value-unknown',
    ])
  })

  test('has options behind the arguments of a command, and none behind other words', () => {
    const page =
      'deployctl runs get <id> --frob\nSo runs get r1 --frob is it.\ndeployctl runs get r1 r2 --frob\ndeployctl status and --frob\n'
    assert.deepEqual(told(text(page)), ['1:25-31 unknown-flag', '2:16-22 unknown-flag'])
  })

  test('is not judged elsewhere, and that is told once', () => {
    const verdict = text(
      'The status of each session lists its runs.\ndeployctl is a program.\nPass --frobnicate to it.\n',
    )
    assert.deepEqual(told(verdict), [])
    assert.deepEqual(
      verdict.unjudged.map(({ why }) => why),
      Array(2).fill('the line names a program or a command of one, and too little of it to be judged'),
    )
  })
})
