import { ByteReader } from '../../scan/byte-reader.ts'
import type { Hit } from '../../scan/qgram.ts'
import { SNIFF_BYTES, sniff } from '../../scan/sniff.ts'
import type { StreamSearch } from '../../scan/stream-search.ts'
import { tarMembers } from '../../scan/tar-members.ts'
import { zipMembers } from '../../scan/zip-members.ts'
import { Damaged, type Decoding, decode } from './decode.ts'
import type { Tally } from './tally.ts'

/** Decoded bytes from which on the ratio of a stream is looked at: a short run of zeros compresses well and harms nobody. */
const RATIO_MATTERS_FROM = 64 * 2 ** 20

/** A zlib stream is known by two bytes only, which text may begin with; so little output is no sign of one. */
const WEAK_EVIDENCE = 64

/** One sequence of bytes that is searched from end to end, and the members that start in it. */
class Layer {
  readonly #path: string
  readonly #stream: StreamSearch
  readonly #tally: Tally
  readonly #members: { readonly start: number; readonly path: string }[] = []
  readonly #hits: Hit[] = []

  constructor(path: string, tally: Tally) {
    this.#path = path
    this.#tally = tally
    this.#stream = tally.acquire()
  }

  /** Searches each piece as it is pulled: what a reader of the archive skips over has been searched too. */
  reader(pull: () => Promise<Buffer | undefined>): ByteReader {
    return new ByteReader(async () => {
      const piece = await pull()
      if (!piece) return undefined
      const room = this.#tally.limits.maxFindings
      for (const hit of this.#stream.push(piece)) {
        // beyond the limit they are only counted, under the path of the whole
        if (this.#hits.length < room) this.#hits.push(hit)
        else this.#tally.found(hit, this.#path, 'content')
      }
      this.#tally.spend(piece.length)
      await this.#tally.breathe()
      return piece
    })
  }

  memberAt(start: number, path: string): void {
    this.#members.push({ start, path })
  }

  /** Reports the hits under the member they lie in, and gives the buffer back. */
  finish(): void {
    for (const hit of this.#hits) this.#tally.found(hit, this.#pathAt(hit.start), 'content')
    this.#tally.release(this.#stream)
  }

  #pathAt(offset: number): string {
    let [low, high] = [0, this.#members.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#members[middle]!.start <= offset) low = middle + 1
      else high = middle
    }
    return this.#members[low - 1]?.path ?? this.#path
  }
}

/**
 * Searches a stream, and whatever is packed in it, down to `maxDepth` decoded layers.
 *
 * @param pull - the next piece of the stream, or undefined at its end
 * @throws Exhausted, RunproofError INTERRUPTED; damage is recorded, not thrown
 */
export async function searchStream(pull: () => Promise<Buffer | undefined>, path: string, tally: Tally): Promise<void> {
  await searchLayer(pull, path, 0, tally)
}

async function searchLayer(
  pull: () => Promise<Buffer | undefined>,
  path: string,
  depth: number,
  tally: Tally,
): Promise<void> {
  const layer = new Layer(path, tally)
  try {
    const reader = layer.reader(pull)
    await unpack({ reader, path, depth, layer, tally, member: false })
    await reader.skipRest()
  } finally {
    layer.finish()
  }
}

interface Place {
  readonly reader: ByteReader
  readonly path: string
  readonly depth: number
  readonly layer: Layer
  readonly tally: Tally
  /** Whether this is a part of the layer; a tar that is a whole layer (`.tar.gz`) does not count as one deeper. */
  readonly member: boolean
}

async function unpack(place: Place): Promise<void> {
  const { reader, path, depth, layer, tally, member } = place
  const what = sniff(await reader.peek(SNIFF_BYTES))
  if (what.kind === 'plain') return
  if (what.kind === 'encrypted' || what.kind === 'unsupported') {
    const detail = what.kind === 'encrypted' ? `encrypted (${what.format})` : `${what.format} can't be unpacked here`
    return tally.leftOut(path, what.kind, `${detail}; only its encoded bytes were searched`)
  }
  const inner = what.kind === 'tar' && !member ? depth : depth + 1
  if (inner > tally.limits.maxDepth) {
    return tally.leftOut(
      path,
      'limit',
      `a ${what.kind} more than ${tally.limits.maxDepth} archives deep; only its encoded bytes were searched`,
    )
  }

  if (what.kind === 'tar') await unpackTar({ ...place, depth: inner })
  else if (what.kind === 'zip') await unpackZip({ ...place, depth: inner })
  else await unpackEncoded({ ...place, depth: inner }, what.kind, decodedPath(tally.display(path)))

  // something may have been appended: a second archive is looked into, anything else was searched as it is
  await reader.skipZeros()
  const rest = await reader.peek(SNIFF_BYTES)
  if (rest.length === 0 || sniff(rest).kind === 'plain') return
  layer.memberAt(reader.offset, `${path}!(appended)`)
  await unpack({ ...place, path: `${path}!(appended)`, depth: depth + 1 })
}

async function unpackTar({ reader, path, depth, layer, tally }: Place): Promise<void> {
  const members = tarMembers(reader)
  let count = 0
  for (let next = await members.next(); ; next = await members.next()) {
    if (next.done) {
      if (next.value) tally.leftOut(path, 'damaged', `${next.value}; what follows was searched without unpacking`)
      return
    }
    if (++count > tally.limits.maxEntries) return tooMany(path, tally)
    const { name, linkTarget, offset, body } = next.value
    const memberPath = `${path}!${name}`
    layer.memberAt(offset, memberPath)
    tally.searchText(name, memberPath, 'name')
    tally.searchText(linkTarget, memberPath, 'link')
    await unpack({ reader: body, path: memberPath, depth, layer, tally, member: true })
  }
}

async function unpackZip({ reader, path, depth, layer, tally }: Place): Promise<void> {
  const members = zipMembers(reader)
  let count = 0
  for (let next = await members.next(); ; next = await members.next()) {
    if (next.done) {
      if (next.value) tally.leftOut(path, 'damaged', `${next.value}; what follows was searched without unpacking`)
      return
    }
    if (++count > tally.limits.maxEntries) return tooMany(path, tally)
    const { name, offset, body, coding } = next.value
    const memberPath = `${path}!${name}`
    layer.memberAt(offset, memberPath)
    tally.searchText(name, memberPath, 'name')
    const place = { reader: body, path: memberPath, depth, layer, tally, member: true }
    if (coding === 'stored') await unpack(place)
    else if (coding === 'encrypted')
      tally.leftOut(memberPath, 'encrypted', 'encrypted (zip); only its encoded bytes were searched')
    else if (typeof coding === 'object')
      tally.leftOut(memberPath, 'unsupported', `zip method ${coding.unsupported} can't be unpacked here`)
    else await unpackEncoded(place, coding, memberPath)
  }
}

function tooMany(path: string, tally: Tally): void {
  tally.leftOut(
    path,
    'limit',
    `more than ${tally.limits.maxEntries} members; the others were searched without unpacking`,
  )
}

class RatioExceeded extends Error {}

async function unpackEncoded(
  { reader, path, depth, tally }: Place,
  decoding: Decoding,
  innerPath: string,
): Promise<void> {
  const pieces = decode(reader, decoding)
  const start = reader.offset
  let decoded = 0
  let stopped: Damaged | RatioExceeded | undefined
  const pull = async (): Promise<Buffer | undefined> => {
    if (stopped) return undefined
    try {
      const next = await pieces.next()
      if (next.done) return undefined
      decoded += next.value.length
      const ratio = decoded / (reader.offset - start || 1)
      if (decoded > RATIO_MATTERS_FROM && ratio > tally.limits.maxRatio) stopped = new RatioExceeded()
      return next.value
    } catch (error) {
      if (!(error instanceof Damaged)) throw error
      // the layer ends here; what it holds so far is searched and unpacked as far as it goes
      stopped = error
      return undefined
    }
  }
  try {
    await searchLayer(pull, innerPath, depth, tally)
  } finally {
    await pieces.return(undefined)
  }
  if (stopped instanceof RatioExceeded) {
    tally.leftOut(
      path,
      'limit',
      `more than ${tally.limits.maxRatio} times larger decoded; only the first ${decoded} bytes were searched`,
    )
  } else if (stopped && !(decoding === 'zlib' && decoded <= WEAK_EVIDENCE)) {
    tally.leftOut(path, 'damaged', `${decoding}: ${stopped.message}; ${decoded} decoded bytes were searched`)
  }
}

/**
 * `backup.tar.gz` holds `backup.tar`. The path is one without secrets: one that spans a slash would show its second half
 * once the name is repeated alone.
 */
function decodedPath(path: string): string {
  const name = /[^/!]*$/.exec(path)![0]
  const shorter = name.replace(/\.t(gz|zst)$/i, '.tar').replace(/\.(gz|zst|zstd|zz)$/i, '')
  return `${path}!${shorter === name || shorter === '' ? 'decoded' : shorter}`
}
