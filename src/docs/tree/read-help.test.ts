import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readHelp } from './read-help.ts'

/** Layouts that look like one of those that are read, and are not. */
const OTHERS: Readonly<Record<string, string>> = {
  nothing: '',
  'an error': "error: unrecognized subcommand 'help'\n",
  git: `usage: git [-v | --version] [-h | --help] [-C <path>] [-c <name>=<value>]
           [--exec-path[=<path>]] [--html-path] [--man-path] [--info-path]
           <command> [<args>]

These are common Git commands used in various situations:

start a working area (see also: git help tutorial)
   clone     Clone a repository into a new directory
   init      Create an empty Git repository or reinitialize an existing one
`,
  'a sub-command of git': `usage: git add [<options>] [--] <pathspec>...

    -n, --[no-]dry-run    dry run
    -v, --[no-]verbose    be verbose
`,
  tar: `Usage: tar [OPTION...] [FILE]...
GNU 'tar' saves many files together into a single tape or disk archive.

Examples:
  tar -cf archive.tar foo bar  # Create archive.tar from files foo and bar.

 Main operation mode:

  -A, --catenate, --concatenate   append tar files to an archive
  -c, --create               create a new archive
`,
  openssl: 'help:\n\nStandard commands\nasn1parse         ca                ciphers           cmp\n',
  'the flags of Go': 'Usage of keep:\n  -name string\n    \tthe name (default "x")\n  -v\tsay more\n',
  'the go command':
    'Go is a tool.\n\nUsage:\n\n\tgo <command> [arguments]\n\nThe commands are:\n\n\tbug         start a bug report\n',
  click: `Usage: keep [OPTIONS] COMMAND [ARGS]...

  Keeps things.

Options:
  --name TEXT     The name.  [required]
  --help          Show this message and exit.

Commands:
  put  Store it.
`,
  'urfave/cli': `NAME:
   keep - keeps things

USAGE:
   keep [global options] command [command options]

COMMANDS:
   put, p   store it
   help, h  Shows a list of commands or help for one command

GLOBAL OPTIONS:
   --help, -h  show help
`,
  yargs: `keep <command>

Commands:
  keep put <name>  store it

Options:
      --version  Show version number                                   [boolean]
      --help     Show help                                             [boolean]
`,
  '.NET': `Description:
  Keeps things

Usage:
  keep [command] [options]

Options:
  --version       Show version information
  -?, -h, --help  Show help and usage information

Commands:
  put <name>  Store it
`,
  oclif: 'Keeps things\n\nVERSION\n  keep/1.0.0\n\nUSAGE\n  $ keep [COMMAND]\n\nCOMMANDS\n  put  store it\n',
  kubectl: `Print things.

Options:
    -A, --all-namespaces=false:
	If present, list them across all namespaces.

Usage:
  kubectl get [(-o|--output=)json|yaml] (TYPE [NAME | -l label] | TYPE/NAME ...) [flags] [options]

Use "kubectl options" for a list of global command-line options (applies to all commands).
`,
  terraform: `Usage: terraform [global options] <subcommand> [args]

The available commands for execution are listed below.

Main commands:
  init          Prepare your working directory for other commands

Global options (use these before the subcommand, if any):
  -chdir=DIR    Switch to a different working directory
`,
  node: `Usage: node [options] [ script.js ] [arguments]
       node inspect [options] [ script.js | host:port ] [arguments]

Options:
  -                                           script read from stdin
  --abort-on-uncaught-exception               aborting instead of exiting
`,
  'a page of the manual': `KEEP(1)                    User Commands                    KEEP(1)

NAME
       keep - keeps things

SYNOPSIS
       keep [OPTION]... [FILE]...

DESCRIPTION
       -a, --all
              all of it
`,
  groff: '.TH KEEP 1\n.SH NAME\nkeep \\- keeps things\n.SH OPTIONS\n.TP\n.B \\-\\-all\nall of it\n',
  'optparse of Python': `Usage: keep [options] file

Options:
  -h, --help            show this help message and exit
  -o OUT, --out=OUT     where
`,
  'two pages in one':
    'usage: keep [-h]\n\noptions:\n  -h, --help  show this help message and exit\n\nusage: keep find [-h]\n\noptions:\n  -h, --help  show this help message and exit\n',
  docopt: 'Usage:\n  keep put <name> [--fast]\n  keep (-h | --help)\n\nOptions:\n  -h --help  Show this screen.\n',
}

describe('readHelp', () => {
  for (const [title, text] of Object.entries(OTHERS)) {
    test(`takes nothing for complete of what is none of its layouts: ${title}`, () => {
      const { style, optionsKnown, commandsKnown, args, commands, options, doubts } = readHelp(text, [])
      assert.deepEqual(
        { style, optionsKnown, commandsKnown, args, commands, options },
        { style: 'other', optionsKnown: false, commandsKnown: false, args: null, commands: [], options: [] },
      )
      assert.deepEqual(doubts, ['its help has a layout that is not read'])
    })
  }

  // A tenth of the answer that is kept of a program, in shapes on which backtracking takes for ever.
  const size = 100_000
  const hostile: Readonly<Record<string, string>> = {
    'brackets that stay open': `Usage: keep [OPTIONS] ${'[<('.repeat(size / 3)}`,
    'a value that stays open': `Usage: keep [OPTIONS]\n\nOptions:\n  --a ${'<a'.repeat(size / 2)}`,
    'names without end': `Usage: keep [OPTIONS]\n\nOptions:\n  --a${', --b'.repeat(size / 5)}`,
    'notes that stay open': `Usage: keep [OPTIONS]\n\nOptions:\n  --a ${'[possible values: [aliases: '.repeat(size / 28)}`,
    spaces: `Usage: keep [OPTIONS]\n\nOptions:\n  --a x${' '.repeat(size)}x\n${'  --a\n'.repeat(1_000)}`,
    'choices that stay open': `Usage: keep [options]\n\nOptions:\n  --a display help for command (choices: ${'"a", '.repeat(size / 5)}`,
    'nested brackets': `usage: keep [-h] ${'[a '.repeat(size / 4)}${']'.repeat(size / 4)}\n\noptions:\n  -h  show this help message and exit\n`,
    'arguments without end': `usage: keep [-h]${' x'.repeat(size / 2)}\n\noptions:\n  -h  show this help message and exit\n`,
    'capitals without end': `Usage:\n  keep ${'X '.repeat(size / 2)}\n\nFlags:\n${'  --a x y'.repeat(size / 9)}\n`,
    'empty lines': `Usage: keep [OPTIONS]\n${'\n'.repeat(size)}Options:\n  -h, --help  Print help\n`,
    'no text at all': '\0\x01\xFF'.repeat(size / 3),
  }
  for (const [title, text] of Object.entries(hostile)) {
    test(`ends soon with ${title}`, () => {
      const before = process.cpuUsage()
      readHelp(text, [])
      assert.ok(process.cpuUsage(before).user < 1_000_000)
    })
  }
})
