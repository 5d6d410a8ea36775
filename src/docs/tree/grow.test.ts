import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AskedProgram, ProgramAnswer } from '../../model/asked-program.ts'
import { type GrowOptions, growTree } from './grow.ts'
import type { CommandNode } from './tree.ts'

type Answers = Readonly<Record<string, Partial<ProgramAnswer>>>

/** Answers by command line; everything else ends with exit code 2 and says so on standard error. */
function scripted(answers: Answers | ((line: string) => Partial<ProgramAnswer>), sandbox: AskedProgram['sandbox']) {
  const asked: string[] = []
  const batches: number[] = []
  const program: AskedProgram = {
    path: '/opt/keep',
    sha256: 'a'.repeat(64),
    sandbox,
    async ask(questions) {
      batches.push(questions.length)
      return questions.map(question => {
        const line = question.join(' ')
        asked.push(line)
        const answer = typeof answers === 'function' ? answers(line) : answers[line]
        const none = { status: 2, stdout: '', stderr: 'error: unrecognized\n', timedOut: false, truncated: false }
        return answer === undefined ? none : { ...none, status: 0, stderr: '', ...answer }
      })
    },
    sideEffects: async () => [],
    [Symbol.asyncDispose]: async () => {},
  }
  return { program, asked, batches }
}

async function grown(
  answers: Answers | ((line: string) => Partial<ProgramAnswer>),
  { sandbox = 'namespaces', ...options }: GrowOptions & { sandbox?: AskedProgram['sandbox'] } = {},
) {
  const { program, asked, batches } = scripted(answers, sandbox)
  return { tree: await growTree('keep', program, options), asked, batches }
}

const outline = ({ name, commands }: CommandNode): unknown =>
  commands.length === 0 ? name : { [name]: commands.map(outline) }

const group = (path: string, ...names: string[]) =>
  `Usage: ${path} [OPTIONS] <COMMAND>\n\nCommands:\n${names.map(name => `  ${name}  does it\n`).join('')}\nOptions:\n  -h, --help  Print help\n`
const leaf = (path: string) =>
  `Usage: ${path} [OPTIONS] <NAME>\n\nArguments:\n  <NAME>  which\n\nOptions:\n  -h, --help  Print help\n`

const KEEP: Answers = {
  help: { stdout: group('keep', 'store', 'status', 'help') },
  '--version': { stdout: 'keep 4.2.0-rc.1 (built today)\n' },
  'store --help': { stdout: group('keep store', 'put', 'get', 'help') },
  'status --help': { stdout: leaf('keep status') },
  'store put --help': { stdout: leaf('keep store put') },
  'store get --help': { stdout: leaf('keep store get') },
}

