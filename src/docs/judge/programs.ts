import type { DocumentedCommand, Word } from '../command.ts'
import type { CommandTree } from '../tree/tree.ts'
import type { PagePrograms } from './verdict.ts'

/** `deployctl` of `./bin/deployctl` and of `$BIN/deployctl`; undefined where the name is only known when it runs. */
export function programName(word: Word): string | undefined {
  const last = word.pieces.at(-1)
  if (typeof last !== 'string' || word.many) return undefined
  const slash = last.lastIndexOf('/')
  if (word.pieces.length > 1 && slash < 0) return undefined
  return last.slice(slash + 1) || undefined
}

/**
 * Which programs a page speaks of: as it was asked for, or as the page says itself, or those with a tree that its commands begin with.
 *
 * @param commands - those of the page
 * @param trees - by program
 * @param inText - programs with a tree that its lines name where it has no markup
 */
export function pagePrograms(
  asked: readonly string[],
  declared: readonly string[],
  commands: readonly DocumentedCommand[],
  trees: ReadonlyMap<string, CommandTree>,
  inText: () => readonly string[],
): PagePrograms {
  if (asked.length > 0) return { names: asked, from: 'option' }
  if (declared.length > 0) return { names: declared, from: 'front-matter' }
  const named = new Set<string>()
  for (const { words, from } of commands) {
    const name = programName(words[0]!)
    // One word of prose may be the name of anything; in a fence it is run.
    if (name !== undefined && trees.has(name) && (from === 'fence' || words.length > 1)) named.add(name)
  }
  for (const name of inText()) named.add(name)
  return named.size > 0 ? { names: [...named], from: 'page' } : { names: [], from: 'none' }
}
