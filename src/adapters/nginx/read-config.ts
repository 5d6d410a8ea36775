import { existsSync, readdirSync } from 'node:fs'
import type { ConfigFiles } from '../../model/nginx.ts'
import type { Configuration } from '../../nginx/ast.ts'
import { expandPattern } from '../../nginx/glob.ts'
import { readIncludes } from '../../nginx/includes.ts'
import { readOrdinaryFile } from '../ordinary-file.ts'

/**
 * A configuration from its files.
 *
 * @param path - of the main file; includes are named and looked for from its directory
 * @param given - contents that stand for files, by the path that nginx would open; they count also for patterns
 * @throws RunproofError FILE_UNREADABLE, CONFIG_INVALID: see {@link readIncludes}
 */
export async function readConfiguration(
  path: string,
  { given = new Map() }: { readonly given?: ReadonlyMap<string, Uint8Array> } = {},
): Promise<Configuration> {
  return readIncludes(path, configFiles(given))
}

/** @param given - contents that stand for files */
export function configFiles(given: ReadonlyMap<string, Uint8Array> = new Map()): ConfigFiles {
  return {
    read: (path, maxBytes) => given.get(path) ?? readFile(path, maxBytes),
    expand: pattern =>
      expandPattern(
        pattern,
        directory => namesIn(directory, given),
        path => given.has(path) || existsSync(path),
      ),
  }
}

function readFile(path: string, maxBytes: number): Uint8Array {
  return readOrdinaryFile(path, {
    maxBytes,
    limit: `${maxBytes} are left of what is read of a configuration`,
    hint: 'name a configuration file',
  })
}

function namesIn(directory: string, given: ReadonlyMap<string, Uint8Array>): readonly string[] | undefined {
  const start = directory === '.' ? '' : directory.endsWith('/') ? directory : `${directory}/`
  const names = new Set<string>()
  for (const path of given.keys()) {
    if (path.startsWith(start)) names.add(path.slice(start.length).split('/')[0]!)
  }
  try {
    for (const name of readdirSync(directory)) names.add(name)
  } catch {
    // glob(3) leaves out what it cannot list
  }
  return [...names]
}
