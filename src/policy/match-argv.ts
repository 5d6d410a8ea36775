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
