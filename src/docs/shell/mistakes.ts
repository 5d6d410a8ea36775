import { MARKS } from './marks.ts'

/** What the shell parser says of a mistake, in our words. Undefined where it gave up and nothing needs to be wrong. */
export function sayMistake(message: string): string | undefined {
  const plain = message.replace(/[\uE000-\uE004]+/g, '…').replace(MARKS, '')
  if (/^maximum .* exceeded$/.test(plain)) return undefined
  const [, open] = /^unterminated (.+)$/.exec(plain) ?? []
  if (open !== undefined) return `${/^[aeiou]/i.test(open) ? 'an' : 'a'} ${open} is opened here and never closed`
  const [, missing, opener] = /^expected '([^']+)' to close (.+)$/.exec(plain) ?? []
  if (missing !== undefined) return `\`${missing}\` is missing, which ends ${named(opener!)}`
  const [, unexpected] = /^unexpected (?:token )?'(.*)'/s.exec(plain) ?? []
  if (unexpected === 'newline') return 'the line ends where a shell expects more'
  if (unexpected !== undefined) return `a shell does not expect \`${unexpected}\` here`
  const [, expected] = /^expected (.+)$/.exec(plain) ?? []
  return expected === undefined ? `a shell cannot read this: ${plain}` : `a shell expects ${named(expected)} here`
}

/** `'for'` as code, and everything else with an article. */
function named(text: string): string {
  const article = /^['\d]|^three\b/.test(text) ? '' : /^[aeio]/.test(text) ? 'an ' : 'a '
  return article + text.replace(/'([^']+)'/g, '`$1`')
}
