import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { RunproofError } from '../model/error.ts'

/** Where programs are looked for. Fixed, since an inherited PATH makes the same run differ between people. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The executable file `name` stands for, or undefined. A name with a slash is a path, relative to `cwd`. */
export function lookUpProgram(name: string, path = SYSTEM_PATH, cwd = process.cwd()): string | undefined {
  const places = name.includes('/')
    ? [resolve(cwd, name)]
    : path
        .split(':')
        .filter(isAbsolute)
        .map(dir => join(dir, name))
  return places.find(isExecutable)
}

/** @throws RunproofError TOOL_MISSING naming the program and where it was looked for */
export function findProgram(name: string, path = SYSTEM_PATH, cwd = process.cwd()): string {
  const found = lookUpProgram(name, path, cwd)
  if (found !== undefined) return found
  throw name.includes('/')
    ? new RunproofError('TOOL_MISSING', `${resolve(cwd, name)} is not an executable file`, {
        hint: `does it exist and may you run it? try: ls -l ${resolve(cwd, name)}`,
      })
    : new RunproofError('TOOL_MISSING', `program ${name} is not in ${path}`, {
        hint: `install ${name}; runproof doctor lists every program it wants`,
      })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