describe('growTree', () => {
  test('asks level by level, words first, and each level at once', async () => {
    const { tree, asked, batches } = await grown(KEEP)
    assert.deepEqual(outline(tree.root), { keep: [{ store: ['put', 'get', 'help'] }, 'status', 'help'] })
    assert.deepEqual(asked, [
      'help',
      'store --help',
      'status --help',
      'store put --help',
      'store get --help',
      '--version',
    ])
    assert.deepEqual(batches, [1, 2, 2, 1])
    assert.deepEqual(tree.unread, [])
    assert.equal(tree.version, '4.2.0-rc.1')
    assert.equal(tree.sha256, 'a'.repeat(64))
    assert.equal(tree.root.commandRequired, true)
    assert.deepEqual(tree.root.commands[0]!.commands[0]!.args, [
      { name: 'NAME', required: true, many: false, values: null },
    ])
  })

  test('without a sandbox asks for help by word and for nothing below, and tells that', async () => {
    const { tree, asked } = await grown(KEEP, { sandbox: 'none' })
    assert.deepEqual(asked, ['help'])
    assert.equal(tree.version, null)
    assert.deepEqual(
      tree.unread.map(({ path }) => path.join(' ')),
      ['store', 'status'],
    )
    assert.match(tree.unread[0]!.why, /nothing holds it on this machine/)
    const [store] = tree.root.commands
    assert.deepEqual([store!.optionsKnown, store!.commandsKnown, store!.args], [false, false, null])
  })

  test('never begins a command line with a flag where nothing holds the program, not even when all levels are wanted', async () => {
    const { help: _, ...silent } = KEEP
    for (const answers of [KEEP, silent]) {
      const { asked } = await grown(answers, { sandbox: 'none', depth: 'all' })
      assert.deepEqual(
        asked.filter(line => line.startsWith('-')),
        [],
      )
    }
    assert.equal((await grown(KEEP, { sandbox: 'none', depth: 'all' })).tree.root.commands[0]!.commands.length, 3)
  })

  test('in a sandbox takes --help where help is no word of the program', async () => {
    const { help, ...others } = KEEP
    const { tree, asked } = await grown({ ...others, '--help': help! })
    assert.deepEqual(asked.slice(0, 2), ['help', '--help'])
    assert.equal(tree.root.commands.length, 3)
    assert.deepEqual(tree.unread, [])
  })

  test('prefers the answer that can be read', async () => {
    const { help, ...others } = KEEP
    const { tree } = await grown({ ...others, help: { stdout: 'Usage: look at the manual\n' }, '--help': help! })
    assert.equal(tree.root.style, 'clap')
    assert.deepEqual(tree.unread, [])
  })

  test('reads help from standard error, and with a failing exit code', async () => {
    const { help, ...others } = KEEP
    const { tree } = await grown({ ...others, help: { status: 1, stdout: '', stderr: help!.stdout! } })
    assert.equal(tree.root.commands.length, 3)
  })

  test('does not take the usage line at the end of an error for help', async () => {
    const { help, ...others } = KEEP
    const error = (usage: string) => ({
      status: 2,
      stderr: `error: unrecognized subcommand\n\nUsage: ${usage}\n\nFor more information, try '--help'.\n`,
    })
    const { tree, asked } = await grown({
      ...others,
      help: error('keep [OPTIONS] <COMMAND>'),
      '--help': help!,
      'status --help': error('keep status [OPTIONS]'),
      'help status': error('keep [OPTIONS] <COMMAND>'),
    })
    assert.deepEqual(asked.slice(0, 2), ['help', '--help'])
    assert.equal(tree.root.commands.length, 3)
    assert.deepEqual(
      tree.unread.map(({ path, why }) => [path.join(' '), why]),
      [
        [
          'status',
          '`status --help` ended with exit code 2 and without help; `help status` ended with exit code 2 and without help',
        ],
      ],
    )
  })

  test('asks a sub-command by help NAME where it takes no --help', async () => {
    const { 'status --help': status, ...others } = KEEP
    const { tree, asked } = await grown({ ...others, 'help status': status! })
    assert.ok(asked.includes('help status'))
    assert.equal(tree.root.commands[1]!.style, 'clap')
    assert.deepEqual(tree.unread, [])
  })

  test('tells of a sub-command that hangs, and does not wait for it twice', async () => {
    const { tree, asked } = await grown({ ...KEEP, 'status --help': { status: null, timedOut: true } })
    assert.deepEqual(tree.unread, [{ path: ['status'], why: '`status --help` did not end in time and was killed' }])
    assert.equal(asked.includes('help status'), false)
    assert.equal(tree.root.commands[0]!.commands.length, 3)
  })

  test('tells of help and a version that did not come in time, where another form was answered', async () => {
    const late = { status: null, timedOut: true }
    const { tree } = await grown({ ...KEEP, help: late, '--help': KEEP['help']!, '--version': late })
    assert.deepEqual(tree.unread, [
      { path: [], why: '`help` did not end in time and was killed' },
      { path: [], why: '`--version` did not end in time and was killed' },
    ])
    assert.equal(tree.root.commands.length, 3)
    assert.equal(tree.version, null)
  })

  test('tells of a program that says nothing, with what was tried', async () => {
    const { tree } = await grown({})
    assert.deepEqual(tree.unread, [
      {
        path: [],
        why: '`help` ended with exit code 2 and without help; `--help` ended with exit code 2 and without help',
      },
    ])
    assert.deepEqual([tree.root.optionsKnown, tree.root.commandsKnown, tree.root.args], [false, false, null])
  })

  test('ends where a program takes no notice of the words before --help', async () => {
    const { tree, asked } = await grown(() => ({ stdout: group('keep', 'a', 'b') }))
    assert.deepEqual(outline(tree.root), { keep: ['a', 'b'] })
    assert.equal(asked.length, 6)
    assert.match(tree.unread[0]!.why, /`a --help` gives the help of what is above it/)
  })

  test('ends where only the usage line changes from level to level', async () => {
    const { tree } = await grown(line => ({ stdout: group(`keep ${line}`, 'again', 'b') }))
    assert.deepEqual(outline(tree.root), { keep: ['again', 'b'] })
    assert.equal(tree.root.commands[0]!.commandsKnown, false)
  })

  test('goes six commands deep and tells what is below', async () => {
    let level = 0
    const { tree, asked } = await grown(() => ({ stdout: group('keep', `down${level++}`) }))
    assert.deepEqual(
      tree.unread.map(({ path, why }) => [path.length, why]),
      [[7, 'it is more than 6 commands deep']],
    )
    assert.ok(asked.every(line => line.split(' ').length <= 7))
  })

  test('stops at 5 000 commands and tells where', async () => {
    const names = (prefix: string) => Array.from({ length: 1_000 }, (_, at) => `${prefix}${at}`)
    const { tree } = await grown(line => {
      if (line === 'help') return { stdout: group('keep', ...names('a')) }
      const big = /^(a\d) --help$/.exec(line)
      return { stdout: big === null ? leaf(`keep ${line}`) : group(`keep ${line}`, ...names(big[1]!)) }
    })
    let count = 0
    const visit = (node: CommandNode): void => {
      count++
      for (const below of node.commands) visit(below)
    }
    visit(tree.root)
    assert.ok(count <= 5_000, `${count}`)
    assert.ok(
      tree.unread.some(({ path, why }) => path[0] === 'a4' && why === 'the program has more than 5000 commands'),
    )
    assert.equal(tree.root.commands[4]!.commandsKnown, false)
  })

  test('takes nothing for complete that was cut off', async () => {
    const { tree } = await grown({ help: { stdout: leaf('keep'), truncated: true } })
    assert.deepEqual([tree.root.optionsKnown, tree.root.commandsKnown, tree.root.args], [false, false, null])
    assert.deepEqual(tree.unread, [{ path: [], why: 'its help is too long' }])
  })

  test('knows --help of whatever answered to it', async () => {
    const { tree } = await grown({
      ...KEEP,
      'status --help': { stdout: 'Usage: keep status [OPTIONS]\n\nOptions:\n  --wait  wait\n' },
    })
    assert.deepEqual(
      tree.root.commands[1]!.options.map(({ names }) => names),
      [['--wait'], ['--help']],
    )
  })

  test('repeats the options of what is above a command of commander', async () => {
    const top = `Usage: keep [options] [command]\n\nOptions:\n  -c, --config <file>  where\n  -h, --help           display help for command\n\nCommands:\n  add [options]        add it\n  help [command]       display help for command\n`
    const add = 'Usage: keep add [options]\n\nOptions:\n  -h, --help  display help for command\n'
    const { tree } = await grown({ help: { stdout: top }, 'add --help': { stdout: add } })
    assert.deepEqual(
      tree.root.commands[0]!.options.map(({ names }) => names),
      [
        ['--help', '-h'],
        ['--config', '-c'],
      ],
    )
  })

  const COMPLETE: Answers = {
    help: { stdout: group('keep', 'status', 'completions', 'help') },
    'status --help': { stdout: leaf('keep status') },
    'completions --help': { stdout: leaf('keep completions') },
    'completions fish': {
      stdout:
        'complete -c keep -n "__fish_keep_needs_command" -a "secret"\ncomplete -c keep -n "__fish_keep_using_subcommand help" -a "status"\ncomplete -c keep -n "__fish_keep_using_subcommand status" -l trace\n',
    },
  }

  test('adds what a completion script has and help hides, and nothing to help itself', async () => {
    const { tree } = await grown(COMPLETE)
    assert.deepEqual(outline(tree.root), { keep: ['status', 'completions', 'help', 'secret'] })
    assert.deepEqual(
      tree.root.commands[0]!.options.map(({ names }) => names[0]),
      ['--help', '--trace'],
    )
    assert.deepEqual(tree.unread, [])
  })

  test('asks for a completion script only in a sandbox, and only where the program says that it has one', async () => {
    for (const [answers, sandbox, depth] of [
      [COMPLETE, 'none', 'all'],
      [COMPLETE, 'namespaces', 'top'],
      [KEEP, 'namespaces', 'all'],
    ] as const) {
      const { asked } = await grown(answers, { sandbox, depth })
      assert.deepEqual(
        asked.filter(line => line.endsWith('fish')),
        [],
      )
    }
  })

  test('tells of a completion script that lists nothing itself, and of one that is not given', async () => {
    const dynamic = `complete -c keep -n '__keep_prepare' -f -a '$__keep_results'\n`
    const { 'completions fish': _, ...without } = COMPLETE
    for (const [answers, why] of [
      [{ ...COMPLETE, 'completions fish': { stdout: dynamic } }, /lists nothing itself/],
      [without, /gave no completion script/],
    ] as const) {
      const { tree } = await grown(answers)
      assert.deepEqual(
        tree.unread.map(({ path }) => path),
        [['completions']],
      )
      assert.match(tree.unread[0]!.why, why)
    }
  })
})
