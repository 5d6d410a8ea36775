import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { treeCache } from '../../adapters/programs/tree-cache.ts'
import { readTree, writeTree } from '../../docs/tree/saved.ts'
import type { CommandTree } from '../../docs/tree/tree.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { ROOT } from '../installation.ts'
import { homeOf } from '../places.ts'
import { version } from '../version.ts'

/** What a program answered, and how it was asked. */
interface Kept {
  readonly tree: CommandTree
  readonly sandbox: 'bubblewrap' | 'namespaces' | 'none'
  readonly sideEffects: readonly string[]
}

/** Trees of programs by what identifies their files. What is wrong with the place is told on standard error, and costs time only. */
export interface KeptTrees {
  /** @param program - what pages call it now */
  read(key: string, program: string): Kept | undefined
  write(key: string, kept: Kept): void
}

/** @returns undefined where there is no home to keep anything in */
export function keptTrees(env: NodeJS.ProcessEnv): KeptTrees | undefined {
  const directory = cacheDirectory(env)
  if (directory === undefined) return undefined
  const cache = treeCache(directory, reading())
  return {
    read(key, program) {
      const { text, notice } = cache.read(key)
      tell(notice)
      return text === null ? undefined : parse(key, text, program)
    },
    write(key, { tree, ...rest }) {
      tell(cache.write(key, JSON.stringify({ ...rest, tree: writeTree(tree) })))
    },
  }
}

/** Undefined where it cannot be read: the program is asked again. */
function parse(key: string, text: string, program: string): Kept | undefined {
  try {
    const { sandbox, sideEffects, tree } = JSON.parse(text) as Omit<Kept, 'tree'> & { readonly tree: string }
    const read = readTree(key, tree)
    return { sandbox, sideEffects, tree: { ...read, program, root: { ...read.root, name: program } } }
  } catch {
    return undefined
  }
}

function tell(notice: string | null): void {
  if (notice !== null) process.stderr.write(`runproof: ${terminalLine(notice)}\n`)
}

/** @see the XDG base directory specification: a relative path is ignored */
function cacheDirectory(env: NodeJS.ProcessEnv): string | undefined {
  const cache = env['XDG_CACHE_HOME'] ?? ''
  if (path.isAbsolute(cache)) return path.join(cache, 'runproof')
  const home = homeOf(env)
  return home === undefined ? undefined : path.join(home, '.cache', 'runproof')
}

/** Changes with whatever reads help: a tree is only as good as what read it. */
function reading(): string {
  const hash = createHash('sha256').update(version())
  for (const folder of ['src/docs/tree', 'src/adapters/programs']) {
    const directory = path.join(ROOT, folder)
    for (const name of readdirSync(directory).sort())
      if (/(?<!\.test)\.[jt]s$/.test(name)) hash.update(readFileSync(path.join(directory, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
