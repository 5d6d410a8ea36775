import { RunproofError } from '../model/error.ts'
import { SHORTEST_SECRET } from '../model/secret.ts'

/** A value to look for, under the name it is reported by. */
export interface KnownValue {
  readonly name: string
  readonly value: string
}

/** One way a value can be written down. */
export interface Form {
  readonly name: string
  readonly bytes: Buffer
  /** Its encoders break lines (base64, base32, hex), so white space inside an occurrence does not hide it. */
  readonly wraps: boolean
}

export interface Forms {
  readonly forms: readonly Form[]
  /** Names of forms left out because fewer than 8 bytes of them are certain. */
  readonly dropped: readonly string[]
}

/** Shorter needles occur by accident. */
export const SHORTEST_FORM = 8

/**
 * Every form of one value worth finding, without duplicates. Line ends at the end of the value do not count: a token file
 * ends with one, the header the token travels in does not.
 *
 * @throws RunproofError SECRET_TOO_SHORT when fewer than 8 characters are left
 */
export function formsOf({ name, value }: KnownValue): Forms {
  const text = value.replace(/[\r\n]+$/, '')
  if (text.length < SHORTEST_SECRET) {
    throw new RunproofError(
      'SECRET_TOO_SHORT',
      `secret ${name} has ${text.length} characters, at least ${SHORTEST_SECRET} are needed`,
      { hint: 'a shorter value occurs by accident; use a longer one' },
    )
  }
  const raw = Buffer.from(text, 'utf8')
  const forms = new Map<string, Form>()
  const dropped: string[] = []

  for (const [form, content, wraps] of candidates(text, raw)) {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
    const key = bytes.toString('latin1')
    if (bytes.length < SHORTEST_FORM) dropped.push(form)
    else if (!forms.has(key)) forms.set(key, { name: form, bytes, wraps: wraps === 'wraps' })
  }
  return { forms: [...forms.values()], dropped }
}

type Candidate = readonly [name: string, content: string | Buffer, wraps?: 'wraps']

function* candidates(text: string, raw: Buffer): Generator<Candidate> {
  const utf16 = Buffer.from(text, 'utf16le')
  yield ['raw', raw]
  yield* pemLines(text)
  yield* hexForms(raw)
  yield* base64Forms('base64', raw)
  yield* base64Forms('base64-utf16', utf16)
  const base32 = base32Interior(raw)
  yield ['base32', base32, 'wraps']
  yield ['base32-lower', base32.toLowerCase(), 'wraps']
  yield* percentForms(text, raw)
  yield* jsonForms(text)
  yield* markupForms(text)
  yield* programForms(text, raw)
  yield ['utf16le', utf16]
  yield ['utf16be', Buffer.from(utf16).swap16()]
  const utf32 = Buffer.from(Uint32Array.from([...text], character => character.codePointAt(0)!).buffer)
  yield ['utf32le', utf32]
  yield ['utf32be', Buffer.from(utf32).swap32()]
  yield ['reversed', [...text].reverse().join('')]
  yield ['reversed-bytes', Buffer.from(raw).reverse()]
  for (const [form, separator] of [
    ['decimal-list', ', '],
    ['decimal-list-dense', ','],
    ['decimal-list-spaced', ' '],
  ] as const) {
    yield [form, [...raw].join(separator)]
  }
}

/** A PEM key is rewrapped, indented and given other line ends on its way; each line of its body gives it away. */
function* pemLines(text: string): Generator<Candidate> {
  if (!text.startsWith('-----BEGIN ')) return
  for (const line of text.split(/\s*\n\s*/))
    if (!line.startsWith('-----') && line.length >= 16) yield ['pem-line', line]
}

function* hexForms(raw: Buffer): Generator<Candidate> {
  const hex = raw.toString('hex')
  yield ['hex', hex, 'wraps']
  yield ['hex-upper', hex.toUpperCase(), 'wraps']
  for (const separator of [':', ' ', '-']) {
    const separated = hex.replaceAll(/..(?!$)/g, `$&${separator}`)
    yield [`hex${separator}`, separated]
    yield [`hex-upper${separator}`, separated.toUpperCase()]
  }
  yield ['hex-words', hex.replaceAll(/....(?!$)/g, '$& ')]
}

/**
 * What precedes the value shifts its bits by 0, 2 or 4 within a character, so there are three encodings of it. Only the
 * characters made of the value's bits alone are kept. This covers `Basic` headers too, where a user name precedes.
 */
function* base64Forms(name: string, raw: Buffer): Generator<Candidate> {
  for (const shift of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(shift), raw]).toString('base64')
    const interior = whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + raw.length) * 8) / 6))
    const form = shift === 0 ? name : `${name}+${shift}`
    yield [form, interior, 'wraps']
    yield [form.replace('base64', 'base64url'), interior.replaceAll('+', '-').replaceAll('/', '_'), 'wraps']
    yield [`${form}-percent`, encodeURIComponent(interior)]
    yield [`${form}-percent-lower`, encodeURIComponent(interior).replaceAll(/%../g, lower)]
    yield [`${form}-json-slash`, interior.replaceAll('/', '\\/')]
  }
}

