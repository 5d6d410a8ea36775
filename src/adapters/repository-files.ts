import { readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import type { RepositoryFiles } from '../model/repository-files.ts'
import { isWithin } from '../model/within.ts'
import { readOrdinaryFile } from './ordinary-file.ts'

const LARGEST_BYTES = 1024 ** 2
const LIMITS = { maxBytes: LARGEST_BYTES, limit: `at most ${LARGEST_BYTES} are read of it` }
/** Above it nothing is looked for by name: a home directory is no repository. */
const MOST_ENTRIES = 100_000
const NOT_OURS = new Set(['.git', 'node_modules', 'target', 'dist', 'vendor', '.venv'])

/**
 * Files below a directory, as they are at the first question; answers are kept.
 *
 * @param root - an existing directory
 */
export function repositoryFiles(root: string): RepositoryFiles {
  const real = realpathSync.native(root)
  const kinds = new Map<string, 'file' | 'directory' | undefined>()
  const names = new Map<string, readonly string[]>()
  let byName: ReadonlyMap<string, readonly string[]> | undefined

  /** Undefined where there is nothing, or a link that leads out. */
  const locate = (inside: string): string | undefined => {
    try {
      const at = realpathSync.native(path.join(real, inside))
      return isWithin(at, real) ? at : undefined
    } catch {
      return undefined
    }
  }

  return {
    kindOf(inside) {
      if (!kinds.has(inside)) {
        const at = locate(inside)
        const stat = at === undefined ? undefined : statSync(at, { throwIfNoEntry: false })
        kinds.set(inside, stat?.isFile() ? 'file' : stat?.isDirectory() ? 'directory' : undefined)
      }
      return kinds.get(inside)
    },
    namesIn(inside) {
      let found = names.get(inside)
      if (found === undefined) {
        const at = locate(inside)
        found = at === undefined ? [] : entries(at).map(entry => entry.name)
        names.set(inside, found)
      }
      return found
    },
    named(name) {
      byName ??= filesByName(real)
      return byName.get(name) ?? []
    },
    read(inside) {
      const at = locate(inside)
      if (at === undefined) return undefined
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(readOrdinaryFile(at, LIMITS))
      } catch {
        return undefined
      }
    },
  }
}

function filesByName(root: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  const folders = ['']
  let seen = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entries(path.join(root, folder))) {
      if (++seen > MOST_ENTRIES) return new Map()
      const inside = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && !NOT_OURS.has(entry.name)) folders.push(inside)
      if (entry.isFile()) found.set(entry.name, [...(found.get(entry.name) ?? []), inside])
    }
  }
  return found
}

function entries(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}
