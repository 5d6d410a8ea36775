import { bytesOf } from '../bytes.ts'

/** The target of a request as nginx takes it apart. Texts hold bytes, one a character. */
export interface Target {
  /** As sent, with its query. */
  readonly unparsed: string
  /** Decoded, with `.` and `..` resolved; what locations are matched against. */
  readonly uri: string
  readonly args: string
  /** Whether there was a percent-encoded byte. */
  readonly quoted: boolean
  readonly plus: boolean
}

/**
 * The path of a request as nginx reads it, `ngx_http_parse_complex_uri`.
 *
 * @returns undefined for one that nginx answers with 400
 */
export function parseTarget(path: string, mergeSlashes: boolean): Target | undefined {
  const unparsed = bytesOf(path)
  if (!unparsed.startsWith('/') || /[\0-\x20\x7f]/.test(unparsed)) return undefined
  const target = { unparsed, quoted: false, plus: false, args: '' }
  let uri = ''
  /** What the last segment could be: none began, `.`, `..`, or anything else. */
  let segment: 'none' | 'dot' | 'dots' | 'other' = 'other'
  let at = 0

  for (; at < unparsed.length; at++) {
    let char = unparsed[at]!
    let decoded = false
    if (char === '%') {
      const hex = /^[0-9a-f]{2}/i.exec(unparsed.slice(at + 1, at + 3))?.[0]
      if (hex === undefined || hex === '00') return undefined
      target.quoted = true
      decoded = true
      at += 2
      char = String.fromCharCode(Number.parseInt(hex, 16))
    }
    // An encoded slash or dot is one like any other; an encoded `?`, `#` or `%` is not.
    if (decoded && /[?#%]/.test(char)) {
      uri += char
      segment = 'other'
      continue
    }
    if (char === '+') target.plus = true
    if (char === '/' || char === '?' || char === '#') {
      if (segment === 'dots') {
        const parent = parentOf(uri)
        if (parent === undefined) return undefined
        uri = parent
      } else if (segment === 'dot') uri = uri.slice(0, -1)
      if (char !== '/') break
      const again = segment === 'none' && mergeSlashes
      if (segment === 'other' || (segment === 'none' && !again)) uri += '/'
      segment = 'none'
      continue
    }
    uri += char
    if (char === '.' && segment === 'none') segment = 'dot'
    else if (char === '.' && segment === 'dot') segment = 'dots'
    else segment = 'other'
  }

  if (at >= unparsed.length) {
    if (segment === 'dot') uri = uri.slice(0, -1)
    else if (segment === 'dots') {
      const parent = parentOf(uri)
      if (parent === undefined) return undefined
      uri = parent
    }
  } else if (unparsed[at] === '?') target.args = unparsed.slice(at + 1).split('#', 1)[0]!
  return { ...target, uri }
}

/** Without `name/..` at its end, `..` being the last two characters. */
function parentOf(uri: string): string | undefined {
  const slash = uri.lastIndexOf('/', uri.length - 4)
  return uri.length < 4 || slash < 0 ? undefined : uri.slice(0, slash + 1)
}

// `ngx_escape_uri` of 1.22 for paths and for arguments.
const IN_PATH = /[\0-\x20"#%<>?\\^`{|}\x7f-\xff]/g
const IN_ARGS = /[\0-\x20"#%&+;<>?\\^`{|}\x7f-\xff]/g

export function escapePath(uri: string): string {
  return uri.replace(IN_PATH, escapeByte)
}

export function escapeArgs(text: string): string {
  return text.replace(IN_ARGS, escapeByte)
}

function escapeByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
