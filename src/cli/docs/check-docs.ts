import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { findPages, readPageFile } from '../../adapters/docs-files.ts'
import { files } from '../../adapters/files.ts'
import { findConfig, readConfigFile } from '../../adapters/own-config.ts'
import { repositoryFiles } from '../../adapters/repository-files.ts'
import { shownPath } from '../../adapters/shown-path.ts'
import { beginCheck } from '../../docs/check.ts'
import type { Checked, KnownProgram } from '../../docs/checked.ts'
import { type DocsConfig, readConfig } from '../../docs/config.ts'
import type { Ignores } from '../../docs/ignores.ts'
import type { JsonDocument } from '../../docs/references/json-document.ts'
import { annotationLines } from '../../docs/report/annotations.ts'
import { checkedDocument } from '../../docs/report/document.ts'
import { checkedLines } from '../../docs/report/lines.ts'
import { checkedSarif } from '../../docs/report/sarif.ts'
import { dayOf } from '../../findings/accepted.ts'
import type { Sources } from '../../findings/excerpt.ts'
import { RunproofError } from '../../model/error.ts'
import { isWithin } from '../../model/within.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { DocsCheckFlags, DocsFormat } from '../commands/docs.ts'
import { interruptible } from '../interrupt.ts'
import { version } from '../version.ts'
import { namedBinary, readSavedTrees } from './docs-programs.ts'

const WIDTH = 80

/**
 * Checks pages and prints or writes what was found.
 *
 * @returns the exit code: 1 for findings at the level that fails, 3 where no command was judged
 */
export async function checkDocs(words: readonly string[], flags: DocsCheckFlags): Promise<number> {
  const { text, exitCode } = await docsResult(words, flags, { cwd: process.cwd(), env: process.env })
  if (flags.output === undefined) process.stdout.write(text)
  else await files.write(flags.output, text)
  return exitCode
}

