import { posix } from 'node:path'
import type { RepositoryFiles } from '../../model/repository-files.ts'
import type { DocumentedCommand, Unjudged, Word } from '../command.ts'
import { literal } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Page } from '../page/page.ts'
import type { Place } from '../place.ts'
import { linkTarget } from './link-target.ts'
import { madeBy } from './made-files.ts'
import { nearestFile } from './nearest-file.ts'
import type { References } from './references.ts'
import { below, isRelativePath } from './relative-path.ts'
import { directoryOf, filesOf } from './run-files.ts'
import { checkSyntax, type Syntax } from './script-syntax.ts'
import { pathsInSpan } from './span-paths.ts'

/** What each file that was parsed is worth: a thousand pages name the same script. */
const known = new WeakMap<RepositoryFiles, Map<string, Syntax>>()

/**
 * Files and scripts that a page names, held against what there is: scripts that its commands run, files that its code names, and
 * relative links. Scripts of a shell and settings that commands name also have to parse. Only what is plainly of the repository
 * is judged, and nothing that the page makes itself.
 *
 * @param path - where the page stands below the root of `files`; undefined where it does not, and then its links are unjudged
 * @param commands - all of the page, of any program, in its order
 */
export function checkFiles(
  page: Page,
  path: string | undefined,
  commands: readonly DocumentedCommand[],
  files: RepositoryFiles,
): References {
  const home = path === undefined ? undefined : posix.dirname(path)
  const made = madeBy(commands)
  const findings: Finding[] = []
  const unjudged: Unjudged[] = []
  const parsed = new Set<string>()
  let judged = 0

  const find = (text: string, bases: readonly string[]): string | undefined =>
    bases.map(base => below(base, text)).find(one => one !== undefined && files.kindOf(one) !== undefined)

  const miss = (text: string, base: string, at: Place, { quote = '', end = '' } = {}) => {
    const meant = below(base, text)
    const near = meant === undefined || meant === '' ? undefined : nearestFile(files, meant)
    findings.push({
      rule: 'file-missing',
      severity: 'error',
      at,
      message: `there is no \`${text}\``,
      ...(near === undefined ? {} : { suggestion: `${quote}${asWritten(text, near, base)}${end}${quote}` }),
    })
  }

  const parse = (found: string, word: Word) => {
    if (parsed.has(found) || files.kindOf(found) !== 'file') return
    parsed.add(found)
    const syntax = syntaxOf(files, found)
    if (syntax.is === 'unjudged')
      unjudged.push({ source: word.source, why: `it exists, and ${syntax.why}`, at: word.at })
    if (syntax.is === 'wrong')
      findings.push({
        rule: 'script-broken',
        severity: 'error',
        at: word.at,
        message: `${found} does not parse, line ${syntax.line}: ${syntax.why}`,
      })
  }

  let directory: { readonly heading: string; readonly path: string | undefined } = { heading: '', path: '' }
  for (const command of commands) {
    if (command.from !== 'fence') continue
    if (command.heading !== directory.heading) directory = { heading: command.heading, path: '' }
    const to = directoryOf(command)
    if (to !== undefined) {
      const text = literal(to)
      const next = text === undefined || directory.path === undefined ? undefined : below(directory.path, text)
      const known = next !== undefined && files.kindOf(next) === 'directory'
      directory = { heading: command.heading, path: known ? next : undefined }
      continue
    }
    const bases = [directory.path ?? '', '', ...(home === undefined ? [] : [home])]
    for (const { word, use } of filesOf(command)) {
      const text = literal(word)
      if (text === undefined) {
        if (use === 'run') unjudged.push({ source: word.source, why: 'its file is left to the reader', at: word.at })
        continue
      }
      if (made(below('', text) ?? text)) continue
      const found = find(text, bases)
      if (found !== undefined) {
        judged++
        parse(found, word)
      } else if (directory.path === undefined) {
        if (use === 'run')
          unjudged.push({
            source: word.source,
            why: 'it follows a cd to a directory that is not of the repository',
            at: word.at,
          })
      } else if (below(directory.path, text) === undefined) {
        if (use === 'run') unjudged.push({ source: word.source, why: 'it leads out of the repository', at: word.at })
      } else if (use === 'run' || (use === 'read' && isRelativePath(text) && firstFolderExists(files, bases, text))) {
        judged++
        miss(text, directory.path, word.at, { quote: /^["']/.exec(word.source)?.[0] ?? '' })
      }
    }
  }

  for (const snippet of page.snippets) {
    if (snippet.kind !== 'inline') continue
    for (const { text, at, sure } of pathsInSpan(page.file, snippet)) {
      const bases = ['', ...(home === undefined ? [] : [home])]
      if (made(below('', text) ?? text)) continue
      if (find(text, bases) !== undefined) judged++
      else if (below('', text) !== undefined && (sure || firstFolderExists(files, bases, text))) {
        judged++
        miss(text, '', at)
      }
    }
  }

  for (const link of page.links) {
    const target = linkTarget(link.url, page.form)
    if (target === undefined) continue
    if (home === undefined || below(home, target.path) === undefined) {
      unjudged.push({ source: link.url, why: 'it leads out of the repository', at: link.at })
    } else if (target.forms.some(form => find(form, [home]) !== undefined)) {
      judged++
    } else if (target.byRouter) {
      unjudged.push({ source: link.url, why: 'it has no extension, so it is up to the site what it is', at: link.at })
    } else {
      judged++
      miss(target.path, home, link.at, { end: link.url.slice(link.url.search(/[?#]|$/)) })
    }
  }
  return { judged, findings, unjudged }
}

function syntaxOf(files: RepositoryFiles, path: string): Syntax {
  const syntaxes = known.get(files) ?? new Map<string, Syntax>()
  known.set(files, syntaxes)
  let syntax = syntaxes.get(path)
  if (syntax === undefined) {
    const text = files.read(path)
    syntax = text === undefined ? { is: 'unjudged', why: 'it is no text of at most 1 MiB' } : checkSyntax(path, text)
    syntaxes.set(path, syntax)
  }
  return syntax
}

function firstFolderExists(files: RepositoryFiles, bases: readonly string[], text: string): boolean {
  const [first, ...inside] = posix.normalize(text).split('/')
  if (inside.length === 0) return false
  return bases.some(base => {
    const folder = below(base, first!)
    return folder !== undefined && files.kindOf(folder) === 'directory'
  })
}

/** A path below the root, written in the way another one was. */
function asWritten(text: string, path: string, base: string): string {
  const relative = posix.relative(base, path)
  return text.startsWith('./') && !relative.startsWith('.') ? `./${relative}` : relative
}
