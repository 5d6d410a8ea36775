import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const SCHEMA = 'runproof-tree-cache-1'
const MAX_BYTES = 16 * 1_048_576
const MOST_KEPT = 200

/** Texts by the digest of what they were made from. Never the reason for a failure: whatever is wrong is told as a notice. */
export interface TreeCache {
  read(key: string): { readonly text: string | null; readonly notice: string | null }
  /** @returns a notice when nothing was kept */
  write(key: string, text: string): string | null
}

/**
 * Keeps texts in `<directory>/trees/`, mode 0700, files 0600, replaced as a whole. At most 16 MiB each, and the 200 last
 * written.
 *
 * @param directory - of this user and this program, as `$XDG_CACHE_HOME/runproof`; made when needed
 * @param version - of the reading that made the texts: another one finds nothing
 */
export function treeCache(directory: string, version: string): TreeCache {
  const trees = join(directory, 'trees')
  const fileOf = (key: string) => {
    if (!/^[0-9a-f]{64}$/.test(key) || !/^[\w.]{1,40}$/.test(version))
      throw new Error('a key is a SHA-256 in hexadecimal')
    return join(trees, `${key}-${version}.json`)
  }

  return {
    read(key) {
      const file = fileOf(key)
      if (lstatSync(trees, { throwIfNoEntry: false }) === undefined) return { text: null, notice: null }
      try {
        refuseForeign(lstatSync(trees), trees)
        return { text: readEntry(file, key), notice: null }
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ENOENT') return { text: null, notice: null }
        return { text: null, notice: `${file} is not used: ${message}` }
      }
    },

    write(key, text) {
      const file = fileOf(key)
      const temporary = `${file}.${randomUUID()}.new`
      try {
        const entry = JSON.stringify({ schema: SCHEMA, key, sha256: digest(text), text })
        if (Buffer.byteLength(entry) > MAX_BYTES) return `${file} is not written: over ${MAX_BYTES} bytes`
        mkdirSync(trees, { recursive: true, mode: 0o700 })
        refuseForeign(lstatSync(trees), trees)
        writeFileSync(temporary, entry, { mode: 0o600, flag: 'wx' })
        renameSync(temporary, file)
        dropOldest(trees)
        return null
      } catch (error) {
        remove(temporary)
        return `${file} is not written: ${(error as Error).message}`
      }
    },
  }
}

function readEntry(file: string, wanted: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    refuseForeign(stats, 'it')
    if (!stats.isFile()) throw new Error('it is not a regular file')
    if (stats.size > MAX_BYTES) throw new Error(`it is over ${MAX_BYTES} bytes`)
    const { schema, key, sha256, text } = parse(readFileSync(descriptor, 'utf8'))
    if (schema !== SCHEMA || typeof text !== 'string' || digest(text) !== sha256) throw new Error('it is damaged')
    if (key !== wanted) throw new Error('it is of another program')
    return text
  } finally {
    closeSync(descriptor)
  }
}

function parse(text: string): { schema?: unknown; key?: unknown; sha256?: unknown; text?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    throw new Error('it is damaged')
  }
}

/** Whoever can write there could say what a program accepts. */
function refuseForeign(stats: { readonly uid: number; readonly mode: number }, name: string): void {
  const isOurs = stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0
  if (!isOurs) throw new Error(`others can write to ${name}`)
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // it was never made
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Also what a run that was killed between writing and renaming has left. */
function dropOldest(trees: string): void {
  const files = readdirSync(trees).flatMap(name => {
    const path = join(trees, name)
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? [] : [{ path, at: stats.mtimeMs }]
  })
  const oldest = files.toSorted((a, b) => b.at - a.at).slice(MOST_KEPT)
  for (const { path } of oldest) rmSync(path, { force: true })
}
