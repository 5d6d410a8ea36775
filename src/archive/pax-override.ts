import { unsupported } from './tar-fault.ts'
import { readPaxTime } from './tar-number.ts'

/** What extended headers say of the next member, on top of its own header. Absent means: the header's value holds. */
export interface PaxOverride {
  path?: string
  linkPath?: string
  size?: number
  uid?: number
  gid?: number
  mtimeNs?: bigint
  sparseName?: string
  sparseSize?: number
  readonly attributes: Map<string, Buffer>
  readonly dropped: string[]
}

/** Facts of the machine that wrote the archive, which no restore wants. */
const MEANINGLESS = new Set(['atime', 'ctime', 'comment', 'uname', 'gname', 'hdrcharset'])
/** Other writers' own keywords: left out, and said so. */
const FOREIGN = /^(?:LIBARCHIVE|MSWINDOWS|RHT)\.|^SCHILY\.(?:dev|ino|nlink|filetype|realsize)$/
const ATTRIBUTE = /^SCHILY\.(?:xattr\..+|acl\.(?:access|default))$/s
/** A global header may set these; a name or size for every member at once only confuses readers. */
const GLOBAL = new Set(['mtime', 'uid', 'gid'])

/** @throws RunproofError ARCHIVE_UNREADABLE on a keyword or value this reader does not know */
export function interpretPax(
  records: ReadonlyMap<string, Buffer>,
  position: number,
  scope: 'member' | 'global',
): PaxOverride {
  const result: PaxOverride = { attributes: new Map(), dropped: [] }
  const sparse = new Map<string, string>()

  for (const [keyword, value] of records) {
    if (MEANINGLESS.has(keyword)) continue
    if (scope === 'global' && !GLOBAL.has(keyword)) throw unsupported(position, `global pax keyword ${shown(keyword)}`)
    const text = value.toString('latin1')
    // POSIX: an empty value takes back what a global header said; no writer we support needs that
    if (text === '' && !ATTRIBUTE.test(keyword)) throw unsupported(position, `an empty pax ${shown(keyword)}`)
    if (keyword === 'path') result.path = text
    else if (keyword === 'linkpath') result.linkPath = text
    else if (keyword === 'size') result.size = natural(text, keyword, position)
    else if (keyword === 'uid') result.uid = natural(text, keyword, position)
    else if (keyword === 'gid') result.gid = natural(text, keyword, position)
    else if (keyword === 'mtime') result.mtimeNs = time(text, position)
    else if (keyword.startsWith('GNU.sparse.')) sparse.set(keyword.slice(11), text)
    else if (ATTRIBUTE.test(keyword)) result.attributes.set(keyword, value)
    else if (FOREIGN.test(keyword)) result.dropped.push(keyword)
    else throw unsupported(position, `pax keyword ${shown(keyword)}`)
  }
  if (sparse.size > 0) interpretSparse(sparse, result, position)
  return result
}

function interpretSparse(sparse: ReadonlyMap<string, string>, result: PaxOverride, position: number): void {
  const name = sparse.get('name')
  const realSize = sparse.get('realsize')
  const complete = sparse.size === 4 && sparse.get('major') === '1' && sparse.get('minor') === '0'
  if (!complete || name === undefined || realSize === undefined) {
    throw unsupported(position, 'a sparse file in a format other than GNU 1.0')
  }
  result.sparseName = name
  result.sparseSize = natural(realSize, 'GNU.sparse.realsize', position)
}

function natural(text: string, keyword: string, position: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw unsupported(position, `pax ${keyword} ${shown(text)}`)
  return value
}

function time(text: string, position: number): bigint {
  const value = readPaxTime(text)
  if (value === undefined) throw unsupported(position, `pax mtime ${shown(text)}`)
  return value
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}
