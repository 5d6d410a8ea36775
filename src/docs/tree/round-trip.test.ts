import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Argument, Command, Option } from 'commander'
import fc from 'fast-check'
import { brief } from './testdata/brief.ts'
import { PROGRAM, type ProgramSpec, type SpecOption } from './testdata/random-program.ts'

type Render = (path: readonly ProgramSpec[]) => string

const wrapped = (text: string, width: number): string[] => {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (lines.at(-1)!.length + word.length >= width) lines.push(word)
    else lines.push(`${lines.pop()} ${word}`.trimStart())
  }
  return lines
}

const inColumns = (rows: readonly (readonly [string, string])[]): string => {
  const column = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows
    .map(([left, right]) => `  ${left.padEnd(column)}${wrapped(right, 50).join(`\n  ${' '.repeat(column)}`)}\n`)
    .join('')
}

const notes = ({ values, kind }: SpecOption) =>
  values === null || kind === 'switch' ? '' : ` [possible values: ${values.join(', ')}]`
const upper = (name: string) => name.replace(/^--/, '').toUpperCase().replaceAll('-', '_')

const clapHead = ({ short, long, kind }: SpecOption) => {
  const value = upper(long)
  const tail = { switch: '', value: ` <${value}>`, many: ` <${value}>...`, maybe: `[=<${value}>]` }[kind]
  return `${short === null ? '   ' : `${short},`} ${long}${tail}`
}

/** Version 4, short help. */
const clap: Render = path => {
  const { about, options, args, commands } = path.at(-1)!
  const usage = [
    ...path.map(({ name }) => name),
    '[OPTIONS]',
    ...options.filter(({ required }) => required).map(({ long }) => `${long} <${upper(long)}>`),
    ...args.map(clapArgument),
    ...(commands.length > 0 ? ['<COMMAND>'] : []),
  ]
  const listed = commands.map(child => [child.name, child.about + aliasNote(child)] as const)
  return [
    `${about}\n\nUsage: ${usage.join(' ')}\n`,
    commands.length > 0 ? `\nCommands:\n${inColumns([...listed, ['help', 'Print this message']])}` : '',
    args.length > 0 ? `\nArguments:\n${inColumns(args.map(arg => [clapArgument(arg), arg.about]))}` : '',
    `\nOptions:\n${inColumns([
      ...options.map(option => [clapHead(option), option.about + notes(option)] as const),
      ['-h, --help', 'Print help'],
    ])}`,
  ].join('')
}

/** Version 4, long help: descriptions and values below. */
const clapLong: Render = path => {
  const { options } = path.at(-1)!
  const text = clap(path)
  const entry = (option: SpecOption) => {
    const values =
      option.values === null || option.kind === 'switch'
        ? ''
        : `\n          Possible values:\n${option.values.map(value => `          - ${value}: ${option.about}\n`).join('')}`
    return `  ${clapHead(option)}\n${wrapped(option.about, 50)
      .map(line => `          ${line}\n`)
      .join('')}${values}\n`
  }
  return `${text.slice(0, text.lastIndexOf('\nOptions:\n'))}\nOptions:\n${options.map(entry).join('')}  -h, --help\n          Print help\n`
}

const clapArgument = ({ name, required, many }: ProgramSpec['args'][number]) =>
  (required ? `<${upper(name)}>` : `[${upper(name)}]`) + (many ? '...' : '')
const aliasNote = ({ aliases }: ProgramSpec) => (aliases.length > 0 ? ` [aliases: ${aliases.join(', ')}]` : '')

const cobra: Render = path => {
  const { about, options, args, commands } = path.at(-1)!
  const line = path.map(({ name }) => name).join(' ')
  const words = args.map(({ name, required, many }) => (required ? `<${name}>` : `[${name}]`) + (many ? '...' : ''))
  const flag = ({ short, long, kind }: SpecOption) => {
    const tail = { switch: '', value: ' string', many: ' strings', maybe: ' string[="x"]' }[kind]
    return `${short === null ? '   ' : `${short},`} ${long}${tail}`
  }
  return [
    `${about}\n\nUsage:\n  ${commands.length > 0 ? `${line} [command]` : [line, ...words, '[flags]'].join(' ')}\n`,
    path.at(-1)!.aliases.length > 0 && path.length > 1
      ? `\nAliases:\n  ${[path.at(-1)!.name, ...path.at(-1)!.aliases].join(', ')}\n`
      : '',
    commands.length > 0 ? `\nAvailable Commands:\n${inColumns(commands.map(child => [child.name, child.about]))}` : '',
    `\nFlags:\n${inColumns([...options.map(option => [flag(option), ` ${option.about}`] as const), ['-h, --help', ' help']])}`,
  ].join('')
}

