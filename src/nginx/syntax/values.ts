import type { DirectiveSyntax } from '../directives/table.ts'

/** What is wrong with the arguments, without naming them; undefined when they are right. */
export function valueProblem({ kind, values }: DirectiveSyntax, args: readonly string[]): string | undefined {
  const [first = ''] = args
  switch (kind) {
    case 'flag':
      return /^(?:on|off)$/i.test(first) ? undefined : 'it must be "on" or "off"'
    case 'number':
      return numberProblem(first, values)
    case 'size':
      return isSize(first) ? undefined : 'it is no size such as 512, 8k or 1m'
    case 'offset':
      return isOffset(first) ? undefined : 'it is no size such as 512, 8k, 1m or 2g'
    case 'time':
      return isTime(first) ? undefined : 'it is no time such as 500ms, 30s or 1h'
    case 'seconds':
      return isTime(first, 'seconds') ? undefined : 'it is no time in whole seconds such as 30s or 1h'
    case 'buffers':
      return isNumber(first) && Number(first) > 0 && isSize(args[1] ?? '') && parseInt(args[1]!, 10) > 0
        ? undefined
        : 'it must be a number of buffers and their size, such as 8 4k'
    case 'access':
      return args.every(arg => /^(?:user|group|all):(?:rw|r)$/.test(arg))
        ? undefined
        : 'it must be like user:rw group:r'
    case 'one-of':
      return args.length === 1 && !has(values, first) ? `it must be one of ${values.join(', ')}` : undefined
    case 'any-of':
      return args.every(arg => has(values, arg)) ? undefined : `it may only be of ${values.join(', ')}`
    case 'text':
    case 'list':
      return undefined
  }
}

function has(values: readonly string[], arg: string): boolean {
  return values.some(value => value.toLowerCase() === arg.toLowerCase())
}

/** What `ngx_atoi` reads. */
export function isNumber(text: string): boolean {
  return /^\d+$/.test(text) && (text.length < 19 || BigInt(text) < 2n ** 63n)
}

function numberProblem(text: string, [least, most]: readonly string[]): string | undefined {
  if (!isNumber(text)) return 'it is no number'
  if (least !== undefined && (Number(text) < Number(least) || Number(text) > Number(most)))
    return `it must be from ${least} to ${most}`
  return undefined
}

/** What `ngx_parse_size` reads. */
export function isSize(text: string): boolean {
  return scaled(text, /^(\d+)([km]?)$/i)
}

/** What `ngx_parse_offset` reads. */
export function isOffset(text: string): boolean {
  return scaled(text, /^(\d+)([kmg]?)$/i)
}

const SCALE: Readonly<Record<string, bigint>> = { k: 2n ** 10n, m: 2n ** 20n, g: 2n ** 30n }

function scaled(text: string, form: RegExp): boolean {
  const found = form.exec(text)
  if (found === null) return false
  if (text.length < 9) return true
  return BigInt(found[1]!) * (SCALE[found[2]!.toLowerCase()] ?? 1n) < 2n ** 63n
}

/** Units must fall: each may follow only larger ones. A blank ends them. */
const UNITS: readonly string[] = ['', 'y', 'M', 'w', 'd', 'h', 'm', 's', 'ms', ' ']

/** What `ngx_parse_time` reads: of milliseconds, unless whole seconds are asked for. */
export function isTime(text: string, unit?: 'seconds'): boolean {
  let last = UNITS.indexOf(unit === 'seconds' ? '' : 'M')
  let digits = false
  let rest = text
  while (rest !== '') {
    const [whole, number, name] = /^(\d*)(ms|[yMwdhms ]|$) */.exec(rest) ?? []
    if (whole === undefined || number!.length > 15) return false
    digits ||= number !== ''
    if (name !== '') {
      const rank = UNITS.indexOf(name!)
      if (rank <= last || (name === 'ms' && unit === 'seconds')) return false
      // a blank may not follow seconds, as nginx has it
      if (name === ' ' && last >= UNITS.indexOf('s')) return false
      last = rank
    }
    rest = rest.slice(whole.length)
  }
  return digits
}
