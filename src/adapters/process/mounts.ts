import { readFileSync } from 'node:fs'
import type { Mount } from '../../model/instance.ts'

/** Reads `/proc/PID/mountinfo`; spaces and such are octal escapes there. @see proc_pid_mountinfo(5) */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap(line => {
    const [front, back] = line.split(' - ')
    if (front === undefined || back === undefined) return []
    const at = front.split(' ')[4]!
    const [type = '', source = '', options = ''] = back.split(' ')
    return [{ at: decodeOctal(at), type, source: decodeOctal(source), options }]
  })
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
