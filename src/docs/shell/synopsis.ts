/** How far a bracket may be from the one that closes it: text that opens thousands of them costs no more than this for each. */
export const REACH = 240

/** Words of the shell after which a command begins. */
const LEADS = new Set('if then else elif while until do in time case coproc function select for'.split(' '))

export const startsWord = (before: string | undefined): boolean => before === undefined || /[\s;&|]/.test(before)
export const endsWord = (after: string | undefined): boolean => after === undefined || /[\s;&|]/.test(after)

/** Whether the shell would begin a command here, so that a bracket or a parenthesis is its own. */
export function beginsCommand(text: string, at: number): boolean {
  let end = at
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) {
    if (at - --end > REACH) return true
  }
  const last = text[end - 1]
  if (last === undefined || /[\n;&|({!]/.test(last)) return true
  return LEADS.has(/(?:^|[\s;&|({!])([a-z]+)$/.exec(text.slice(Math.max(0, end - 9), end))?.[1] ?? '')
}

/** Of the bracket that closes the one at `at` on the same line; -1 where there is none. */
export function closingBracket(text: string, at: number): number {
  let depth = 0
  const end = Math.min(text.length, at + REACH)
  for (let i = at; i < end; i++) {
    const unit = text[i]
    if (unit === '\n' || unit === '"' || unit === "'") return -1
    if (unit === '[') depth++
    else if (unit === ']' && --depth === 0) return i
  }
  return -1
}

/**
 * Whether `[…]` says that a word may be left out. Told from `[ -f x ]` and `[[ … ]]` by what stands before, and from patterns
 * (`[abc]*`) and places in a list (`list[0]`) by what stands beside it; a pattern that is a whole word, `[ab]`, is taken for
 * a synopsis, since documentation has those.
 */
export function isSynopsis(text: string, at: number, end: number): boolean {
  const before = text[at - 1]
  const after = text[end + 1]
  const content = text.slice(at + 1, end)
  if (content.trim() === '' || content.startsWith('[')) return false
  if (!(endsWord(after) || /[\])|[,]/.test(after!) || dotsAt(text, end + 1) > 0)) return false
  if (content.startsWith(' ')) return startsWord(before) && !beginsCommand(text, at)
  return (startsWord(before) || /[[(|\]]/.test(before!)) && (!beginsCommand(text, at) || /^[-<A-Z]/.test(content))
}

/** How many units an ellipsis at `at` has. */
export function dotsAt(text: string, at: number): number {
  if (text[at] === '…') return 1
  return text.startsWith('...', at) && text[at + 3] !== '.' ? 3 : 0
}
