/** One thing that a completion script for fish offers, and after which sub-commands. */
export interface Offer {
  readonly path: readonly string[]
  readonly option: OfferedOption | null
  /** Sub-commands, or what an option takes. */
  readonly words: readonly string[]
}

export interface OfferedOption {
  readonly names: readonly [string, ...string[]]
  readonly takesValue: boolean
}

/**
 * What a script that clap generated offers. It also lists what help hides.
 *
 * @returns null where the script lists nothing: cobra's asks the program while words are typed
 */
export function readFishCompletion(script: string): readonly Offer[] | null {
  const offers: Offer[] = []
  for (const words of fishCommands(script)) {
    if (words[0] !== 'complete') continue
    const offer = offerOf(words)
    if (offer !== null) offers.push(offer)
  }
  return offers.length > 0 ? offers : null
}

function offerOf(words: readonly string[]): Offer | null {
  const names: string[] = []
  let path: readonly string[] | null = []
  let takesValue = false
  let offered = ''
  for (let at = 1; at < words.length; at++) {
    const word = words[at]!
    if (word === '-r') takesValue = true
    if (!/^-[cnsolad]$/.test(word)) continue
    const value = words[++at]
    if (value === undefined) return null
    if (word === '-n') path = pathOf(value)
    if (word === '-s') names.push(`-${value}`)
    if (word === '-l') names.push(`--${value}`)
    if (word === '-o') names.push(`-${value}`)
    if (word === '-a') offered = value
  }
  if (path === null || /[$(]/.test(offered)) return null
  // Each on a line of its own, behind a tab what it is.
  const list = offered.split(/\s*\n\s*/).map(line => line.split(/\\t|\t/, 1)[0]!.trim())
  const [first, ...others] = names.toSorted((one, other) => other.length - one.length)
  return {
    path,
    option: first === undefined ? null : { names: [first, ...others], takesValue },
    words: list.filter(word => word !== ''),
  }
}

/** `__fish_x_using_subcommand a; and __fish_seen_subcommand_from b; and not …`; null for a condition that is something else. */
function pathOf(condition: string): readonly string[] | null {
  const path: string[] = []
  for (const clause of condition.split(/; *and +/)) {
    if (clause.startsWith('not ')) continue
    const [question = '', ...words] = clause.trim().split(/\s+/)
    if (/^__fish_(?:\w+_needs_command|use_subcommand)$/.test(question)) continue
    if (!/^__fish_(?:\w+_using_subcommand|seen_subcommand_from)$/.test(question) || words.length !== 1) return null
    path.push(words[0]!)
  }
  return path
}

/** Lines of words, quotes removed; a line goes on inside quotes and after a backslash. */
function fishCommands(script: string): string[][] {
  const commands: string[][] = []
  let words: string[] = []
  let word: string | null = null
  let quote = ''
  const endWord = () => {
    if (word !== null) words.push(word)
    word = null
  }
  for (let at = 0; at < script.length; at++) {
    const char = script[at]!
    const next = script[at + 1]
    if (char === '\\' && next !== undefined && (quote === '' || next === quote || next === '\\')) {
      if (next !== '\n') word = (word ?? '') + next
      at++
    } else if (quote !== '') {
      if (char === quote) quote = ''
      else word += char
    } else if (char === '#' && word === null) {
      while (at + 1 < script.length && script[at + 1] !== '\n') at++
    } else if (char === "'" || char === '"') {
      quote = char
      word ??= ''
    } else if (char === '\n' || char === ';') {
      endWord()
      if (words.length > 0) commands.push(words)
      words = []
    } else if (char === ' ' || char === '\t') endWord()
    else word = (word ?? '') + char
  }
  endWord()
  if (words.length > 0 && quote === '') commands.push(words)
  return commands
}
