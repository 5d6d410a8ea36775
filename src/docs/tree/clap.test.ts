import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brief } from './testdata/brief.ts'

const CASES: readonly (readonly [title: string, path: readonly string[], text: string, expected: object])[] = [
  [
    'a group of version 4 with aliases, global options and their values',
    ['vault'],
    `Work with the vault

Usage: keep vault [OPTIONS] <COMMAND>

Commands:
  put     Store an entry [aliases: add, new]
  get     Read an entry [alias: show]
  rotate  Replace an entry whose description is so long that it is wrapped and its aliases are too [aliases:
          renew, swap]
  help    Print this message or the help of the given subcommand(s)

Options:
      --base-url <URL>  Where it listens [env: KEEP_URL=] [default: http://127.0.0.1:1]
  -o, --output <FORM>   Form of the output [default: pretty] [possible values: pretty, json]
  -v, --verbose...      More; may be given more than once
  -h, --help            Print help (see more with '--help')
  -V, --version         Print version
`,
    {
      options: ['--base-url =URL', '--output -o =FORM{pretty,json}', '--verbose -v +', '--help -h -', '--version -V -'],
      args: '',
      commands: 'put|add|new get|show rotate|renew|swap help',
      commandRequired: true,
    },
  ],
  [
    'a leaf of version 4 with required options, a group and arguments',
    ['vault', 'put'],
    `Usage: keep vault put [OPTIONS] --provider <PROVIDER> <--value <VALUE>|--stdin> <NAME> [TAG]...

Arguments:
  <NAME>    Which entry
  [TAG]...  Marks of it [possible values: hot, cold]

Options:
      --provider <PROVIDER>    Whose it is [possible values: none, "with space"]
      --value <VALUE>          The value
      --stdin                  Read it from standard input
      --point <X> <Y>          Two values
      --many <FILE>...         One or more
      --color[=<WHEN>]         Maybe [possible values: auto, never]
      --level [<LEVEL>]        Maybe, behind a space
      --strict=<MODE>          Only so
  -h, --help                   Print help
`,
    {
      options: [
        '--provider =PROVIDER{none,with space}!',
        '--value =VALUE',
        '--stdin -',
        '--point =X Y*',
        '--many =FILE*',
        '--color ==?WHEN{auto,never}',
        '--level =?LEVEL',
        '--strict ==MODE',
        '--help -h -',
      ],
      args: '<NAME> [TAG{hot,cold}]*',
      commands: '',
      groups: ['--value|--stdin!'],
    },
  ],
  [
    'long help of version 4, where descriptions and possible values stand below',
    ['run'],
    `Run something.

This is a longer text about it: it may
have several lines.

Usage: keep run [OPTIONS] <KIND>

Arguments:
  <KIND>
          What to run

          Possible values:
          - fast: Takes no time
          - slow: Takes its time, and what is said of it is so long
            that it takes two lines
          - plain

Options:
  -c, --config <FILE>
          Where it is configured.
          
          --config is read once, says this line that begins like an option.

          [env: KEEP_CONFIG=]
          [default: keep.toml]

      --color <WHEN>
          When to use colours

          [default: auto]
          [possible values: auto, always, never]

      --retry <N>
          [aliases: --again] [short aliases: -r]

  -h, --help
          Print help (see a summary with '-h')
`,
    {
      options: ['--config -c =FILE', '--color =WHEN{auto,always,never}', '--retry --again -r =N', '--help -h -'],
      args: '<KIND{fast,slow,plain}>',
      commands: '',
    },
  ],
  [
    'version 2 and 3, with headings in capitals',
    [],
    `keep 1.2.3
Somebody
Keeps things

USAGE:
    keep [FLAGS] [OPTIONS] <INPUT> [SUBCOMMAND]

FLAGS:
    -h, --help       Prints help information
    -V, --version    Prints version information
        --quiet      Says less

OPTIONS:
    -o, --out <FILE>         Where to
        --mode <MODE>        How [possible values: a, b]

ARGS:
    <INPUT>    What to keep

SUBCOMMANDS:
    help    Prints this message or the help of the given subcommand(s)
    test    Tests it
`,
    {
      options: ['--help -h', '--version -V', '--quiet', '--out -o =FILE', '--mode =MODE{a,b}'],
      args: '<INPUT>',
      commands: 'help test',
    },
  ],
  [
    'version 3 with long help, and arguments that usage only sums up',
    ['pack'],
    `keep-pack 
Packs things

USAGE:
    keep pack [OPTIONS] [ARGS]

ARGS:
    <FROM>    Where from
    [TO]      Where to

OPTIONS:
    -f, --fast
            Do not wait

    -h, --help
            Print help information
`,
    { options: ['--fast -f', '--help -h'], args: '<FROM> [TO]', commands: '' },
  ],
  [
    'a program that runs by itself and has sub-commands, with two usage lines',
    [],
    `Usage: keep [OPTIONS] <FILE>
       keep <COMMAND>

Commands:
  check  Check it

Arguments:
  <FILE>  What to keep

Options:
  -h, --help  Print help
`,
    { options: ['--help -h -'], args: '<FILE>', commands: 'check' },
  ],
  [
    'options under headings of their own, and words after two hyphens',
    ['exec'],
    `Usage: keep exec [OPTIONS] --image <IMAGE> [NAME] [-- <ARGS>...]

Arguments:
  [NAME]     Which
  [ARGS]...  For the program

Options:
      --image <IMAGE>  What to start
  -h, --help           Print help

Network Options:
      --port <PORT>  Where to listen

Examples:
  keep exec --image x -- --port 1
`,
    {
      options: ['--image =IMAGE!', '--help -h -', '--port =PORT'],
      args: '[NAME] [ARGS]*',
      commands: '',
    },
  ],
  [
    'a group that an argument belongs to: nothing of it has to be given for sure',
    ['open'],
    `Usage: keep open [OPTIONS] <--file <FILE>|NAME>

Arguments:
  <NAME>  Which

Options:
      --file <FILE>  Where it is
  -h, --help         Print help
`,
    { options: ['--file =FILE', '--help -h -'], args: '[NAME]', commands: '' },
  ],
  [
    'several ways to call it: nothing is known of its arguments',
    ['copy'],
    `Usage: keep copy <FROM> <TO>
       keep copy --all

Options:
      --all   Everything
  -h, --help  Print help
`,
    {
      options: ['--all -', '--help -h -'],
      args: null,
      commands: '',
      commandsKnown: false,
      doubts: ['there are several usage lines'],
    },
  ],
  [
    'several ways to call it and a list of arguments: none of them has to be there',
    ['copy'],
    `Usage: keep copy <FROM> <TO>
       keep copy --all

Arguments:
  <FROM>  Where from
  <TO>    Where to

Options:
      --all   Everything
  -h, --help  Print help
`,
    {
      options: ['--all -', '--help -h -'],
      args: '[FROM] [TO]',
      commands: '',
      commandsKnown: false,
      doubts: ['there are several usage lines'],
    },
  ],
  [
    'a list of commands with a line that is none, as cargo has it',
    [],
    `A package manager

Usage: keep [+toolchain] [OPTIONS] [COMMAND]

Options:
  -Z <FLAG>  Unstable
  -h, --help  Print help

Commands:
    build, b    Compile
    check, c    Analyse
    ...         See all commands with --list

See 'keep help <command>' for more information on a specific command.
`,
    {
      options: ['-Z =FLAG', '--help -h -'],
      args: '[+toolchain]',
      commands: 'build|b check|c',
      commandsKnown: false,
      doubts: ['a line among the sub-commands is not understood: ...         See all commands with --list'],
    },
  ],
  [
    'an option that nobody here can read: the list is not complete',
    [],
    `Usage: keep [OPTIONS]

Options:
      --[no-]wait  Wait or not
      --ok         Fine
  -h, --help       Print help
`,
    {
      options: ['--ok -', '--help -h -'],
      args: '',
      commands: '',
      optionsKnown: false,
      doubts: ['the line of an option is not understood: --[no-]wait  Wait or not'],
    },
  ],
  [
    'brackets that do not match',
    [],
    'Usage: keep [OPTIONS] <A\n\nOptions:\n  -h, --help  Print help\n',
    {
      options: ['--help -h -'],
      args: null,
      commands: '',
      commandsKnown: false,
      doubts: ['the usage line is not understood: keep [OPTIONS] <A'],
    },
  ],
  [
    'a sub-command that is asked for and not listed',
    [],
    'Usage: keep [OPTIONS] <COMMAND>\n\nOptions:\n  -h, --help  Print help\n',
    {
      options: ['--help -h -'],
      args: null,
      commands: '',
      commandsKnown: false,
      doubts: ['usage asks for a sub-command, and none is listed'],
    },
  ],
  [
    'a switch whose opposite is only named in its description',
    [],
    'Usage: keep [OPTIONS]\n\nOptions:\n      --fix   Repairs it. Use `--no-fix` to switch it off, and see --other\n  -h, --help  Print help\n',
    { options: ['--fix -', '--help -h -', '--no-fix'], args: '', commands: '' },
  ],
  [
    'a program that calls itself by two words',
    [],
    'Usage: cargo keep [OPTIONS] <NAME>\n\nArguments:\n  <NAME>  Which\n\nOptions:\n  -h, --help  Print help\n',
    { options: ['--help -h -'], args: '<NAME>', commands: '' },
  ],
  [
    'a usage line of its author, who left out the brackets',
    [],
    'Usage: keep [OPTIONS] FILE\n\nOptions:\n  -h, --help  Print help\n',
    {
      options: ['--help -h -'],
      args: null,
      commands: '',
      commandsKnown: false,
      doubts: ['the usage line is not understood: keep [OPTIONS] FILE'],
    },
  ],
  [
    'a usage line where a word may be a name or an argument',
    [],
    'Usage: keep file [OPTIONS]\n\nOptions:\n  -h, --help  Print help\n',
    {
      options: ['--help -h -'],
      args: null,
      commands: '',
      commandsKnown: false,
      doubts: ['the usage line is not understood: keep file [OPTIONS]'],
    },
  ],
  [
    'an argument whose name is COMMAND',
    ['which'],
    'Usage: keep which [OPTIONS] <COMMAND>\n\nArguments:\n  <COMMAND>  Which\n\nOptions:\n  -h, --help  Print help\n',
    { options: ['--help -h -'], args: '<COMMAND>', commands: '' },
  ],
]

describe('readHelp of clap', () => {
  for (const [title, path, text, expected] of CASES) {
    test(`reads ${title}`, () => assert.deepEqual(brief(text, ...path), { style: 'clap', ...expected }))
  }

  test('reads the same with other line ends, a byte order mark and no last line end', () => {
    for (const [, path, text, expected] of CASES) {
      const odd = `\uFEFF${text.replaceAll('\n', '\r\n').trimEnd()}`
      assert.deepEqual(brief(odd, ...path), { style: 'clap', ...expected })
    }
  })
})
