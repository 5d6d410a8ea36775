import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RepositoryFiles } from '../../model/repository-files.ts'
import { readPage } from '../page/read-page.ts'
import { readSnippet } from '../shell/read-snippet.ts'
import { checkFiles } from './check-files.ts'

const TREE: Readonly<Record<string, string>> = {
  'docs/guide.md': '',
  'docs/operations/backup.md': '',
  'docs/assets/logo.png': '',
  'scripts/local-deploy.sh': '#!/bin/sh\necho ok\n',
  'scripts/broken.sh': 'if true; then\n  echo "open\n',
  'scripts/e2e/smoke.py': 'def x(:\n',
  'scripts/run-all': '#!/usr/bin/env bash\nfor x in 1; do echo; done\n',
  'deploy/reverse-proxy/nginx.conf': '',
  'deploy/routes.json': '{"a": [1, 2}',
  'deploy/right.toml': 'a = 1\n',
  'deploy/wrong.toml': 'a = 1\nb = \n',
  'deploy/wrong.yaml': 'a: 1\nb: [1\n',
  'install.sh': 'true\n',
}

const FILES: RepositoryFiles = {
  kindOf: path =>
    path in TREE
      ? 'file'
      : path === '' || Object.keys(TREE).some(file => file.startsWith(`${path}/`))
        ? 'directory'
        : undefined,
  namesIn: path => {
    const inside = path === '' ? '' : `${path}/`
    const below = Object.keys(TREE).filter(file => file.startsWith(inside))
    return [...new Set(below.map(file => file.slice(inside.length).split('/', 1)[0]!))]
  },
  named: name => Object.keys(TREE).filter(file => file.endsWith(`/${name}`)),
  read: path => TREE[path],
}

function check(text: string, file = 'docs/page.md') {
  const page = readPage(file, Buffer.from(text))
  const commands = page.snippets.flatMap(snippet => readSnippet(file, snippet, new Set(['daemon'])).commands)
  return checkFiles(page, file, commands, FILES)
}

const fence = (...lines: readonly string[]) => ['```sh', ...lines, '```', ''].join('\n')
const told = (text: string, file?: string) =>
  check(text, file).findings.map(
    ({ rule, at, message, suggestion }) =>
      `${at.line}:${at.column} ${rule} ${message}${suggestion === undefined ? '' : ` -> ${suggestion}`}`,
  )

