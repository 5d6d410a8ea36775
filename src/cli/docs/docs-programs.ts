import { statSync } from 'node:fs'
import path from 'node:path'
import { files } from '../../adapters/files.ts'
import type { KnownProgram } from '../../docs/checked.ts'
import { readTree } from '../../docs/tree/saved.ts'
import { RunproofError } from '../../model/error.ts'

/**
 * Saved trees by their files. Of a directory every `.json` below it is one, and the newest version of each program counts.
 *
 * @param show - the name of a file in what is told
 * @throws RunproofError TREE_INVALID, FILE_UNREADABLE; USAGE where two were named for one program, or a directory has none
 */
export async function readSavedTrees(
  paths: readonly string[],
  show: (file: string) => string,
): Promise<readonly KnownProgram[]> {
  const known = new Map<string, KnownProgram>()
  for (const place of paths) {
    for (const one of await treesAt(place, show)) {
      const { program } = one.tree
      const other = known.get(program)
      if (other !== undefined) {
        const files = [other, one].map(({ from }) => (from.kind === 'tree' ? from.file : from.path)).join(' and ')
        throw new RunproofError('USAGE', `there are two trees of ${program}: ${files}`, { hint: 'name one of them' })
      }
      known.set(program, one)
    }
  }
  return [...known.values()]
}

async function treesAt(place: string, show: (file: string) => string): Promise<readonly KnownProgram[]> {
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return [await readOne(place, show)]
  const names = (await files.walk(place)).filter(name => name.endsWith('.json'))
  if (names.length === 0)
    throw new RunproofError('USAGE', `there is no tree below ${place}`, {
      hint: `runproof docs tree --binary PATH --output ${path.join(place, 'NAME/VERSION.json')}`,
    })
  const all = await Promise.all(names.map(name => readOne(path.join(place, name), show)))
  const newest = new Map<string, KnownProgram>()
  for (const one of all) {
    const other = newest.get(one.tree.program)
    if (other === undefined || isNewer(one, other)) newest.set(one.tree.program, one)
  }
  return [...newest.values()]
}

async function readOne(file: string, show: (file: string) => string): Promise<KnownProgram> {
  const tree = readTree(show(file), await files.readText(file))
  return { tree, from: { kind: 'tree', file: show(file) } }
}

const NUMBERS = new Intl.Collator('en', { numeric: true })

/** 1.10 is newer than 1.9, and a release newer than what was before it: 1.9 than 1.9-rc.1. */
function isNewer({ tree: one }: KnownProgram, { tree: other }: KnownProgram): boolean {
  const parts = (version: string | null) => /^(.*?)(-.*)?$/s.exec(version ?? '')!
  const [, number = '', before] = parts(one.version)
  const [, otherNumber = '', otherBefore] = parts(other.version)
  const order = NUMBERS.compare(number, otherNumber)
  if (order !== 0) return order > 0
  if (before === undefined || otherBefore === undefined) return before === undefined
  return NUMBERS.compare(before, otherBefore) > 0
}

export interface NamedBinary {
  /** What pages call it. */
  readonly name: string
  readonly path: string
}

/** `deploy=/usr/bin/deployctl`, or a path alone. */
export function namedBinary(word: string): NamedBinary {
  const [, name, given] = /^([\w.+-]+)=(.+)$/s.exec(word) ?? []
  const file = given ?? word
  if (file.trim() === '')
    throw new RunproofError('USAGE', '--binary: a path is missing', { hint: '--binary NAME=PATH' })
  return { name: name ?? path.basename(file), path: file }
}
