import path from 'node:path'
import { isWithin } from '../model/within.ts'

/** An absolute path as it is shown: from a directory where it is below it, else as it is. */
export function shownPath(file: string, cwd: string = process.cwd()): string {
  return file !== cwd && isWithin(file, cwd) ? path.relative(cwd, file) : file
}
