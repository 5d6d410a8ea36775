import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Argument, Command, Option } from 'commander'
import { brief } from './testdata/brief.ts'

function read(command: Command, ...path: string[]) {
  const { style, ...page } = brief(command.helpInformation(), ...path)
  assert.equal(style, 'commander')
  return page
}

const HELP = '--help -h +'

describe('readHelp of commander', () => {
  test('reads a program with sub-commands, aliases and a version', () => {
    const program = new Command('keep').description('Keeps things: all of them').version('1.2.3')
    program.command('check').alias('c').argument('<file...>').option('--fast').summary('check it')
    program.command('vault').summary('work with the vault')
    program.command('gone', { hidden: true })
    assert.deepEqual(read(program), {
      options: ['--version -V +', HELP],
      args: '',
      commands: 'check|c vault help',
    })
  })

  test('reads options of every shape, wrapped to any width', () => {
    for (const width of [40, 80, 200]) {
      const program = new Command('keep')
        .configureHelp({ helpWidth: width })
        .option('-t, --target <id>', 'what to act on, said in so many words that they are wrapped', 'stand-in')
        .option('-p|--port [n]', 'where')
        .option('-q --quiet', 'says less')
        .option('--param <k=v...>', 'some')
        .option('--tags [tag...]', 'some or none')
        .option('--no-color', 'without colours')
        .addOption(
          new Option('--form <form>', 'of what is printed, at some length').choices(['a', 'b "c"', 'd']).default('a'),
        )
        .addOption(new Option('--level <level>', 'how much').choices(['1', '2']).env('LEVEL'))
        .addOption(new Option('--secret <x>').hideHelp())
        .argument('<from>', 'a place (choices: none)')
        .addArgument(new Argument('[to...]', 'others').choices(['x', 'y']).default(['x']))
      assert.deepEqual(read(program), {
        options: [
          '--target -t =id+',
          '--port -p =?n+',
          '--quiet -q +',
          '--param =k=v*+',
          '--tags =?tag*+',
          '--no-color +',
          '--form =form{a,b "c",d}+',
          '--level =level{1,2}+',
          HELP,
        ],
        args: '<from> [to{x,y}]*',
        commands: '',
      })
    }
  })

  test('reads a sub-command with the names above it and its alias', () => {
    const program = new Command('keep')
    const vault = program.command('vault')
    const put = vault.command('put').alias('add').argument('<name>').argument('[value]')
    assert.deepEqual(read(put, 'vault', 'put'), {
      options: [HELP],
      args: '<name> [value]',
      commands: '',
      aliases: 'add',
    })
    assert.deepEqual(read(vault, 'vault'), { options: [HELP], args: '', commands: 'put|add help' })
  })

  test('reads options and commands under headings of their own', () => {
    const program = new Command('keep')
    program.optionsGroup('Network:').option('--port <n>', 'where')
    program.commandsGroup('Vault Commands:')
    program.command('put').description('store')
    assert.deepEqual(read(program), {
      options: ['--port =n+', HELP],
      args: '',
      commands: 'put help',
    })
  })

  test('does not take commands for complete that stand under a heading it cannot know', () => {
    const program = new Command('keep').helpCommand(false)
    program.commandsGroup('Deploy:')
    program.command('up').description('deploy')
    const { commandsKnown, commands } = read(program)
    assert.deepEqual([commandsKnown, commands], [false, ''])
  })

  test('reads nothing out of what was added before and after', () => {
    const program = new Command('keep').option('--plan', 'only show')
    const extra =
      '\nExamples:\n  --plan and so on\n  keep --other\n\nEXIT STATUS\n  0  fine\n\nNotes:\n  word  not a command\n'
    assert.deepEqual(brief(`Keep, at your service.\n\n${program.helpInformation()}${extra}`), {
      style: 'commander',
      options: ['--plan +', HELP],
      args: '',
      commands: '',
    })
  })

  test('tells of a usage line that its author wrote', () => {
    const program = new Command('keep').usage('FILE and more [options]').option('--plan')
    assert.deepEqual(read(program), {
      options: ['--plan +', HELP],
      args: null,
      commands: '',
      doubts: ['the usage line is not understood: keep FILE and more [options]'],
    })
  })
})
