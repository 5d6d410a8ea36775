import { dirname } from 'node:path'
import type { CheckContext } from '../model/check.ts'

/** What must be readable for a program to start: itself, by the name it was given, and what lies beside it. */
export async function programFiles({ tools }: CheckContext, binary: string): Promise<readonly string[]> {
  return [binary, dirname(await tools.files.realPath(binary))]
}
