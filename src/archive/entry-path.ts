import type { ArchiveRule } from '../model/archive.ts'

export interface Refusal {
  readonly rule: ArchiveRule
  readonly detail: string
}

/** Longest single name any common Linux file system takes. */
const MAX_NAME_BYTES = 255

/**
 * The components of a member's path, `.` and doubled slashes left out. The root of the archive is an empty list.
 *
 * @param path - byte string
 */
export function splitEntryPath(
  path: string,
  isDirectory: boolean,
  limits: { readonly maxDepth: number; readonly maxPathBytes: number },
): readonly string[] | Refusal {
  if (path === '') return { rule: 'empty-name', detail: 'the name is empty' }
  if (path.includes('\0')) return { rule: 'nul-in-name', detail: 'the name holds a NUL, at which other readers stop' }
  if (path.startsWith('/')) return { rule: 'absolute-path', detail: 'the path is absolute' }
  if (path.length > limits.maxPathBytes) {
    return {
      rule: 'path-too-long',
      detail: `the path has ${path.length} bytes, at most ${limits.maxPathBytes} are allowed`,
    }
  }
  const parts = path.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..')) return { rule: 'parent-path', detail: 'the path climbs with ".."' }
  if (parts.length > limits.maxDepth) {
    return {
      rule: 'path-too-deep',
      detail: `the path has ${parts.length} parts, at most ${limits.maxDepth} are allowed`,
    }
  }
  const long = parts.find(part => part.length > MAX_NAME_BYTES)
  if (long !== undefined) {
    return { rule: 'path-too-long', detail: `a name has ${long.length} bytes, at most ${MAX_NAME_BYTES} are possible` }
  }
  if (!isDirectory && (parts.length === 0 || /(?:^|\/)\.?$/.test(path))) {
    return { rule: 'trailing-slash', detail: 'the path says directory, the member says otherwise' }
  }
  return parts
}
