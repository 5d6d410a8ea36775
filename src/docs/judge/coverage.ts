import type { Finding, RuleId, Severity } from '../finding.ts'
import type { Place } from '../place.ts'
import { templateWord } from '../template.ts'
import type { CommandNode, CommandTree, OptionSpec } from '../tree/tree.ts'
import type { JudgedCommand } from './verdict.ts'
import { walk } from './walk.ts'

/** A command that a runbook or a smoke runs. */
export interface Exercised {
  /** The program first; words whose value is only known when it runs are `<like-this>`. */
  readonly argv: readonly string[]
  readonly at: Place
  /** Id of the runbook. */
  readonly by: string
}

export interface Coverage {
  readonly findings: readonly Finding[]
  readonly programs: readonly ProgramCoverage[]
}

export interface ProgramCoverage {
  readonly program: string
  /** Those that can be run; `help` is not counted. */
  readonly commands: Share
  /** Options of documented commands, those that hold below a command once; those for help and version are not counted. */
  readonly flags: Share
  /** Of the documented commands, those that a runbook runs; null where no runbooks were given. */
  readonly exercised: Share | null
}

export interface Share {
  readonly of: number
  readonly covered: number
}

interface Asked {
  readonly trees: readonly CommandTree[]
  /** Of all pages, in their order. */
  readonly judged: readonly JudgedCommand[]
  /** Null where nothing is known of runbooks. */
  readonly exercised: readonly Exercised[] | null
  /** Files of the pages that were read, at least one. */
  readonly pages: readonly string[]
  /** Also what is a warning; without it only what runbooks need. */
  readonly all: boolean
}

/** A command that can be run, and all above it, the program first. */
interface Leaf {
  readonly path: readonly string[]
  readonly line: readonly CommandNode[]
}

/** Ask for help or for the version everywhere, and are documented once for all programs there are. */
const UNCOUNTED = new Set(['--help', '-h', '--version', '-V'])

/**
 * What no page says of a program: commands and options that are undocumented, what is documented and never run, and what
 * runbooks run that no page has. A finding stands where a reader would add what is missing: at the first documented command that shares most
 * of the way, or else at the top of the first page.
 */
export function findCoverage({ trees, judged, exercised, pages, all }: Asked): Coverage {
  const findings: Finding[] = []
  const programs = trees.map(tree => {
    const documented = judged.filter(({ program }) => program === tree.program)
    const seen = firstByPath(documented)
    const run = exercised?.filter(({ argv }) => baseName(argv[0] ?? '') === tree.program) ?? []
    const runPaths = run.map(one => ({ ...one, path: pathOf(tree, one) }))
    const wasRun = new Set(runPaths.map(({ path }) => key(path)))
    const leaves = leavesOf(tree)
    const tell = (rule: RuleId, severity: Severity, at: Place, message: string) =>
      findings.push({ rule, severity, at, message })

    const toldPaths = new Set<string>()
    for (const { path, at, by } of runPaths) {
      const id = key(path)
      if (seen.has(id) || toldPaths.has(`${by} ${id}`)) continue
      toldPaths.add(`${by} ${id}`)
      tell('runbook-undocumented', 'error', at, `${by} runs ${named(tree, path)}, which no page documents`)
    }

    const covered = leaves.filter(({ path }) => seen.has(key(path)))
    const options = documentedOptions(covered, documented)
    if (all) {
      for (const { path } of leaves)
        if (!seen.has(key(path)))
          tell('command-undocumented', 'warning', nearby(path, seen, pages), `no page documents ${named(tree, path)}`)
      for (const { path, spec, documented: told } of options)
        if (!told) {
          const at = nearby(path, seen, pages)
          tell('flag-undocumented', 'warning', at, `no page documents ${spec.names[0]} of ${named(tree, path)}`)
        }
      if (exercised !== null)
        for (const { path } of covered)
          if (!wasRun.has(key(path)))
            tell('command-unexercised', 'warning', nearby(path, seen, pages), `no runbook runs ${named(tree, path)}`)
    }
    return {
      program: tree.program,
      commands: { of: leaves.length, covered: covered.length },
      flags: { of: options.length, covered: options.filter(one => one.documented).length },
      exercised:
        exercised === null
          ? null
          : { of: covered.length, covered: covered.filter(({ path }) => wasRun.has(key(path))).length },
    }
  })
  return { findings, programs }
}

