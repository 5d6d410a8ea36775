import { type ArgumentCheck, ok, problem } from './forms.ts'
import { isNumber, isTime } from './values.ts'

/** The parentheses of `if`, as `ngx_http_rewrite_if_condition` reads them. */
export const condition: ArgumentCheck = args => {
  const text = args.join(' ')
  if (!text.startsWith('(') || !text.endsWith(')')) return 'a condition stands in parentheses'
  const words = [...args]
  if (words[0] === '(') words.shift()
  else words[0] = words[0]!.slice(1)
  if (words.at(-1) === ')') words.pop()
  else words[words.length - 1] = words.at(-1)!.slice(0, -1)
  const [subject = '', operator, ...operands] = words
  if (/^!?-[fdex]$/s.test(subject))
    return problem(operator === undefined || operands.length > 0, 'one path follows the test of a file')
  if (!/^\$./s.test(subject)) return 'it must begin with a variable or a test of a file such as -f'
  if (operator === undefined) return ok
  if (operands.length !== 1) return 'one argument follows the operator'
  return problem(
    !['=', '!=', '~', '~*', '!~', '!~*'].includes(operator),
    'the operator must be one of = != ~ ~* !~ !~*',
  )
}

export const returned: ArgumentCheck = args => {
  const [code = '', text] = args
  if (isNumber(code)) return problem(Number(code) > 999, 'the code has at most three digits')
  const location = /^(?:http:\/\/|https:\/\/|\$scheme)/i.test(code)
  return problem(
    text !== undefined || !location,
    'it needs a code, or a URL that begins with http://, https:// or $scheme',
  )
}

export const errorPage: ArgumentCheck = args => {
  const codes = args.slice(0, -1)
  if (/^=/.test(codes.at(-1) ?? '')) {
    const answer = codes.pop()!
    if (!/^=\d*$/.test(answer)) return 'the code after "=" is no number'
    if (codes.length === 0) return 'no code stands before "="'
  }
  return problem(
    !codes.every(code => isNumber(code) && code !== '499' && Number(code) >= 300 && Number(code) <= 599),
    'every code must be from 300 to 599, and not 499',
  )
}

export const expires: ArgumentCheck = args => {
  const [first = '', second] = args
  if (second !== undefined && first !== 'modified') return 'the first of two arguments can only be "modified"'
  const text = args.at(-1)!
  if (second === undefined && ['epoch', 'max', 'off'].includes(text)) return ok
  if (text.includes('$')) return ok
  const daily = text.startsWith('@')
  if (daily && second !== undefined) return 'a time of the day cannot follow "modified"'
  return problem(!isTime(text.replace(/^[@+-]/, ''), 'seconds'), 'it must be a time, or epoch, max or off')
}
