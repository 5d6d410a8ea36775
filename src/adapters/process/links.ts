import { readFileSync, readlinkSync } from 'node:fs'

/** A file of `/proc`; empty when its process has ended or is not ours to look into. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A link of `/proc`, likewise. */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
