/** What is wrong with the variables in a text, as `ngx_http_script_compile` reads it. */
export function variablesProblem(text: string): string | undefined {
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at + 1)) {
    const found = /^\$(?:[1-9]|\w+|\{\w+\})/.exec(text.slice(at, at + 1000))
    if (found === null) return 'a "$" is not followed by the name of a variable'
    at += found[0].length - 1
  }
  return undefined
}

/**
 * What is wrong with a regular expression, as far as it can be said without PCRE: brackets, and repetition of nothing.
 *
 * @see https://www.pcre.org/current/doc/html/pcre2pattern.html
 */
export function regexProblem(source: string): string | undefined {
  if (/\\Q|\(\?[a-wyz]*x|\(\?#/.test(source)) return undefined
  let depth = 0
  let repeatable = false
  for (let at = 0; at < source.length; at++) {
    const character = source[at]!
    if (character === '\\') {
      if (++at === source.length) return 'its regular expression ends in a backslash'
      repeatable = true
    } else if (character === '[') {
      const end = endOfClass(source, at)
      if (end === undefined) return 'in its regular expression a "]" is missing'
      at = end
      repeatable = true
    } else if (character === '(') {
      depth++
      // `(?` and `(*` begin groups of their own kind
      if (/[?*]/.test(source[at + 1] ?? '')) at++
      if (source[at] === '?' && !/[-:=!><|P'&R+0-9a-zA-Z^)]/.test(source[at + 1] ?? ''))
        return 'in its regular expression "(?" is followed by nothing that it knows'
      repeatable = false
    } else if (character === ')') {
      if (--depth < 0) return 'in its regular expression a ")" closes nothing'
      repeatable = true
    } else if (/[*+?]/.test(character)) {
      if (!repeatable) return `in its regular expression "${character}" repeats nothing`
      // a second sign makes it lazy or possessive
      if (/[+?]/.test(source[at + 1] ?? '')) at++
      repeatable = false
    } else repeatable = !/[|^$]/.test(character)
  }
  return depth > 0 ? 'in its regular expression a ")" is missing' : undefined
}

/** Of the `]` that closes a class; one right at its beginning is a character. */
function endOfClass(source: string, start: number): number | undefined {
  const found = /^\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]/s.exec(source.slice(start))
  return found === null ? undefined : start + found[0].length - 1
}

/** Directives whose arguments hold variables, with the first argument that does. */
const WITH_VARIABLES: Readonly<Record<string, number>> = {
  access_log: 0,
  add_header: 1,
  add_trailer: 1,
  alias: 0,
  auth_basic: 0,
  auth_basic_user_file: 0,
  error_page: 1,
  fastcgi_cache_key: 0,
  fastcgi_param: 1,
  log_format: 1,
  proxy_cache_key: 0,
  proxy_pass: 0,
  proxy_set_body: 0,
  proxy_set_header: 1,
  return: 1,
  rewrite: 1,
  root: 0,
  scgi_cache_key: 0,
  scgi_param: 1,
  set: 1,
  sub_filter: 0,
  try_files: 0,
  uwsgi_cache_key: 0,
  uwsgi_param: 1,
}

/** Those of which only the first argument does. */
const FIRST_WITH_VARIABLES = new Set(['hash', 'limit_conn_zone', 'limit_req_zone', 'map', 'split_clients'])

/** What is wrong with variables and regular expressions in the arguments of a directive. */
export function textProblem(name: string, args: readonly string[]): string | undefined {
  for (const arg of withVariables(name, args)) {
    const found = variablesProblem(arg)
    if (found !== undefined) return found
  }
  const compared = name === 'if' && args.some(arg => /^(?:!?=|\(?!?-[fdex])$/.test(arg))
  const found = compared ? variablesProblem(conditionOperand(args)) : undefined
  if (found !== undefined) return found
  for (const source of regularExpressions(name, args)) {
    const found = regexProblem(source)
    if (found !== undefined) return found
  }
  return undefined
}

function withVariables(name: string, args: readonly string[]): readonly string[] {
  if (FIRST_WITH_VARIABLES.has(name)) return args.slice(0, 1)
  const first = WITH_VARIABLES[name]
  return first === undefined ? [] : args.slice(first)
}

function regularExpressions(name: string, args: readonly string[]): readonly string[] {
  if (name === 'rewrite') return args.slice(0, 1)
  if (name === 'server_name' || name === 'valid_referers')
    return args.filter(arg => arg.startsWith('~')).map(arg => arg.slice(1))
  if (name === 'location') {
    const [first = '', second] = args
    const found = second === undefined ? /^~\*?(.*)$/s.exec(first)?.[1] : first.startsWith('~') ? second : undefined
    return found === undefined ? [] : [found]
  }
  if (name === 'if') return args.some(arg => /^!?~\*?$/.test(arg)) ? [conditionOperand(args)] : []
  return []
}

/** The last word of a condition, without the parenthesis that may touch it. */
function conditionOperand(args: readonly string[]): string {
  return args.at(-1) === ')' ? (args.at(-2) ?? '') : args.at(-1)!.slice(0, -1)
}
