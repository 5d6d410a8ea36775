import type { Directive } from '../ast.ts'
import { bytesOf } from '../bytes.ts'
import { argsOf } from '../directive.ts'
import { placeOf } from '../invalid.ts'
import { matchPattern } from './pattern.ts'
import { capture, type Running } from './running.ts'
import { display, plain } from './value.ts'
import { decide } from './variables.ts'

/** Whether the condition of an `if` holds. What is not known counts as no, and no file is there; both are told. */
export function holds(running: Running, directive: Directive): boolean {
  const words = wordsOf(directive)
  const [first = '', operator, ...rest] = words
  const file = /^(!?)-[fdex]$/.exec(first)
  if (file !== null) {
    running.unsure(
      `taken that the file which if (${words.join(' ')}) asks for is not there (${placeOf(directive.name.at)})`,
    )
    return file[1] === '!'
  }

  const left = decide(running, bytesOf(first))
  const right = decide(running, bytesOf(rest.join(' ')))
  const subject = plain(left)
  const other = operator === '=' || operator === '!=' ? plain(right) : ''
  if (subject === undefined || other === undefined) {
    const unknown = display(subject === undefined ? left : right)
    running.unsure(
      `taken that if (${words.join(' ')}) does not hold: ${unknown} is not known (${placeOf(directive.name.at)})`,
    )
    return false
  }
  if (operator === undefined) return subject !== '' && subject !== '0'
  if (operator === '=') return subject === other
  if (operator === '!=') return subject !== other
  const captures = matchPattern(rest.join(' '), operator.endsWith('*'), subject, running.unsure)
  capture(running, captures)
  return (captures !== undefined) !== operator.startsWith('!')
}

/** What stands between the parentheses, which may stand apart or at the words. */
function wordsOf(directive: Directive): string[] {
  const words = [...argsOf(directive)]
  words[0] = (words[0] ?? '').replace(/^\(/, '')
  if (!(directive.args.at(-1)?.quoted ?? true)) words[words.length - 1] = words.at(-1)!.replace(/\)$/, '')
  // An empty first or last word was a parenthesis; one in the middle is an empty text that is compared with.
  if (words[0] === '' && words.length > 1) words.shift()
  if (words.at(-1) === '' && directive.args.at(-1)?.text === ')') words.pop()
  return words
}
