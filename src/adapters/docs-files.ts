import { globSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { RunproofError } from '../model/error.ts'
import { errnoOf } from '../model/system-error.ts'
import { readOrdinaryFile } from './ordinary-file.ts'
import { shownPath } from './shown-path.ts'

/** A page that was found; whether it can be read is not known yet. */
export interface FoundPage {
  readonly path: string
  /** From the working directory where it is below that. */
  readonly shown: string
}

export interface FoundPages {
  /** Each once, sorted by what is shown. */
  readonly pages: readonly FoundPage[]
  readonly passedOver: readonly { readonly shown: string; readonly why: string }[]
}

const EXTENSIONS = new Set(['.md', '.mdx', '.markdown'])
const GLOB = /[*?[{]/
/** A page above it is data that has the name of a page. */
const LARGEST_BYTES = 64 * 1024 * 1024

/**
 * Pages that words of a command line name: files as they are, directories with every page below them, patterns. Hidden directories
 * and `node_modules` are left out unless named.
 *
 * @throws RunproofError USAGE for a name that is not there, a pattern that matches nothing, and a directory without pages
 */
export function findPages(words: readonly string[], cwd: string): FoundPages {
  const pages = new Map<string, FoundPage>()
  const passedOver: { shown: string; why: string }[] = []
  const add = (file: string) => {
    const page = { path: file, shown: shownPath(file, cwd) }
    const real = realOf(file)
    // By its own name rather than by that of a link to it, whichever is reached first.
    if (!pages.has(real) || file === real) pages.set(real, page)
  }
  for (const word of words) {
    for (const named of namesOf(word, cwd)) {
      if (isDirectory(named)) {
        const below = walk(named)
        if (below.files.length === 0 && !GLOB.test(word))
          throw new RunproofError('USAGE', `there is no page below ${word}`, {
            hint: 'pages end in .md, .mdx or .markdown; others are read where they are named',
          })
        for (const file of below.files) add(file)
        for (const one of below.passedOver) passedOver.push({ ...one, shown: shownPath(one.shown, cwd) })
      } else add(named)
    }
  }
  if (pages.size === 0) throw new RunproofError('USAGE', `there is no page in ${words.join(', ')}`)
  return { pages: [...pages.values()].sort((a, b) => (a.shown < b.shown ? -1 : 1)), passedOver }
}

function namesOf(word: string, cwd: string): readonly string[] {
  const named = path.resolve(cwd, word)
  if (word === '' || word.includes('\0')) throw new RunproofError('USAGE', 'a page is named by an empty word')
  if (isThere(named)) return [named]
  if (!GLOB.test(word)) throw new RunproofError('USAGE', `there is no ${word}`, { hint: `ls ${path.dirname(word)}` })
  const found = globSync(word, { cwd, exclude: one => leftOut(path.basename(one)) })
  if (found.length === 0) throw new RunproofError('USAGE', `nothing matches ${word}`)
  return found.map(one => path.resolve(cwd, one))
}

/** Also a link that leads nowhere: reading it says so. */
function isThere(file: string): boolean {
  try {
    lstatSync(file)
    return true
  } catch (thrown) {
    return errnoOf(thrown) !== 'ENOENT' && errnoOf(thrown) !== 'ENOTDIR'
  }
}

function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory()
  } catch {
    return false
  }
}

function leftOut(name: string): boolean {
  return name === 'node_modules' || (name.startsWith('.') && name !== '.' && name !== '..')
}

interface Below {
  readonly files: readonly string[]
  readonly passedOver: readonly { readonly shown: string; readonly why: string }[]
}

/** Links to directories are not followed: one may lead back, or to the whole machine. */
function walk(directory: string): Below {
  const files: string[] = []
  const passedOver: { shown: string; why: string }[] = []
  const folders = [directory]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder, passedOver)) {
      const file = path.join(folder, entry.name)
      if (leftOut(entry.name)) continue
      if (entry.isDirectory()) folders.push(file)
      else if (EXTENSIONS.has(path.extname(entry.name).toLowerCase())) files.push(file)
      else if (entry.isSymbolicLink() && isDirectory(file))
        passedOver.push({ shown: file, why: 'a link to a directory, which is not followed: name it to have it read' })
    }
  }
  return { files, passedOver }
}

function entriesOf(folder: string, passedOver: { shown: string; why: string }[]) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (thrown) {
    passedOver.push({ shown: folder, why: `a directory that can't be listed: ${errnoOf(thrown) ?? 'unknown error'}` })
    return []
  }
}

function realOf(file: string): string {
  try {
    return realpathSync.native(file)
  } catch {
    return file
  }
}

/** @throws RunproofError FILE_UNREADABLE */
export function readPageFile({ path: file, shown }: FoundPage): Uint8Array {
  return readOrdinaryFile(file, {
    maxBytes: LARGEST_BYTES,
    limit: `at most ${LARGEST_BYTES} are read of a page`,
    name: shown,
  })
}
