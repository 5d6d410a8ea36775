import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readFishCompletion } from './fish-completion.ts'
import type { CommandNode } from './tree.ts'
import { withOffers } from './with-offers.ts'

const SCRIPT = `# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_keep_global_optspecs
	string join \\n url= h/help V/version
end

function __fish_keep_needs_command
	# Figure out if the current invocation already has a command.
	set -l cmd (commandline -opc)
	set -e cmd[1]
	argparse -s (__fish_keep_global_optspecs) -- $cmd 2>/dev/null
	or return
end

complete -c keep -n "__fish_keep_needs_command" -l url -d 'Where it\\'s listening' -r
complete -c keep -n "__fish_keep_needs_command" -l trace -d 'Hidden from help'
complete -c keep -n "__fish_keep_needs_command" -s h -l help -d 'Print help'
complete -c keep -n "__fish_keep_needs_command" -f -a "vault" -d 'Work with the vault; and more'
complete -c keep -n "__fish_keep_needs_command" -f -a "debug" -d 'Not in help'
complete -c keep -n "__fish_keep_using_subcommand vault; and not __fish_seen_subcommand_from put help" -s h -l help -d 'Print help'
complete -c keep -n "__fish_keep_using_subcommand vault; and not __fish_seen_subcommand_from put help" -f -a "put" -d 'Store'
complete -c keep -n "__fish_keep_using_subcommand vault; and __fish_seen_subcommand_from put" -l mode -d 'How' -r -f -a "fast\\t'Takes no time'
slow\\t''"
complete -c keep -n "__fish_keep_using_subcommand debug" -s x -l extra -r -F
complete -c keep -n "test -e /somewhere" -l odd
`

const node = (name: string, options: readonly string[], commands: readonly CommandNode[] = []): CommandNode => ({
  name,
  aliases: [],
  style: 'clap',
  options: options.map(option => ({ names: [option], value: null, required: false, repeatable: null })),
  optionsKnown: true,
  args: [],
  commands,
  commandsKnown: true,
  commandRequired: false,
  groups: [],
})

describe('readFishCompletion', () => {
  test('reads options, their values and sub-commands, each with where it is offered', () => {
    assert.deepEqual(readFishCompletion(SCRIPT), [
      { path: [], option: { names: ['--url'], takesValue: true }, words: [] },
      { path: [], option: { names: ['--trace'], takesValue: false }, words: [] },
      { path: [], option: { names: ['--help', '-h'], takesValue: false }, words: [] },
      { path: [], option: null, words: ['vault'] },
      { path: [], option: null, words: ['debug'] },
      { path: ['vault'], option: { names: ['--help', '-h'], takesValue: false }, words: [] },
      { path: ['vault'], option: null, words: ['put'] },
      { path: ['vault', 'put'], option: { names: ['--mode'], takesValue: true }, words: ['fast', 'slow'] },
      { path: ['debug'], option: { names: ['--extra', '-x'], takesValue: true }, words: [] },
    ])
  })

  test('reads the questions that older scripts ask', () => {
    const script = `complete -c keep -n "__fish_use_subcommand" -f -a "vault"\ncomplete -c keep -n "__fish_seen_subcommand_from vault; and __fish_seen_subcommand_from put" -l fast\n`
    assert.deepEqual(
      readFishCompletion(script)?.map(({ path }) => path),
      [[], ['vault', 'put']],
    )
  })

  test('finds nothing in a script that asks the program while words are typed, nor in another text', () => {
    const dynamic = `complete -c keep -n '__keep_prepare_completions' -f -a '$__keep_comp_results'\n`
    for (const text of [
      dynamic,
      '',
      '_keep() {\n  local cur\n}\n',
      'error: unknown shell\n',
      "complete -c keep -l 'open",
    ]) {
      assert.equal(readFishCompletion(text), null, text)
    }
  })
})

describe('withOffers', () => {
  const tree = withOffers(
    node('keep', ['--url', '-h'], [node('vault', ['--help'], [node('put', [])])]),
    readFishCompletion(SCRIPT)!,
  )

  test('adds options that help hides, and no other name of one that it shows', () => {
    assert.deepEqual(
      tree.options.map(({ names }) => names),
      [['--url'], ['-h'], ['--trace']],
    )
    const [put] = tree.commands[0]!.commands
    assert.deepEqual(put!.options, [
      {
        names: ['--mode'],
        value: { name: 'VALUE', optional: false, attached: false, many: false, values: ['fast', 'slow'] },
        required: false,
        repeatable: null,
      },
    ])
  })

  test('adds a hidden command, of which nothing counts as complete', () => {
    const [, debug] = tree.commands
    assert.deepEqual(
      [debug!.name, debug!.style, debug!.optionsKnown, debug!.commandsKnown, debug!.args, debug!.options[0]!.names],
      ['debug', 'completion', false, false, null, ['--extra', '-x']],
    )
  })

  test('leaves what help says as it is', () => {
    assert.deepEqual([tree.optionsKnown, tree.commandsKnown, tree.commands[0]!.style], [true, true, 'clap'])
  })
})
