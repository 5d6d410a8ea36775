import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { RunproofError } from '../../model/error.ts'

/** @returns the absolute path of a program, searched the way a shell would, or undefined */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  for (const directory of (process.env.PATH ?? '/usr/bin:/bin').split(path.delimiter)) {
    const candidate = path.join(directory, name)
    if (directory !== '' && isExecutable(candidate)) return candidate
  }
  return undefined
}

/** @throws RunproofError TOOL_MISSING */
export function requireProgram(name: string, hint: string): string {
  const found = findProgram(name)
  if (found === undefined) throw new RunproofError('TOOL_MISSING', `${name} was not found on PATH`, { hint })
  return found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
