import type { Word as ShellWord, WordPart } from 'unbash'
import type { Piece, Word } from '../command.ts'
import { leading } from '../leading.ts'
import { BETWEEN, CLOSE, HOLE, hasMark, OPEN, TOKENS } from './marks.ts'
import type { Hole, Masked } from './mask.ts'
import { placeIn, type Source } from './source.ts'

/** A word with its stretch of the source. */
export interface ReadWord {
  readonly word: Word
  readonly from: number
  readonly to: number
}

/** At most so many commands out of the alternatives of one; more are read as a hole. */
const MAX_ALTERNATIVES = 16

/** A mark of alternatives between pieces. */
type Mark = { readonly mark: typeof OPEN | typeof CLOSE | typeof BETWEEN }

/**
 * A word of the shell parser with what it stands for: quotes removed, placeholders and expansions as holes.
 *
 * @returns the word, once for each of its alternatives (`put|get`)
 */
export function readWord(source: Source, masked: Masked, shell: ShellWord): readonly ReadWord[] {
  const { pos: from, end: to } = shell
  const pieces: (Piece | Mark)[] = []
  let many = false
  let optional = masked.optional.some(([start, end]) => start <= from && to <= end)
  let holes = leading(masked.holes, hole => hole.from < from)

  const literal = (value: string) => {
    if (!hasMark(value)) {
      pieces.push(value)
      return
    }
    for (const [token] of value.matchAll(TOKENS)) {
      if (token === HOLE) {
        const hole = masked.holes[holes++]
        if (hole) take(hole)
      } else if (token === OPEN || token === CLOSE || token === BETWEEN) pieces.push({ mark: token })
      else if (!hasMark(token)) pieces.push(token)
    }
  }
  const take = (hole: Hole) => {
    pieces.push({ hole: source.text.slice(hole.from, hole.to) })
    many ||= hole.many
    optional ||= hole.optional && hole.from <= from && to <= hole.to
  }
  const expansion = (part: WordPart, several: boolean) => {
    while (holes < masked.holes.length && masked.holes[holes]!.from < part.end) holes++
    pieces.push({ hole: source.text.slice(part.pos, part.end) })
    many ||= several
  }
  const read = (part: WordPart, quoted: boolean): void => {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        literal(part.value)
        return
      case 'DoubleQuoted':
      case 'LocaleString':
        if (part.parts.length === 0) pieces.push('')
        for (const child of part.parts) read(child, true)
        return
      case 'SimpleExpansion':
      case 'ParameterExpansion':
      case 'CommandExpansion': {
        const whole = part.pos === from && part.end === to
        expansion(part, /^\$(?:[@*]|\{[\w!]*(?:[@*]|\[[@*]\])\})/.test(part.text) || (whole && !quoted))
        return
      }
      case 'ArithmeticExpansion':
      case 'ProcessSubstitution':
        expansion(part, false)
        return
      default:
        // Patterns and braces: the shell makes any number of words of the whole.
        expansion(part, !quoted)
    }
  }

  if (shell.parts === undefined) literal(shell.value)
  else for (const part of shell.parts) read(part, false)

  const alternatives = pieces.some(piece => typeof piece === 'object' && 'mark' in piece)
    ? choices(pieces, source.text.slice(from, to))
    : [pieces as Piece[]]
  const at = placeIn(source, from, to)
  const written = source.text.slice(from, to)
  return alternatives.map(found => ({ word: { pieces: joined(found), many, optional, at, source: written }, from, to }))
}

/** `--as={json|text}` is `--as=json` and `--as=text`; so is `--as=json|text`, where the second lacks the option. */
function choices(pieces: readonly (Piece | Mark)[], written: string): Piece[][] {
  let done: Piece[][] = [[]]
  let group: Piece[][] | undefined
  const marked = pieces.some(piece => typeof piece === 'object' && 'mark' in piece && piece.mark === OPEN)
  for (const piece of marked ? pieces : [{ mark: OPEN } as const, ...pieces, { mark: CLOSE } as const]) {
    if (typeof piece === 'string' || 'hole' in piece) {
      for (const each of group === undefined ? done : [group.at(-1)!]) each.push(piece)
    } else if (piece.mark === OPEN) group = [[]]
    else if (piece.mark === BETWEEN) group?.push([])
    else if (group !== undefined) {
      const all: Piece[][] = group
      if (done.length * all.length > MAX_ALTERNATIVES) return [[{ hole: written }]]
      done = done.flatMap(start => all.map(end => [...start, ...end]))
      group = undefined
    }
  }
  if (group !== undefined || done.some(each => each.length === 0)) return [[{ hole: written }]]
  const [first] = done[0]!
  const option = !marked && typeof first === 'string' ? /^-[^=]*=/.exec(first)?.[0] : undefined
  return option === undefined ? done : done.map((each, index) => (index === 0 ? each : [option, ...each]))
}

function joined(pieces: readonly Piece[]): readonly Piece[] {
  const result: Piece[] = []
  for (const piece of pieces) {
    const last = result.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') result[result.length - 1] = last + piece
    else result.push(piece)
  }
  const filled = result.filter(piece => piece !== '')
  return filled.length > 0 ? filled : ['']
}
