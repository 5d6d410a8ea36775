import { dirname, extname, join, relative, resolve } from 'node:path'
import { files } from '../../adapters/files.ts'
import { isWithin } from '../../model/within.ts'
import { ROOT } from '../installation.ts'

/**
 * Every relative path in quotes that ends like a module: all that may be imported, and perhaps a little more. Nothing is parsed for
 * it, so that it is known before anything of a runbook is loaded.
 */
const MAY_BE_IMPORTED = /(['"`])(\.{1,2}\/[^'"`\n]+\.(?:[cm]?[jt]s|json))\1/g

/** Loaded by whatever imports it, and covered by the version of runproof. */
const OWN_SOURCE = join(ROOT, 'src')

/**
 * Digests of the files that a runbook imports by relative path, of what these import, and so on, by their paths as seen from the
 * runbook. Packages are not followed, and neither is the source of this installation.
 *
 * @throws RunproofError FILE_UNREADABLE
 */
export async function importedFiles(runbook: string): Promise<Readonly<Record<string, string>>> {
  // Relative to where a link leads, as it is loaded.
  const first = await files.realPath(runbook)
  const found = new Set([first])
  for (const file of found) for (const one of await importsOf(file)) found.add(one)
  found.delete(first)
  const names = [...found].map(file => [relative(dirname(first), file), file] as const)
  const digests = names.sort().map(async ([name, file]) => [name, await files.sha256(file)] as const)
  return Object.fromEntries(await Promise.all(digests))
}

async function importsOf(file: string): Promise<readonly string[]> {
  if (extname(file) === '.json') return []
  const text = await files.readText(file)
  const found: string[] = []
  for (const [, , path] of text.matchAll(MAY_BE_IMPORTED)) {
    const named = resolve(dirname(file), path!)
    if (isWithin(named, OWN_SOURCE)) continue
    if ((await files.facts(named)) === undefined) continue
    const real = await files.realPath(named)
    if ((await files.facts(real))?.type === 'file' && !isWithin(real, OWN_SOURCE)) found.push(real)
  }
  return found
}