interface Place {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** What would be printed. */
export async function docsResult(
  words: readonly string[],
  flags: DocsCheckFlags,
  { cwd, env }: Place,
): Promise<{ readonly text: string; readonly exitCode: Checked['exitCode'] }> {
  const found = findPages(words, cwd)
  const config = configFor(flags, cwd)
  const given = await settingsOf(flags, config, cwd)
  const known = await programsFor(flags, config, { cwd, env })
  assertKnown(flags.program, known)
  const checking = beginCheck({
    ...given,
    files: repositoryFiles(given.root),
    known,
    exercised: flags.runbooks === true ? await exercised() : null,
    coverage: flags.coverage === true,
    failOn: flags.failOn,
  })
  for (const { shown, why } of found.passedOver) checking.passedOver(shown, why)
  for (const page of found.pages) {
    const bytes = bytesOf(page, why => checking.unreadable(page.shown, why))
    if (bytes !== undefined) checking.page(page.shown, below(given.root, page.path), bytes)
  }
  const { checked, sources } = checking.finish()
  const format = flags.json === true ? 'json' : (flags.format ?? usualFormat(flags, env))
  return { text: render(format, checked, sources, flags.verbose === true), exitCode: checked.exitCode }
}

/** A name that was mistyped would leave all code in prose unread. Without any program there is nothing to hold it against. */
function assertKnown(programs: readonly string[], known: readonly KnownProgram[]): void {
  const names = known.map(({ tree }) => tree.program)
  const unknown = programs.find(name => !names.includes(name))
  if (unknown === undefined || names.length === 0) return
  throw new RunproofError('USAGE', `--program: there is no command tree of ${unknown}, only of ${names.join(', ')}`, {
    hint: `--binary ${unknown}=PATH`,
  })
}

/** Planning them loads them all. */
async function exercised() {
  const { exercisedByRunbooks } = await import('./exercised.ts')
  return exercisedByRunbooks()
}

interface Config extends DocsConfig {
  readonly directory: string
}

function configFor({ config }: DocsCheckFlags, cwd: string): Config | undefined {
  if (config === false) return undefined
  const found = typeof config === 'string' ? readConfigFile(path.resolve(cwd, config)) : findConfig(cwd)
  if (found === undefined) return undefined
  return { ...readConfig(shownPath(found.file, cwd), found.text), directory: path.dirname(found.file) }
}

/** Paths that flags give, from the working directory, go before those that a configuration names, from its own. */
function pathsOf(
  given: readonly string[],
  config: Config | undefined,
  member: 'trees' | 'samples' | 'schemas',
  cwd: string,
): readonly string[] {
  if (given.length > 0) return given.map(name => path.resolve(cwd, name))
  return config === undefined ? [] : config[member].map(name => path.resolve(config.directory, name))
}

/** What was given by flags goes before what a configuration says. */
async function settingsOf(flags: DocsCheckFlags, config: Config | undefined, cwd: string) {
  const root =
    flags.root !== undefined
      ? path.resolve(cwd, flags.root)
      : config === undefined
        ? checkoutOf(cwd)
        : path.resolve(config.directory, config.root ?? '.')
  if (!existsSync(root)) throw new RunproofError('USAGE', `there is no ${root} to look for files in`)
  const ignores: Ignores | undefined =
    config === undefined
      ? undefined
      : {
          list: config.ignore,
          today: dayOf(new Date()),
          named: file => path.relative(config.directory, path.resolve(cwd, file)),
        }
  return {
    root,
    ignores,
    programs: flags.program.length > 0 ? flags.program : (config?.programs ?? []),
    forbidden: config?.forbidden ?? [],
    documents: [
      ...(await documents('sample', pathsOf(flags.sample, config, 'samples', cwd))),
      ...(await documents('schema', pathsOf(flags.schema, config, 'schemas', cwd))),
    ],
  }
}

/** The directory of the checkout that contains a directory; itself where there is none. */
function checkoutOf(directory: string): string {
  for (let place = directory; place !== path.dirname(place); place = path.dirname(place))
    if (existsSync(path.join(place, '.git'))) return place
  return directory
}

async function documents(form: JsonDocument['form'], paths: readonly string[]): Promise<readonly JsonDocument[]> {
  return Promise.all(
    paths.map(async file => ({
      name: path.basename(file).replace(/(\.schema)?\.json$/, ''),
      form,
      value: await files.readJson(file),
    })),
  )
}

/** Programs that are asked go before trees of them that a configuration names. */
async function programsFor(
  flags: DocsCheckFlags,
  config: Config | undefined,
  { cwd, env }: Place,
): Promise<readonly KnownProgram[]> {
  const saved = await readSavedTrees(pathsOf(flags.tree, config, 'trees', cwd), file => shownPath(file, cwd))
  const asked = flags.binary.length === 0 ? [] : await askAll(flags, env)
  const names = new Set(asked.map(({ tree }) => tree.program))
  return [...asked, ...saved.filter(({ tree }) => !names.has(tree.program))]
}

async function askAll(
  { binary, allowUnsandboxed = false }: DocsCheckFlags,
  env: NodeJS.ProcessEnv,
): Promise<readonly KnownProgram[]> {
  const named = binary.map(namedBinary)
  const twice = named.find(({ name }, index) => named.findIndex(one => one.name === name) !== index)
  if (twice !== undefined)
    throw new RunproofError('USAGE', `--binary: ${twice.name} was given twice`, { hint: '--binary NAME=PATH' })
  // What holds a program brings much with it that reading pages needs none of.
  const { askTree } = await import('./ask-tree.ts')
  const { keptTrees } = await import('./kept-trees.ts')
  using interrupt = interruptible(process, () => {})
  const kept = keptTrees(env)
  const known: KnownProgram[] = []
  for (const one of named) known.push(await askTree(one, { allowUnsandboxed, signal: interrupt.signal, kept }))
  return known
}

function bytesOf(page: Parameters<typeof readPageFile>[0], unreadable: (why: string) => void): Uint8Array | undefined {
  try {
    return readPageFile(page)
  } catch (thrown) {
    if (!(thrown instanceof RunproofError)) throw thrown
    unreadable(thrown.message)
    return undefined
  }
}

/** The path of a file below a directory, with `/`; undefined where it is not there. */
function below(directory: string, file: string): string | undefined {
  return isWithin(file, directory) ? path.relative(directory, file) : undefined
}

/** Annotations are for the runner, who reads no files. */
function usualFormat({ output }: DocsCheckFlags, env: NodeJS.ProcessEnv): DocsFormat {
  return env['GITHUB_ACTIONS'] === 'true' && output === undefined ? 'github' : 'pretty'
}

function render(format: DocsFormat, checked: Checked, sources: Sources, verbose: boolean): string {
  if (format === 'json') return `${JSON.stringify(checkedDocument(checked), null, 2)}\n`
  if (format === 'sarif') return `${JSON.stringify(checkedSarif(checked, sources, version()), null, 2)}\n`
  const pretty = checkedLines(checked, sources, { width: WIDTH, verbose })
  const lines = format === 'github' ? [...unheeded(pretty), ...annotationLines(checked)] : pretty
  return lines.map(line => `${terminalLine(line)}\n`).join('')
}

/** The runner takes no command from what pages say: it goes on listening at a word that nobody could have foreseen. */
function unheeded(lines: readonly string[]): readonly string[] {
  const word = randomUUID()
  return [`::stop-commands::${word}`, ...lines, `::${word}::`]
}
