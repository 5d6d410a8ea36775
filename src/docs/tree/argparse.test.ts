import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { brief } from './testdata/brief.ts'

const HELP = '--help -h +'

const PROGRAM: readonly (readonly [path: string, expected: object])[] = [
  [
    '',
    {
      options: [HELP, '--version +', '--verbose -v +', '--level -l ={low,high}{low,high}+!'],
      args: '',
      commands: 'put|add|new get own',
    },
  ],
  [
    'put',
    {
      options: [
        HELP,
        '--point =X*+',
        '--stdin +',
        '--value =V+',
        '--names =?NAMES*+!',
        '--tag =TAG*+!',
        '--port =PORT+',
      ],
      args: '<files>*',
      commands: '',
      groups: ['--stdin|--value!'],
    },
  ],
  [
    'get',
    {
      options: [HELP, '--no-color --color +', '--format -f =?{j,k}{j,k}+', '--all -a +', '--none +'],
      args: '<{s,m}{s,m}> [what] [...]*',
      commands: '',
      groups: ['--all|--none'],
    },
  ],
  ['nest', { options: [HELP], args: '', commands: 'two one' }],
  ['nest one', { options: [HELP], args: '', commands: '' }],
  [
    'own',
    {
      options: [HELP],
      args: null,
      commands: '',
      commandsKnown: false,
      doubts: ['the usage line is not understood: keep own FILE, or so'],
    },
  ],
]

const python = spawnSync('python3', ['-c', 'import argparse, sys; sys.exit(sys.version_info < (3, 9))']).status === 0

describe('readHelp of argparse', () => {
  test('reads what argparse itself prints, at every level', {
    skip: python ? false : 'this machine has no python3',
  }, () => {
    const script = join(import.meta.dirname, 'testdata', 'keep.py')
    for (const width of ['60', '100']) {
      const printed = execFileSync('python3', [script], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, COLUMNS: width, LC_ALL: 'C', NO_COLOR: '1' },
      })
      const levels: Record<string, string> = JSON.parse(printed)
      for (const [path, expected] of PROGRAM) {
        const words = path.split(' ').filter(Boolean)
        assert.deepEqual(brief(levels[path]!, ...words), { style: 'argparse', ...expected }, levels[path])
      }
    }
  })

  const cases: readonly (readonly [title: string, path: readonly string[], text: string, expected: object])[] = [
    [
      'Python before 3.10, which calls options optional arguments',
      [],
      'usage: keep [-h] [-o OUT] file [file ...]\n\npositional arguments:\n  file\n\noptional arguments:\n  -h, --help         show this help message and exit\n  -o OUT, --out OUT  where\n',
      { options: [HELP, '--out -o =OUT+'], args: '<file>*', commands: '' },
    ],
    [
      'Python 3.13, which writes the value once',
      [],
      'usage: keep [-h] [-o {a,b}] [files ...]\n\npositional arguments:\n  files\n\noptions:\n  -h, --help         show this help message and exit\n  -o, --out {a,b}  where\n',
      { options: [HELP, '--out -o ={a,b}{a,b}+'], args: '[files]*', commands: '' },
    ],
    [
      'many or none of an argument as Python before 3.9 writes it',
      [],
      'usage: keep [-h] [files [files ...]]\n\npositional arguments:\n  files\n\noptional arguments:\n  -h, --help  show this help message and exit\n',
      { options: [HELP], args: '[files]*', commands: '' },
    ],
    [
      'sub-commands in braces without a line of their own, behind an argument',
      [],
      'usage: python3 -m keep [-h] root {put,get} ...\n\npositional arguments:\n  root\n  {put,get}  what to do\n\noptions:\n  -h, --help  show this help message and exit\n',
      { options: [HELP], args: '<root>', commands: 'put get' },
    ],
    [
      'a sub-command whose usage repeats the arguments of what is above it',
      ['put'],
      'usage: keep root put [-h] [--fast] name\n\npositional arguments:\n  name\n\noptions:\n  -h, --help  show this help message and exit\n  --fast\n',
      { options: [HELP, '--fast +'], args: '<name>', commands: '' },
    ],
    [
      'an exclusive group that an argument belongs to',
      [],
      'usage: keep [-h] (--all | name)\n\npositional arguments:\n  name\n\noptions:\n  -h, --help  show this help message and exit\n  --all\n',
      { options: [HELP, '--all +'], args: '[name]', commands: '' },
    ],
    [
      'arguments whose names have a bar, one of them required',
      [],
      'usage: keep [-h] FROM|URL [FILE|DIR ...]\n\npositional arguments:\n  FROM|URL\n  FILE|DIR\n\noptions:\n  -h, --help  show this help message and exit\n',
      { options: [HELP], args: '<FROM|URL> [FILE|DIR]*', commands: '' },
    ],
    [
      'a usage line that names an option which is not listed',
      [],
      'usage: keep [-h] [--old] --new NEW\n\noptions:\n  -h, --help  show this help message and exit\n',
      {
        options: [HELP],
        args: null,
        commands: '',
        commandsKnown: false,
        doubts: ['the usage line is not understood: keep [-h] [--old] --new NEW'],
      },
    ],
  ]
  for (const [title, path, text, expected] of cases) {
    test(`reads ${title}`, () => assert.deepEqual(brief(text, ...path), { style: 'argparse', ...expected }))
  }
})