describe('files that pages name', () => {
  const there: readonly (readonly [title: string, text: string])[] = [
    ['a script that is run', fence('./scripts/local-deploy.sh --full')],
    ['a script without extension', fence('scripts/run-all')],
    ['a script behind an interpreter', fence('bash -eu scripts/local-deploy.sh', 'python3 scripts/e2e/smoke.py')],
    ['a script behind wrappers', fence('sudo env A=1 timeout 30 ./scripts/local-deploy.sh')],
    ['a script without a folder', fence('sh install.sh')],
    ['a script below a directory that a cd names', fence('cd scripts', './local-deploy.sh')],
    ['a path in prose', 'See `deploy/reverse-proxy/nginx.conf` and `scripts/local-deploy.sh`.'],
    ['a path relative to its page', 'See `operations/backup.md` and `./guide.md`.'],
    ['a link', '[a](./guide.md#first) [b](operations/backup.md?x=1) [c](../scripts/) [d](assets/logo.png)'],
    ['a link that a site resolves', '[a](./guide) [b](operations/backup)'],
    ['a link with escapes', '[a](./gu%69de.md)'],
    ['settings that parse', fence('daemon serve --config deploy/right.toml')],
  ]
  for (const [title, text] of there)
    test(`${title} is there`, () => {
      const { findings, judged, unjudged } = check(text)
      assert.deepEqual(findings, [])
      assert.ok(judged > 0)
      assert.deepEqual(
        unjudged.filter(({ why }) => !why.startsWith('it exists')),
        [],
      )
    })

  const missing: readonly (readonly [title: string, text: string, expected: readonly string[]])[] = [
    [
      'a script that is run, with its nearest name',
      fence('./scripts/local-deply.sh --full'),
      ['2:1 file-missing there is no `./scripts/local-deply.sh` -> ./scripts/local-deploy.sh'],
    ],
    [
      'a script in a folder that is spelled otherwise',
      fence('bash script/local-deploy.sh'),
      ['2:6 file-missing there is no `script/local-deploy.sh` -> scripts/local-deploy.sh'],
    ],
    [
      'a script that has moved',
      fence('python3 "tools/smoke.py"'),
      ['2:9 file-missing there is no `tools/smoke.py` -> "scripts/e2e/smoke.py"'],
    ],
    ['a script that is nowhere', fence('./bin/none --x'), ['2:1 file-missing there is no `./bin/none`']],
    [
      'a script without a folder',
      fence('sh uninstall.sh'),
      ['2:4 file-missing there is no `uninstall.sh` -> install.sh'],
    ],
    ['a sourced one', fence('. ./scripts/none.sh'), ['2:3 file-missing there is no `./scripts/none.sh`']],
    [
      'one among others',
      fence('true && ./scripts/none.sh | cat', 'x=$(./scripts/gone.sh)'),
      ['2:9 file-missing there is no `./scripts/none.sh`', '3:5 file-missing there is no `./scripts/gone.sh`'],
    ],
    ['a file that is read', fence('cat deploy/none.conf'), ['2:5 file-missing there is no `deploy/none.conf`']],
    [
      'a file that is piped in',
      fence('daemon x < deploy/none.txt'),
      ['2:12 file-missing there is no `deploy/none.txt`'],
    ],
    [
      'a path in prose',
      'See `deploy/reverse-proxy/ngnix.conf`.',
      ['1:6 file-missing there is no `deploy/reverse-proxy/ngnix.conf` -> deploy/reverse-proxy/nginx.conf'],
    ],
    [
      'a script in prose, in a folder that is not',
      'Run `tool/none.sh`.',
      ['1:6 file-missing there is no `tool/none.sh`'],
    ],
    [
      'a script in prose, with arguments',
      'Run `./scripts/none.sh --full`, then `bash scripts/gone.sh`.',
      ['1:6 file-missing there is no `./scripts/none.sh`', '1:44 file-missing there is no `scripts/gone.sh`'],
    ],
    [
      'the file of a link, its anchor kept',
      '[a](./guid.md#first)',
      ['1:5 file-missing there is no `./guid.md` -> ./guide.md#first'],
    ],
    [
      'one that the page would make elsewhere',
      fence('daemon x > scripts/other.sh', './scripts/none.sh'),
      ['3:1 file-missing there is no `./scripts/none.sh`'],
    ],
    ['one after a cd below the root', fence('cd scripts', './none.sh'), ['3:1 file-missing there is no `./none.sh`']],
  ]
  for (const [title, text, expected] of missing)
    test(`${title} is missed`, () => assert.deepEqual(told(text), expected))

  const others: readonly (readonly [title: string, text: string])[] = [
    ['programs of the system', fence('/usr/bin/none', 'none', '~/bin/none', '"$HOME/bin/none.sh"')],
    ['what the page makes by a redirection', fence('daemon x > scripts/made.sh', 'sh scripts/made.sh')],
    ['what the page makes by an option', fence('curl -o deploy/x.conf https://h/', 'cat deploy/x.conf')],
    ['what the page makes by =', fence('daemon x --output=deploy/x.conf', 'cat deploy/x.conf')],
    ['what the page copies', fence('cp a deploy/x.conf', 'cat deploy/x.conf')],
    ['what stands in a directory the page makes', fence('mkdir -p scripts/new', './scripts/new/x.sh')],
    ['an environment that the page makes', fence('python3 -m venv .venv', 'source .venv/bin/activate')],
    [
      'code that is handed over',
      fence('bash -c "echo scripts/none.sh"', 'python3 -m scripts.none', 'node -e "a/b.js"'),
    ],
    ['arguments of any program', fence('daemon serve --state deploy/state --url a/b')],
    ['data of the operator', fence('daemon serve --routes ./routes.json --x etc/routes.json')],
    ['names with slashes in prose', '`backup-restore/ready`, `text/html`, `auth/slots.json`, `and/or`, `a/b/c`.'],
    ['paths of a server', '`/v1/status`, `/etc/none.conf`, `https://h/x.sh`, `~/x/y.sh`'],
    ['globs and holes', '`scripts/*.sh`, `scripts/<name>.sh`, `scripts/{a,b}.sh`, `scripts/$X.sh`, `scripts/.../x.sh`'],
    [
      'addresses',
      '[a](https://h/none.md) [b](#none) [c](/none.md) [d](mailto:a@b.example) [e](...) [f](<name>.md) ![e](data:image/png;x)',
    ],
  ]
  for (const [title, text] of others) test(`${title} are no references`, () => assert.deepEqual(told(text), []))

  const unjudged: readonly (readonly [title: string, text: string, source: string, why: RegExp])[] = [
    ['a script with a hole', fence('./scripts/<name>.sh'), './scripts/<name>.sh', /left to the reader/],
    ['a script after a cd elsewhere', fence('cd /srv/x', './run.sh'), './run.sh', /follows a cd/],
    ['a script outside', fence('../other/run.sh'), '../other/run.sh', /leads out of the repository/],
    ['a link outside', '[a](../../other.md)', '../../other.md', /leads out of the repository/],
    [
      'a script in another language',
      fence('python3 scripts/e2e/smoke.py'),
      'scripts/e2e/smoke.py',
      /it exists, and only/,
    ],
  ]
  for (const [title, text, source, why] of unjudged)
    test(`${title} is told as unjudged`, () => {
      const { findings, unjudged: left } = check(text)
      assert.deepEqual(findings, [])
      assert.equal(left.length, 1)
      assert.equal(left[0]!.source, source)
      assert.match(left[0]!.why, why)
    })

  test('a link of an MDX page that a site resolves is told as unjudged', () => {
    const { findings, unjudged: left } = check('[a](./none)', 'docs/page.mdx')
    assert.deepEqual(findings, [])
    assert.match(left[0]!.why, /up to the site/)
  })

  test('a cd holds until the next heading', () => {
    assert.deepEqual(told(`# A\n\n${fence('cd elsewhere', './gone.sh')}\n# B\n\n${fence('./gone.sh')}`), [
      '11:1 file-missing there is no `./gone.sh`',
    ])
  })

  const broken: readonly (readonly [text: string, expected: RegExp])[] = [
    [fence('sh scripts/broken.sh'), /^2:4 script-broken scripts\/broken\.sh does not parse, line [123]: /],
    [fence('daemon serve deploy/routes.json'), /script-broken deploy\/routes\.json does not parse, line 1: /],
    [fence('daemon serve deploy/wrong.yaml'), /script-broken deploy\/wrong\.yaml does not parse, line [23]: /],
    [fence('daemon serve deploy/wrong.toml'), /script-broken deploy\/wrong\.toml does not parse, line [23]: /],
  ]
  for (const [text, expected] of broken)
    test(`what does not parse is told: ${expected.source.split(' ')[1]} ${text.split('\n')[1]}`, () => {
      const [finding, ...more] = told(text)
      assert.match(finding ?? '', expected)
      assert.deepEqual(more, [])
    })

  test('what does not parse is told once a page', () => {
    assert.equal(told(fence('sh scripts/broken.sh', 'sh scripts/broken.sh')).length, 1)
  })
})