/** RFC 4648 section 6; the last character is left out when it mixes in padding. */
function base32Interior(raw: Buffer): string {
  let bits = ''
  for (const byte of raw) bits += byte.toString(2).padStart(8, '0')
  return (bits.match(/.{5}/g) ?? [])
    .map(group => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group, 2)])
    .join('')
}

/** Encoders differ in what they leave alone; these are the sets in use. */
function* percentForms(text: string, raw: Buffer): Generator<Candidate> {
  const wellFormed = text.toWellFormed()
  const component = encodeURIComponent(wellFormed)
  const strict = component.replaceAll(/[!'()*]/g, character => `%${hexByte(character.charCodeAt(0)).toUpperCase()}`)
  const variants: [string, string][] = [
    ['percent', component],
    ['percent-strict', strict],
    ['percent-path', strict.replaceAll('%2F', '/')],
    ['percent-uri', encodeURI(wellFormed)],
    ['percent-form', new URLSearchParams({ '': wellFormed }).toString().slice(1)],
    ['percent-full', [...raw].map(byte => `%${hexByte(byte).toUpperCase()}`).join('')],
  ]
  for (const [form, encoded] of variants) {
    const inLower = encoded.replaceAll(/%../g, lower)
    yield [form, encoded]
    yield [`${form}-lower`, inLower]
    yield [`${form}-twice`, encoded.replaceAll('%', '%25')]
    yield [`${form}-lower-twice`, inLower.replaceAll('%', '%25')]
  }
}

function* jsonForms(text: string): Generator<Candidate> {
  const minimal = jsonInterior(text)
  const full = [...Array(text.length).keys()].map(index => escapeUnit(text[index]!)).join('')
  const variants: [string, string][] = [
    ['json', minimal],
    ['json-slash', minimal.replaceAll('/', '\\/')],
    ['json-ascii', minimal.replaceAll(/[^ -~]/g, escapeUnit)],
    ['json-ascii-slash', minimal.replaceAll('/', '\\/').replaceAll(/[^ -~]/g, escapeUnit)],
    ['json-html', minimal.replaceAll(/[<>&\u2028\u2029]/g, escapeUnit)],
    ['json-html-quotes', minimal.replaceAll('\\"', '\\u0022').replaceAll(/[<>&'+\u2028\u2029]|[^ -~]/g, escapeUnit)],
    ['json-full', full],
  ]
  for (const [form, escaped] of variants) {
    for (const [suffix, variant] of [
      ['', escaped],
      ['-upper', escaped.replaceAll(/\\u..../g, upperDigits)],
    ] as const) {
      const twice = jsonInterior(variant)
      yield [`${form}${suffix}`, variant]
      yield [`${form}${suffix}-in-json`, twice]
      yield [`${form}${suffix}-in-json-in-json`, jsonInterior(twice)]
    }
  }
}

function jsonInterior(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function* markupForms(text: string): Generator<Candidate> {
  const basic = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  yield ['markup-text', basic]
  for (const double of ['&quot;', '&#34;', '&#x22;']) {
    const quoted = basic.replaceAll('"', double)
    yield ['markup-double-quotes', quoted]
    for (const single of ['&apos;', '&#39;', '&#039;', '&#x27;']) yield ['markup', quoted.replaceAll("'", single)]
  }
  const points = [...text].map(character => character.codePointAt(0)!)
  yield ['markup-decimal', points.map(point => `&#${point};`).join('')]
  yield ['markup-hex', points.map(point => `&#x${point.toString(16)};`).join('')]
  yield ['markup-hex-upper', points.map(point => `&#x${point.toString(16).toUpperCase()};`).join('')]
}

/** C and Python string escapes, and the three ways to quote for a POSIX shell. */
function* programForms(text: string, raw: Buffer): Generator<Candidate> {
  const all = [...raw]
  const escapeByte = (byte: number) => `\\x${hexByte(byte)}`
  const full = all.map(escapeByte).join('')
  yield ['c-hex', full]
  yield ['c-hex-upper', full.replaceAll(/x../g, upperDigits)]
  yield ['c-octal', all.map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')]
  const backslashed = text.replaceAll('\\', '\\\\')
  const printable = Buffer.from(backslashed)
  yield [
    'c-minimal',
    [...printable].map(byte => (byte < 0x20 || byte > 0x7e ? escapeByte(byte) : String.fromCharCode(byte))).join(''),
  ]
  yield ['c-single-quote', backslashed.replaceAll("'", "\\'")]
  yield ['c-in-json', jsonInterior(full)]
  yield ['shell-single', text.replaceAll("'", `'\\''`)]
  yield ['shell-single-double', text.replaceAll("'", `'"'"'`)]
  yield ['shell-double', text.replaceAll(/[$`"\\]/g, '\\$&')]
  yield ['shell-double-history', text.replaceAll(/[$`"\\!]/g, '\\$&')]
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function lower(text: string): string {
  return text.toLowerCase()
}

/** Upper case for the digits only: the letter that starts the escape stays as it is. */
function upperDigits(escaped: string): string {
  return escaped.replace(/[0-9a-f]+$/, digits => digits.toUpperCase())
}
