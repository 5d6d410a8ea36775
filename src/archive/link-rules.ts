import { type Refusal, splitEntryPath } from './entry-path.ts'
import type { TarEntry } from './tar-entry.ts'

/** What stands at a path: a directory (named or only implied by what is below it), a file, a symlink, or the rest. */
type Node = 'directory' | 'implied' | 'file' | 'symlink' | 'other'

const MAX_TARGET_BYTES = 4095
const ANY_DEPTH = { maxDepth: Number.POSITIVE_INFINITY, maxPathBytes: MAX_TARGET_BYTES }

/**
 * The tree as the members seen so far would make it, and the rules between members: nothing twice, nothing below
 * something that is no directory, no link that leaves the root.
 *
 * A symlink may name another symlink, or something behind one (`bin -> current/bin`), as package managers do: followed
 * downward, a chain of links that each stay inside stays inside. What breaks this is a `..` after a symlink, since it
 * climbs from where the link leads and not from where it stands; so that is refused, whichever of the two comes first.
 */
export class LinkRules {
  readonly #nodes = new Map<string, Node>([['', 'implied']])
  /** Paths some symlink target climbs out of with `..`: none of them may be a symlink. */
  readonly #climbed = new Set<string>()
  #implied: string[] = []
  #goodParent = ''

  /** Directories that turned out to have no entry before their first member; each is told once. */
  takeImplied(): readonly string[] {
    if (this.#implied.length === 0) return this.#implied
    const taken = this.#implied
    this.#implied = []
    return taken
  }

  *faults(entry: TarEntry, path: string, parts: readonly string[]): Generator<Refusal> {
    const key = parts.length === 0 ? '' : path
    yield* this.#parentFaults(parts)
    const there = this.#nodes.get(key)
    if (there !== undefined && !(there === 'implied' && entry.type === 'directory')) {
      const what = there === 'implied' ? 'is already a directory, since it has members' : 'was already in the archive'
      yield { rule: 'duplicate', detail: `the path ${what}` }
    }
    if (entry.type === 'symlink') yield* this.#symlinkFaults(entry.linkTarget!, key, parts)
    if (entry.type === 'hardlink') yield* this.#hardLinkFaults(entry.linkTarget!)
    this.#nodes.set(key, nodeOf(entry))
  }

  *#parentFaults(parts: readonly string[]): Generator<Refusal> {
    const parent = parts.slice(0, -1).join('/')
    if (parent === this.#goodParent) return
    let prefix = ''
    for (const part of parts.slice(0, -1)) {
      prefix = prefix === '' ? part : `${prefix}/${part}`
      const node = this.#nodes.get(prefix)
      if (node === undefined) {
        this.#nodes.set(prefix, 'implied')
        this.#implied.push(prefix)
      } else if (node === 'symlink') {
        yield { rule: 'below-symlink', detail: 'the path goes through a symlink of the archive' }
        return
      } else if (node !== 'directory' && node !== 'implied') {
        yield { rule: 'below-non-directory', detail: 'the path goes through something that is no directory' }
        return
      }
    }
    this.#goodParent = parent
  }

  *#symlinkFaults(target: string, key: string, parts: readonly string[]): Generator<Refusal> {
    if (this.#climbed.has(key)) {
      yield { rule: 'link-through-symlink', detail: 'another link climbs with ".." from this symlink' }
    }
    if (target === '') yield { rule: 'empty-link', detail: 'the link leads nowhere' }
    if (target.includes('\0')) yield { rule: 'nul-in-name', detail: 'the link target holds a NUL' }
    if (target.length > MAX_TARGET_BYTES)
      yield { rule: 'link-too-long', detail: `the link target has ${target.length} bytes` }
    if (target.startsWith('/')) {
      yield { rule: 'absolute-link', detail: 'the link target is absolute' }
      return
    }
    yield* this.#climbFaults(target, parts.slice(0, -1))
  }

  *#climbFaults(target: string, from: readonly string[]): Generator<Refusal> {
    const at = [...from]
    const entered: string[] = []
    for (const part of target.split('/')) {
      if (part === '' || part === '.') continue
      if (part !== '..') {
        at.push(part)
        entered.push(at.join('/'))
        continue
      }
      if (at.length === 0) {
        yield { rule: 'escaping-link', detail: 'the link target leaves the root' }
        return
      }
      for (const path of entered) {
        this.#climbed.add(path)
        if (this.#nodes.get(path) !== 'symlink') continue
        yield { rule: 'link-through-symlink', detail: 'the link target climbs with ".." from a symlink' }
        return
      }
      at.pop()
    }
  }

  *#hardLinkFaults(target: string): Generator<Refusal> {
    const parts = splitEntryPath(target, false, ANY_DEPTH)
    if (!Array.isArray(parts)) {
      const { rule, detail } = parts as Refusal
      yield {
        rule: rule === 'absolute-path' ? 'absolute-link' : rule === 'parent-path' ? 'escaping-link' : rule,
        detail: `link target: ${detail}`,
      }
    } else if (this.#nodes.get(parts.join('/')) !== 'file') {
      yield {
        rule: 'hard-link-target',
        detail: 'a hard link to something that is no regular file earlier in the archive',
      }
    }
  }
}

function nodeOf(entry: TarEntry): Node {
  if (entry.type === 'file' || entry.type === 'hardlink') return 'file'
  return entry.type === 'directory' || entry.type === 'symlink' ? entry.type : 'other'
}
