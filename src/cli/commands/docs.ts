import { Command, Option } from 'commander'
import { stale, write } from '../docs/docs-upkeep.ts'
import { collect } from '../options.ts'

const EXAMPLES = `
Examples:
  runproof docs check README.md docs --binary build/deployctl
  runproof docs check 'docs/**/*.md' --tree docs/trees --format sarif --output docs.sarif`

const TREE_EXAMPLES = `
Examples:
  runproof docs tree --binary build/deployctl --output docs/trees/deployctl/1.4.0.json
  runproof docs tree --binary deploy=/usr/bin/deployctl`

const check = new Command('check')
  .summary('whether the commands of pages are commands that the program has')
  .description(
    'Reads Markdown and MDX, takes every command out of it, and holds it against the command tree of the program: what its help says, asked without letting it act.',
  )
  .argument('<page...>', 'files, directories (.md, .mdx, .markdown below them) and quoted patterns; .txt where named')
  .option('--program <name>', 'what pages mean where code in prose names no program; repeatable', collect, [])
  .option('--binary <[name=]path>', 'a program to ask; the name is what pages call it; repeatable', collect, [])
  .option(
    '--tree <path>',
    'a saved command tree, or a directory of them: the newest of each program; repeatable',
    collect,
    [],
  )
  .option('--allow-unsandboxed', 'ask more than the top-level help where nothing here can hold a program')
  .option('--coverage', 'also what no page says of the programs')
  .option(
    '--runbooks',
    'also what runbooks and smoke suites run and no page says; with --coverage, what none of them runs',
  )
  .option('--sample <file>', 'a JSON document whose members pages name; repeatable', collect, [])
  .option('--schema <file>', 'its JSON Schema; repeatable', collect, [])
  .option(
    '--root <dir>',
    'what files that pages name are looked for in (default: of the configuration, or the checkout)',
  )
  .option('--config <file>', 'instead of the runproof.config.json at or above the working directory')
  .option('--no-config', 'take no configuration')
  .addOption(
    new Option('--format <format>', 'of the result (default: pretty; github where GitHub Actions runs it)').choices([
      'pretty',
      'json',
      'sarif',
      'github',
    ]),
  )
  .option('--output <file>', 'write the result there (0600) instead of to standard output')
  .addOption(new Option('--fail-on <level>', 'the level that fails').choices(['error', 'warning']).default('error'))
  .option('--verbose', 'each piece of code that was not judged, instead of how many')
  .option('--json', 'as --format json; errors as JSON on standard error')
  .addHelpText(
    'after',
    `${EXAMPLES}

A program is never called without a word, and never by a word that could be an order; it has no network, no home and
nothing to write to. Its tree is kept by its digest, so that it is asked once.

Configuration, where each member may be left out; paths are from its directory, and flags go before it:
  {"docs": {"programs": ["deployctl"], "trees": ["docs/trees"], "root": ".", "samples": [], "schemas": [],
    "forbidden": [{"fragment": "/home/", "reason": "pages name no home"}],
    "ignore": [{"rule": "unknown-flag", "page": "docs/old/**", "command": "deployctl push",
      "reason": "until 2.0 is out", "expires": "2027-01-31"}]}}

Here 0 is: nothing was found at the level that fails. 1: something was. 2: a page or pattern that is not there.
3: not one command was judged, or a program, tree or configuration cannot be read. Findings that are ignored do not
fail, until the day that was given for them.`,
  )
  .action(async (words: readonly string[], flags: DocsCheckFlags) => {
    const { checkDocs } = await import('../docs/check-docs.ts')
    process.exitCode = await checkDocs(words, flags)
  })

const tree = new Command('tree')
  .summary('ask a program for its commands and save them, so that pages can be checked without it')
  .requiredOption('--binary <[name=]path>', 'the program; the name is what pages call it')
  .option('--output <file>', 'write the tree there (default: to standard output)')
  .option('--allow-unsandboxed', 'ask more than the top-level help where nothing here can hold a program')
  .option('--json', 'errors as JSON on standard error')
  .addHelpText(
    'after',
    `${TREE_EXAMPLES}

Here 0 is: the tree was read. What could not be read of it is in it, and told on standard error.`,
  )
  .action(async (flags: DocsTreeFlags) => {
    const { saveTree } = await import('../docs/docs-tree.ts')
    process.exitCode = await saveTree(flags)
  })

export default new Command('docs')
  .summary('whether documentation says what the program does')
  .addCommand(check)
  .addCommand(tree)
  .addCommand(write)
  .addCommand(stale)
  .addHelpText('after', EXAMPLES)

export type DocsFormat = 'pretty' | 'json' | 'sarif' | 'github'

export interface DocsCheckFlags {
  readonly program: readonly string[]
  readonly binary: readonly string[]
  readonly tree: readonly string[]
  readonly allowUnsandboxed?: boolean
  readonly coverage?: boolean
  readonly runbooks?: boolean
  readonly sample: readonly string[]
  readonly schema: readonly string[]
  readonly root?: string
  /** False: none is to be looked for. */
  readonly config: string | boolean
  readonly format?: DocsFormat
  readonly output?: string
  readonly failOn: 'error' | 'warning'
  readonly verbose?: boolean
  readonly json?: boolean
}

export interface DocsTreeFlags {
  readonly binary: string
  readonly output?: string
  readonly allowUnsandboxed?: boolean
  readonly json?: boolean
}
