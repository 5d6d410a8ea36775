import { type AnnouncedCommand, PLACEHOLDER } from './announced.ts'
import { type Held, no, unknown, yes } from './held.ts'

const AND_MORE = /^(…|\.\.\.)$/

interface Reading {
  /** `git` also is `/usr/bin/git`: what is forbidden by its name is so in every directory, what is allowed only where it was said. */
  readonly byName: boolean
}

/** Whether a command begins with these words. */
export function beginsWith(prefix: readonly string[], command: AnnouncedCommand, { byName }: Reading): Held {
  const { argv, text } = command
  if (argv === undefined) return unknown(`only a shell could tell the words of: ${text}`)
  let doubt: string | undefined
  for (const [index, token] of prefix.entries()) {
    const word = argv[index]
    if (word === undefined) return no(`it is shorter: ${text}`)
    if (AND_MORE.test(word)) return unknown(`it is announced as far as ${word} only: ${text}`)
    if (token === '*' || token === word || (byName && index === 0 && token === baseName(word))) continue
    if (!PLACEHOLDER.test(word) || !couldBe(word, token, byName && index === 0))
      return no(`its word ${index + 1} is ${word}, not ${token}: ${text}`)
    doubt ??= word
  }
  if (doubt !== undefined) return unknown(`${doubt} may be anything: ${text}`)
  return yes(`it begins with ${prefix.join(' ')}: ${text}`)
}

/**
 * Whether a command that is really run is one of these words: options may stand before and between them, and nobody knows here which
 * of them takes a value. Whoever forbids is right to mean one too many. An option and its value are two words, or one with `=`.
 *
 * @param programs - what its program is called; the name is enough
 */
export function ranWith(prefix: readonly string[], argv: readonly string[], programs: readonly string[]): boolean {
  const [name, ...tokens] = prefix
  if (name !== '*' && !programs.some(program => name === program || name === baseName(program))) return false
  const words = argv.slice(1)
  // How far each token could have come, one word after the other: no way is gone twice.
  const reached = new Map([[0, new Set([0])]])
  const reach = (at: number, token: number) => {
    if (!reached.has(at)) reached.set(at, new Set())
    reached.get(at)!.add(token)
  }
  for (let at = 0; at <= words.length; at += 1)
    for (const token of reached.get(at) ?? []) {
      if (token === tokens.length) return true
      const [wanted, then] = [tokens[token]!, tokens[token + 1]]
      const [word, next] = [words[at], words[at + 1]]
      if (word === undefined) continue
      if (wanted === '*' || wanted === word) reach(at + 1, token + 1)
      if (wanted === `${word}=${next}`) reach(at + 2, token + 1)
      if (wanted.startsWith('-') && word === `${wanted}=${then}`) reach(at + 1, token + 2)
      if (!word.startsWith('-')) continue
      reach(at + 1, token)
      if (!word.includes('=')) reach(at + 2, token)
    }
  return false
}

/** A word with placeholders is another one for sure when the rest of it does not fit. */
function couldBe(word: string, token: string, byName: boolean): boolean {
  const fits = (text: string) => new RegExp(`^${text.split(PLACEHOLDER).map(escaped).join('.*')}$`, 's').test(token)
  return fits(word) || (byName && PLACEHOLDER.test(baseName(word)) && fits(baseName(word)))
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}

/** Whether whatever begins with one prefix also begins with the other. @param byName - how the wider one is read */
export function covers(wider: readonly string[], narrower: readonly string[], byName: boolean): boolean {
  return wider.every((token, index) => {
    const other = narrower[index]
    if (other === undefined) return false
    return token === '*' || token === other || (byName && index === 0 && token === baseName(other))
  })
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}
