import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Site, WAYS } from './launch.ts'

const site = new Site()

const commands = readdirSync(path.resolve(import.meta.dirname, '../../src/cli/commands'))
  .map(name => path.basename(name, '.ts'))
  .map(name => [name])

describe('help', () => {
  for (const words of [
    [],
    ...commands,
    ['evidence', 'verify'],
    ['evidence', 'show'],
    ['evidence', 'timeline'],
    ['slo', 'watch'],
    ['target', 'conformance'],
    ['docs', 'check'],
    ['docs', 'tree'],
    ['policy', 'check'],
    ['policy', 'explain'],
  ]) {
    test(`of runproof ${words.join(' ')} has examples and every exit status`, async () => {
      const { status, stdout, stderr } = await site.run([...words, '--help'])
      assert.deepEqual([status, stderr], [0, ''])
      assert.match(stdout, /\nExamples:\n( {2}runproof .*\n){2}/)
      assert.match(stdout, /\nEXIT STATUS\n/)
      for (const code of [0, 1, 2, 3, 4, 5, 6, 130]) assert.match(stdout, new RegExp(`^ +${code}  \\w`, 'm'))
    })
  }

  test('is what runproof without words answers, as a usage error', async () => {
    const { status, stderr } = await site.run([])
    assert.equal(status, 2)
    assert.match(stderr, /^runproof: a command is missing\n {2}hint: \S+\/runproof --help/)
  })
})

