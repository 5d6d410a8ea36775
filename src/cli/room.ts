import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { files } from '../adapters/files.ts'

/** The path, or the last of its parents that exists: a first run makes the rest. */
export async function nearest(path: string): Promise<string> {
  let existing = path
  while ((await files.facts(existing)) === undefined) existing = dirname(existing)
  return existing
}

export async function takesDirectories(path: string): Promise<boolean> {
  try {
    await access(`${path}/.`, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

export function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}