/** What each layout shows of an option, in the words of `brief`. */
const optionIn = (style: string, { short, long, kind, values, required }: SpecOption): string => {
  const names = short === null ? long : `${long} ${short}`
  const enumerated = values === null || style === 'cobra' ? '' : `{${values.join(',')}}`
  const repeats = style === 'clap' ? '' : '+'
  const shown = required && style !== 'cobra' && style !== 'commander' ? '!' : ''
  if (kind === 'switch') return `${names} ${{ clap: '-', cobra: '==?bool+' }[style] ?? '+'}`
  const value = {
    clap: upper(long),
    cobra: kind === 'many' ? 'strings' : 'string',
    commander: long.slice(2),
    argparse: values === null ? upper(long) : `{${values.join(',')}}`,
  }[style]!
  const mark = kind !== 'maybe' ? '=' : style === 'clap' || style === 'cobra' ? '==?' : '=?'
  return `${names} ${mark}${value}${kind === 'many' && style !== 'cobra' ? '*' : ''}${enumerated}${repeats}${shown}`
}

function expected(style: string, path: readonly ProgramSpec[]) {
  const { options, args, commands, aliases } = path.at(-1)!
  const name = (arg: string) => (style === 'clap' ? upper(arg) : arg)
  const help = `--help -h ${{ clap: '-', cobra: '==?bool+' }[style] ?? '+'}`
  const shown = options.map(option => optionIn(style, option))
  const listed = commands.map(child => [child.name, ...(style === 'cobra' ? [] : child.aliases)].join('|'))
  const unnamed = style === 'cobra' && args.length === 0 && commands.length === 0
  const own = path.length > 1 && (style === 'cobra' || style === 'commander') && aliases.length > 0
  return {
    style,
    options: style === 'argparse' ? [help, ...shown] : [...shown, help],
    args: unnamed
      ? null
      : args
          .map(arg => (arg.required ? `<${name(arg.name)}>` : `[${name(arg.name)}]`) + (arg.many ? '*' : ''))
          .join(' '),
    commands: [...listed, ...((style === 'clap' || style === 'commander') && commands.length > 0 ? ['help'] : [])].join(
      ' ',
    ),
    ...(own && { aliases: aliases.join(' ') }),
    ...((style === 'clap' || style === 'cobra') && commands.length > 0 && { commandRequired: true }),
  }
}

function levels(path: readonly ProgramSpec[]): (readonly ProgramSpec[])[] {
  return [path, ...path.at(-1)!.commands.flatMap(child => levels([...path, child]))]
}

function sameAtEachLevel(style: string, spec: ProgramSpec, text: Render): void {
  for (const path of levels([spec])) {
    const words = path.slice(1).map(({ name }) => name)
    assert.deepEqual(brief(text(path), ...words), expected(style, path), text(path))
  }
}

function declared(spec: ProgramSpec, command: Command): Command {
  command.description(spec.about).summary(spec.about)
  for (const { short, long, kind, values, required, about } of spec.options) {
    const value = {
      switch: '',
      value: ` <${long.slice(2)}>`,
      many: ` <${long.slice(2)}...>`,
      maybe: ` [${long.slice(2)}]`,
    }[kind]
    const option = new Option(`${short === null ? '' : `${short}, `}${long}${value}`, about)
    if (values !== null && kind !== 'switch') option.choices(values)
    command.addOption(option.makeOptionMandatory(required))
  }
  for (const { name, required, many, about } of spec.args) {
    const inner = many ? `${name}...` : name
    command.addArgument(new Argument(required ? `<${inner}>` : `[${inner}]`, about))
  }
  for (const child of spec.commands) {
    const below = command.command(child.name)
    for (const alias of child.aliases) below.alias(alias)
    declared(child, below)
  }
  return command
}

const python = spawnSync('python3', ['-c', 'import argparse, sys; sys.exit(sys.version_info < (3, 9))']).status === 0

describe('help that is rendered from a program reads back as that program', () => {
  const renderers: readonly (readonly [string, string, Render])[] = [
    ['clap, short', 'clap', clap],
    ['clap, long', 'clap', clapLong],
    ['cobra', 'cobra', cobra],
  ]
  for (const [title, style, render] of renderers) {
    test(title, () =>
      fc.assert(
        fc.property(PROGRAM, spec => sameAtEachLevel(style, spec, render)),
        { numRuns: 100 },
      ),
    )
  }

  test('commander, by commander itself', () =>
    fc.assert(
      fc.property(PROGRAM, spec => {
        const program = declared(spec, new Command(spec.name))
        sameAtEachLevel('commander', spec, path =>
          path
            .slice(1)
            .reduce((command, { name }) => command.commands.find(one => one.name() === name)!, program)
            .helpInformation(),
        )
      }),
      { numRuns: 60 },
    ))

  test('argparse, by argparse itself', { skip: python ? false : 'this machine has no python3' }, () => {
    const specs = fc.sample(PROGRAM, 60)
    const printed = execFileSync('python3', [join(import.meta.dirname, 'testdata/argparse-levels.py')], {
      input: JSON.stringify(specs),
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
      env: { PATH: process.env.PATH, COLUMNS: '80', PYTHONIOENCODING: 'utf-8', NO_COLOR: '1' },
    })
    const helps: Record<string, string>[] = JSON.parse(printed)
    for (const [at, spec] of specs.entries()) {
      sameAtEachLevel(
        'argparse',
        spec,
        path =>
          helps[at]![
            path
              .slice(1)
              .map(({ name }) => name)
              .join(' ')
          ]!,
      )
    }
  })
})
