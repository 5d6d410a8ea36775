import type { DocumentedCommand, Word } from '../command.ts'
import type { CommandTree } from '../tree/tree.ts'
import type { Judged } from './judge-command.ts'
import { childOf } from './whereabouts.ts'

// Prose sets more as code than what is typed: releases, messages, what comes of a command, programs that share a name.

/** `deployctl 1.4`, `deployctl v2`: a release of the program, unless it takes such a word. */
export function isNamedVersion({ root }: CommandTree, [, word, ...more]: readonly Word[]): boolean {
  if (word === undefined || more.length > 0 || (root.args !== null && root.args.length > 0)) return false
  return /^(?:v\d+(?:\.[\dx]+)*|\d+(?:\.[\dx]+)+|\d+)(?:[+-][\w.-]*)?$/.test(word.source)
}

/** `deployctl up: no such environment`. */
export function isMessage({ root }: CommandTree, words: readonly Word[]): boolean {
  const text = words[1]?.source ?? ''
  return text.endsWith(':') && childOf(root, text.slice(0, -1)) !== undefined
}

/** `deployctl up prod → ready`: what comes of it is no part of it. The same list where there is no arrow. */
export function beforeArrow(words: readonly Word[]): readonly Word[] {
  const arrow = words.findIndex(({ source }) => /^[→⇒➜⟶]$/.test(source))
  return arrow > 0 ? words.slice(0, arrow) : words
}

/** `nginx -t` beside a sub-command `nginx`: a program of its own, by an option of one letter right after it. */
export function isNamesake({ words }: DocumentedCommand, { findings, judged }: Judged): boolean {
  const [only] = findings
  if (only?.rule !== 'unknown-flag' || judged.path.length !== 1) return false
  return only.at.column === words[1]?.at.column && /^-\w/.test(words[1].source)
}