/** What runbooks run is read as the program would, so that an option before a sub-command hides nothing. */
function pathOf(tree: CommandTree, { argv, at }: Exercised): readonly string[] {
  return walk(tree, argv.slice(1).map(templateWord), at).path
}

/** Commands that can be run. A program without sub-commands is its own only one. */
function leavesOf(tree: CommandTree): readonly Leaf[] {
  const leaves: Leaf[] = []
  const visit = (node: CommandNode, path: readonly string[], above: readonly CommandNode[]): void => {
    const line = [...above, node]
    const below = node.commands.filter(({ name }) => name !== 'help')
    if (below.length === 0 || runsByItself(node, path)) leaves.push({ path, line })
    for (const child of below) visit(child, [...path, child.name], line)
  }
  visit(tree.root, [], [])
  return leaves
}

/** Has commands below it and is one, too. Help of other styles than these does not tell one from a mere group of commands. */
function runsByItself({ style, commandRequired }: CommandNode, path: readonly string[]): boolean {
  return path.length > 0 && !commandRequired && (style === 'clap' || style === 'argparse')
}

interface CountedOption {
  /** Of the topmost command it holds for. */
  readonly path: readonly string[]
  readonly spec: OptionSpec
  readonly documented: boolean
}

/** The options of commands that are documented. One that is repeated from a command above belongs to that one. */
function documentedOptions(leaves: readonly Leaf[], judged: readonly JudgedCommand[]): readonly CountedOption[] {
  /** Options given at a command or anywhere below it, and those that prose names without saying of which command. */
  const given = new Set<string>()
  for (const { path, options } of judged)
    for (let depth = 0; depth <= path.length; depth++)
      for (const option of options) given.add(`${key(path.slice(0, depth))} ${option}`)
  const nameless = new Set(judged.filter(({ path }) => path.length === 0).flatMap(({ options }) => options))
  const counted = new Map<string, CountedOption>()
  for (const { path, line } of leaves)
    for (const spec of line.at(-1)!.options) {
      const [name] = spec.names
      if (spec.names.some(one => UNCOUNTED.has(one))) continue
      let owner = path.length
      while (owner > 0 && line[owner - 1]!.options.some(one => one.names[0] === name)) owner--
      const owning = path.slice(0, owner)
      const id = `${key(owning)} ${name}`
      counted.set(id, { path: owning, spec, documented: given.has(id) || nameless.has(name) })
    }
  return [...counted.values()]
}

function firstByPath(judged: readonly JudgedCommand[]): ReadonlyMap<string, Place> {
  const first = new Map<string, Place>()
  for (const { path, command } of judged) if (!first.has(key(path))) first.set(key(path), command.at)
  return first
}

/** Where most of the way to a command is documented; also one beside it counts, since there a reader looks. */
function nearby(path: readonly string[], seen: ReadonlyMap<string, Place>, pages: readonly string[]): Place {
  for (let depth = path.length; depth > 0; depth--) {
    const prefix = key(path.slice(0, depth))
    const own = seen.get(prefix)
    if (own !== undefined) return own
    for (const [id, place] of seen) if (id.startsWith(`${prefix} `)) return place
  }
  return { file: pages[0] ?? '', line: 1, column: 1, endLine: 1, endColumn: 1 }
}

function named(tree: CommandTree, path: readonly string[]): string {
  return [tree.program, ...path].join(' ')
}

/** Names of commands hold no spaces. */
function key(path: readonly string[]): string {
  return path.join(' ')
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1)
}