const mistakes: readonly [string, readonly string[], RegExp][] = [
  ['an unknown command', ['rnu', 'x'], /unknown command 'rnu'.*run/s],
  ['an unknown command of a group', ['tls', 'chekc'], /unknown command 'chekc' \(Did you mean check\?\)\n/],
  ['a group without a command', ['nginx'], /^runproof: a command is missing\n {2}hint: \S+\/runproof nginx --help/],
  ['an unknown flag', ['run', 'backup', '--tagret', 'x'], /unknown option '--tagret'.*--target/s],
  ['a flag without its value', ['run', 'backup', '--target'], /--target <id>.*missing/],
  ['a word too many', ['plan', 'backup', 'restore'], /too many arguments/],
  ['a missing runbook', ['run'], /missing required argument 'runbook'/],
  ['an unknown runbook', ['run', 'restor-drill'], /no runbook restor-drill[\s\S]*did you mean restore-drill\?/],
  ['a runbook that is no file', ['run', './nowhere.ts'], /\.\/nowhere\.ts can't be loaded/],
  [
    'a file that is no runbook',
    ['run', import.meta.filename.replace('usage.test', 'launch')],
    /no runbook as its default export/,
  ],
  ['an unknown target', ['run', WAYS, '--target', 'stand-im'], /no target stand-im[\s\S]*did you mean stand-in\?/],
  ['an unknown parameter', ['run', WAYS, '--param', 'wya=x'], /no parameter wya[\s\S]*did you mean way=\?/],
  ['a parameter named after a built-in', ['run', WAYS, '--param', 'constructor=x'], /no parameter constructor/],
  ['a parameter without a value', ['run', WAYS, '--param', 'way'], /--param way: expected name=value/],
  ['a parameter that is wrong', ['run', WAYS, '--param', 'number=x'], /number=x: not a number[\s\S]*number=3/],
  ['a parameter given twice', ['run', WAYS, '--param', 'number=1', 'number=2'], /number: a name was given twice/],
  [
    'a skip of no check',
    ['run', WAYS, '--allow-skip', 'oen=why'],
    /no such check.*; did you mean one\?\n {2}hint: one of one/,
  ],
  ['a skip without a reason', ['run', WAYS, '--allow-skip', 'one= '], /a reason is needed/],
  [
    'an approval of another target',
    ['run', WAYS, '--yes', 'prod'],
    /--yes prod does not name the target[\s\S]*--yes=stand-in/,
  ],
  [
    'an approval that names no target, of one that is real',
    ['run', WAYS, '--target', 'kheish', '--yes'],
    /--yes has to name what it approves of[\s\S]*--yes=kheish/,
  ],
  ['steps that nobody can conduct', ['run', WAYS, '--step'], /--step needs a terminal[\s\S]*ssh -t/],
  ['a role that there is not', ['run', WAYS, '--role', 'boss=eve'], /--role boss[\s\S]*incident-commander, operator/],
  ['a role that nobody holds', ['run', WAYS, '--role', 'comms='], /--role comms "": a name is needed/],
  ['an operator with a name of evidence’s own', ['run', WAYS, '--operator', 'flag'], /this word for itself/],
  ['an approval that is waited for too long', ['run', WAYS, '--approve-within', '2d'], /from 1s to 24h/],
  ['a policy that is not there', ['run', WAYS, '--policy', 'nowhere.json'], /can't read nowhere\.json: ENOENT/],
  ['a group without its file', ['policy', 'check'], /missing required argument 'file'/],
  ['a width of nothing', ['run', WAYS, '--width', '0'], /--width 0/],
  ['an unknown choice of counterproofs', ['run', WAYS, '--counterproofs', 'some'], /--counterproofs some/],
  ['an unknown list', ['list', 'runbook'], /runbooks/],
  ['evidence that is not there', ['evidence', 'verify', '/nowhere'], /\/nowhere is no directory/],
  ['evidence that is a file', ['evidence', 'verify', WAYS], /ways\.ts is no directory/],
]

describe('a usage error', () => {
  for (const [what, words, message] of mistakes) {
    test(`${what} is told with its value and a hint, exits with 2 and has run nothing`, async () => {
      const { status, stdout, stderr } = await site.run(words)
      assert.match(stderr, message)
      assert.deepEqual([status, stdout, site.sealed()], [2, '', []])
      assert.match(stderr, /^runproof: /)
      assert.ok(!/^\s+at /m.test(stderr), `a stack trace: ${stderr}`)
    })
  }

  test('with --json is one line of JSON', async () => {
    const { status, stdout, stderr } = await site.run(['run', WAYS, '--target', 'x', '--json'])
    assert.deepEqual([status, stdout, stderr.trimEnd().split('\n').length], [2, '', 1])
    const { error } = JSON.parse(stderr)
    assert.deepEqual([error.code, error.exitCode], ['UNKNOWN_TARGET', 2])
  })
})

describe('an approval', () => {
  const real = ['run', WAYS, '--target', 'kheish']

  test('that nobody can be asked for is a denial with exit status 4', async () => {
    const { status, stderr } = await site.run(real)
    assert.equal(status, 4, stderr)
    assert.match(stderr, /nobody to ask: no terminal, and --yes kheish was not given/)
  })

  test('by --yes and the name of the target lets the step run', async () => {
    const { status, stderr } = await site.run([...real, '--yes=kheish'])
    assert.equal(status, 0, stderr)
  })
})

describe('what prints JSON', () => {
  for (const words of [['list'], ['list', 'targets'], ['plan', WAYS], ['run', WAYS, '--plan'], ['doctor'], ['gc']]) {
    test(`runproof ${words[0]} ${words.length} prints one document`, async () => {
      const { stdout, stderr } = await site.run([...words, '--json'])
      assert.equal(typeof JSON.parse(stdout), 'object')
      assert.equal(stderr, '')
    })
  }
})

describe('a terminal', () => {
  const script = spawnSync('script', ['--version']).status === 0

  /** Runs the launcher with a terminal for all three streams. */
  const onTerminal = (env: NodeJS.ProcessEnv) => {
    return spawnSync(
      'script',
      ['-qec', `${path.resolve(import.meta.dirname, '../../bin/runproof')} run ${WAYS}`, '/dev/null'],
      {
        env: { ...site.env, ...env, TERM: 'xterm-256color' },
        encoding: 'utf8',
        cwd: site.root,
      },
    ).stdout
  }

  test('gets colour, and none with NO_COLOR', { skip: !script && 'needs script(1)' }, () => {
    assert.ok(onTerminal({}).includes('\u001b['))
    assert.ok(!onTerminal({ NO_COLOR: '1' }).includes('\u001b'))
  })
})

describe('a machine that lacks something', () => {
  test('lacks HOME: the key goes where XDG_STATE_HOME says', async () => {
    const { HOME: _, ...env } = site.env
    const state = path.join(site.root, 'state')
    const given = new Site()
    given.env = { ...env, XDG_STATE_HOME: state }
    assert.equal((await given.run(['run', WAYS])).status, 0)
    assert.deepEqual(readdirSync(path.join(state, 'runproof')), ['signing-key.pem'])
  })

  test('has no account for the user, as in a container', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
    const { status, stdout, stderr } = spawnSync(
      'setpriv',
      [
        '--reuid',
        '54321',
        '--regid',
        '54321',
        '--clear-groups',
        path.resolve(import.meta.dirname, '../../bin/runproof'),
        'list',
        '--json',
      ],
      { env: { PATH: process.env.PATH }, cwd: '/', encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    assert.equal(typeof JSON.parse(stdout), 'object')
  })

  test('has no room for evidence where it should go', async () => {
    const file = path.join(site.root, 'home-is-a-file')
    const { status, stderr } = await site.run(['run', WAYS, '--reports', `${WAYS}/reports`, '--work', file])
    assert.equal(status, 3)
    assert.match(stderr, /can't create .*reports.*ENOTDIR/)
    assert.ok(!/^\s+at /m.test(stderr), stderr)
  })

  test('has no room for evidence, and doctor says so', async () => {
    const { status, stdout } = await site.run(['doctor'], { env: { RUNPROOF_REPORTS: `${WAYS}/reports` } })
    assert.equal(status, 1)
    assert.match(stdout, /^missing {3}evidence .*ways\.ts\/reports .*\n.*every run is refused/m)
  })

  test('has no room for scratch data', async () => {
    const { status, stderr } = await site.run(['run', WAYS, '--work', `${WAYS}/work`])
    assert.equal(status, 3)
    assert.ok(!/^\s+at /m.test(stderr), stderr)
  })

  test('has a full standard output', async () => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `"${path.resolve(import.meta.dirname, '../../bin/runproof')}" list > /dev/full`],
      {
        env: site.env,
        encoding: 'utf8',
      },
    )
    assert.equal(status, 3, stderr)
  })
})
