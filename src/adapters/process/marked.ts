import { readFileSync } from 'node:fs'
import { allPids } from './identity.ts'

/** In the environment of every process of an instance, and so of whatever it leaves behind. */
export const MARKER = 'RUNPROOF_INSTANCE'

/**
 * Without namespaces a process that left its group and lost its parent belongs to nobody; the environment it was started
 * with is the one thing it cannot shed.
 */
export function markedPids(marker: string): number[] {
  const wanted = `${MARKER}=${marker}`
  return allPids().filter(pid => readEnvironment(pid).includes(wanted))
}

/** `NAME=value` entries a process was started with; empty when it is gone or not ours. */
export function readEnvironment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}
