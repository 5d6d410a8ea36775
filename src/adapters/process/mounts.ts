import { readFileSync } from 'node:fs'
import type { Mount } from '../../model/instance.ts'

/** Reads `/proc/PID/mountinfo`; spaces and such are octal escapes there. @see proc_pid_mountinfo(5) */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap(line => {
    const [front, back] = line.split(' - ')
    if (front === undefined || back === undefined) return []
    const [, , device = '', , at = '', flags = ''] = front.split(' ')
    const [type = '', source = '', options = ''] = back.split(' ')
    const readOnly = [flags, options].some(text => text.split(',').includes('ro'))
    return [{ at: decodeOctal(at), type, source: decodeOctal(source), options, flags, readOnly, device }]
  })
}

/**
 * The mounts a path can lead to: neither covered themselves by one at the same place, nor mounted on one that is, nor below a
 * place that a later mount covers.
 */
export function reachable(text: string): Mount[] {
  const rows = text.split('\n').flatMap(line => {
    const [id, parent] = line.split(' ')
    return parseMountInfo(line).map(mount => ({ id, parent, mount }))
  })
  const isCovered = ({ id, parent, mount: { at } }: (typeof rows)[number]) =>
    rows.some(
      other =>
        other.id !== id &&
        ((other.parent === id && other.mount.at === at) ||
          (other.parent === parent && at.startsWith(`${other.mount.at}/`))),
    )
  const byId = new Map(rows.map(row => [row.id, row]))
  const isReachable = (row: (typeof rows)[number] | undefined): boolean => {
    if (row === undefined) return true
    const parent = byId.get(row.parent)
    // What is mounted at the root of its parent is reached although it covers the parent.
    const onTop = parent !== undefined && parent.mount.at === row.mount.at
    return !isCovered(row) && (onTop ? isReachable(byId.get(parent.parent)) : isReachable(parent))
  }
  return rows.filter(isReachable).map(({ mount }) => mount)
}

function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/** Mount points at or below a directory, in this process's view. */
export function mountsBelow(dir: string): string[] {
  return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8')).flatMap(({ at }) =>
    at === dir || at.startsWith(`${dir}/`) ? [at] : [],
  )
}
