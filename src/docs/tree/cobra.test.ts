import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brief } from './testdata/brief.ts'

const CASES: readonly (readonly [title: string, path: readonly string[], text: string, expected: object])[] = [
  [
    'the program itself, which only has sub-commands',
    [],
    `Keep keeps things.

It does so: since long ago

Usage:
  keep [command]

Available Commands:
  completion  Generate the autocompletion script for the specified shell
  help        Help about any command
  vault       Work with the vault

Flags:
      --config string   config file (default "$HOME/.keep.yaml")
  -h, --help            help for keep
  -v, --version         version for keep

Use "keep [command] --help" for more information about a command.
`,
    {
      options: ['--config =string+', '--help -h ==?bool+', '--version -v ==?bool+'],
      args: '',
      commands: 'completion help vault',
      commandRequired: true,
    },
  ],
  [
    'a leaf with aliases, examples and the flags of what is above it',
    ['vault', 'put'],
    `Store an entry

Usage:
  keep vault put <name> [tag...] [flags]

Aliases:
  put, add, new

Examples:
  keep vault put x
  --from-file x

Flags:
      --color string[="auto"]   when to use colours
      --count count             say more
  -f, --from-file strings       files with the value, which may be so long that
                                --the description is wrapped
  -h, --help                    help for put
      --retries int             how often (default 3)
      --wait[=true]             wait for it

Global Flags:
      --config string   config file
`,
    {
      options: [
        '--color ==?string+',
        '--count ==?count+',
        '--from-file -f =strings+',
        '--help -h ==?bool+',
        '--retries =int+',
        '--wait ==?bool+',
        '--config =string+',
      ],
      args: '<name> [tag]*',
      commands: '',
      aliases: 'add new',
    },
  ],
  [
    'a leaf whose usage names no arguments: it may take some',
    ['status'],
    'Show it\n\nUsage:\n  keep status [flags]\n\nFlags:\n  -h, --help   help for status\n',
    { options: ['--help -h ==?bool+'], args: null, commands: '' },
  ],
  [
    'a usage line in words of its author',
    ['get'],
    'Usage:\n  keep get [(-o|--output=)json] (TYPE [NAME] | TYPE/NAME ...) [flags]\n\nFlags:\n  -h, --help   help for get\n',
    { options: ['--help -h ==?bool+'], args: null, commands: '' },
  ],
  [
    'arguments in capitals, one of them repeated',
    ['copy'],
    'Usage:\n  keep copy FROM [FROM...] TO [flags]\n\nFlags:\n  -h, --help   help for copy\n',
    { options: ['--help -h ==?bool+'], args: '<FROM>* <TO>', commands: '' },
  ],
  [
    'a group that also runs by itself, with sub-commands under several headings',
    ['cluster'],
    `Usage:
  keep cluster [NAME] [flags]
  keep cluster [command]

Basic Commands:
  create      Create one
  delete      Delete one

Troubleshooting:
  logs        Print the logs

Additional Commands:
  completion  Generate a script

Flags:
  -h, --help   help for cluster

Additional help topics:
  keep cluster topics    What is there to know

Use "keep cluster [command] --help" for more information about a command.
`,
    { options: ['--help -h ==?bool+'], args: '[NAME]', commands: 'create delete logs completion' },
  ],
  [
    'the headings of docker',
    ['image'],
    `
Usage:  keep image COMMAND

Manage images

Commands:
  build*      Build one
  rm          Remove one or more

Run 'keep image COMMAND --help' for more information on a command.
`,
    { options: [], args: '', commands: 'build rm', commandRequired: true, optionsKnown: false },
  ],
  [
    'a leaf of docker, whose aliases are whole command lines',
    ['run'],
    `Usage:  keep run [OPTIONS] IMAGE [COMMAND] [ARG...]

Create and run something

Aliases:
  keep container run, keep run

Options:
      --add-host list       Add a host (host:ip)
  -d, --detach              In the background
      --help                Print usage
`,
    {
      options: ['--add-host =list+', '--detach -d ==?bool+', '--help ==?bool+'],
      args: '<IMAGE> [COMMAND] [ARG]*',
      commands: '',
    },
  ],
  [
    'a leaf of docker with several usage lines',
    ['cp'],
    `Usage:  keep cp [OPTIONS] CONTAINER:PATH DEST
	keep cp [OPTIONS] SOURCE CONTAINER:PATH

Copy it

Options:
  -a, --archive   All of it
`,
    { options: ['--archive -a ==?bool+'], args: null, commands: '', doubts: ['there are several usage lines'] },
  ],
]

describe('readHelp of cobra', () => {
  for (const [title, path, text, expected] of CASES) {
    test(`reads ${title}`, () => assert.deepEqual(brief(text, ...path), { style: 'cobra', ...expected }))
  }
})
