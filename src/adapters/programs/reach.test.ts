import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { privatePlaces, reachOf } from './reach.ts'

describe('what a program needs of a home', () => {
  let home: string
  before(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'runproof-test-')))
    for (const file of ['.ssh/key', '.local/bin/tool', '.local/share/keyring', 'alone', 'project/.git/HEAD']) make(file)
    for (const file of ['project/target/debug/tool', 'project/tools/run', 'node/bin/own-runner', 'mono/package.json'])
      make(file)
    for (const file of ['mono/packages/cli/package.json', 'mono/packages/cli/bin/cli.js', 'venv/bin/app']) make(file)
    mkdirSync(join(home, 'links'))
    symlinkSync(join(home, 'mono/packages/cli/bin/cli.js'), join(home, 'links/cli'))
  })
  after(() => rmSync(home, { recursive: true, force: true }))
  const make = (file: string) => {
    mkdirSync(dirname(join(home, file)), { recursive: true })
    writeFileSync(join(home, file), '', { mode: 0o755 })
  }

  const cases = [
    ['of a program that lies in it, nothing else', 'alone', null, ['alone']],
    [
      'of one in a bin, the libraries beside that',
      '.local/bin/tool',
      null,
      ['.local/bin', '.local/bin/tool', '.local/lib', '.local/lib64', '.local/libexec', '.local/pyvenv.cfg'],
    ],
    [
      'of a native one in a checkout, its directory',
      'project/target/debug/tool',
      null,
      ['project/target/debug', 'project/target/debug/tool'],
    ],
    ['of a script, its checkout', 'project/tools/run', [], ['project', 'project/tools', 'project/tools/run']],
    [
      'of a script that is linked to, the outermost package, and what runs it',
      'links/cli',
      ['/usr/bin/env', '-S', 'own-runner', '--flag'],
      [
        ...['links', 'links/cli', 'mono', 'mono/packages/cli/bin', 'mono/packages/cli/bin/cli.js'],
        ...[
          'mono/packages/cli/lib',
          'mono/packages/cli/lib64',
          'mono/packages/cli/libexec',
          'mono/packages/cli/pyvenv.cfg',
        ],
        ...['node/bin', 'node/bin/own-runner', 'node/lib', 'node/lib64', 'node/libexec', 'node/pyvenv.cfg'],
      ],
    ],
  ] as const
  for (const [title, file, script, expected] of cases) {
    test(`is ${title}`, () => {
      const named = join(home, file)
      const program = { named, real: realpathSync(named), sha256: '', cacheKey: null, script }
      const reach = new Set(reachOf(program, `/usr/bin:${join(home, 'node/bin')}`, [home]))
      const below = [...reach].filter(path => path.startsWith(home)).map(path => path.slice(home.length + 1))
      assert.deepEqual(below.toSorted(), [...expected].toSorted())
      assert.ok(!reach.has(home))
    })
  }
})

describe('what is shown empty', () => {
  test('is every home and temporary directory, also where the environment has another one', () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'runproof-test-')))
    try {
      const [home, account, config] = ['home', 'account', 'config'].map(name => join(root, name)) as [
        string,
        string,
        string,
      ]
      for (const path of [home, account, config]) mkdirSync(path)
      const places = privatePlaces({ HOME: home, XDG_CONFIG_HOME: config }, account)
      for (const path of [home, account, config, '/tmp', '/home', '/run']) assert.ok(places.includes(path), path)
      const own = userInfo().homedir
      const { HOME } = process.env
      process.env['HOME'] = home
      try {
        assert.ok(!existsSync(own) || privatePlaces().includes(realpathSync(own)))
      } finally {
        process.env['HOME'] = HOME
      }
    } finally {
      rmSync(root, { recursive: true })
    }
  })

  test('is never what programs are made of, whatever the environment says', () => {
    for (const HOME of ['/', '/usr', '/var', '/etc', 'relative', '/does/not/exist'])
      assert.ok(!privatePlaces({ HOME }).includes(HOME), HOME)
  })
})
