import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { ProcessIdentity } from '../../model/instance.ts'

let knownBootId: string | undefined

/** Changes with every boot, so that a pid and a start time written down before it can never match. */
export function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return knownBootId
}

let knownNamespace: { readonly pidNamespace?: string } | undefined

/** Of this process, as `lsns -t pid` shows it. Empty where the system does not tell. @see pid_namespaces(7) */
function ownNamespace(): { readonly pidNamespace?: string } {
  knownNamespace ??= readNamespace()
  return knownNamespace
}

function readNamespace(): { readonly pidNamespace?: string } {
  try {
    const number = /^pid:\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/pid'))?.[1]
    return number === undefined ? {} : { pidNamespace: number }
  } catch {
    return {}
  }
}

export interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly parentPid: number
  readonly groupId: number
  readonly startTicks: number
}

/** Reads `/proc/PID/stat`; the program's name in it may itself hold spaces and parentheses. @see proc_pid_stat(5) */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  return {
    pid: Number(text.slice(0, open)),
    state: fields[0]!,
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    startTicks: Number(fields[19]),
  }
}

/** Undefined when there is no such process. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}

/** Undefined when there is no such process. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid)
  return stat && { bootId: bootId(), ...ownNamespace(), pid, startTicks: stat.startTicks }
}

/**
 * Whether a process belongs to another container of the same boot: its pid says nothing here, and nobody can see from here whether
 * it lives.
 */
export function isUnseen({ bootId: boot, pidNamespace }: ProcessIdentity): boolean {
  return boot === bootId() && pidNamespace !== undefined && pidNamespace !== ownNamespace().pidNamespace
}

/** Whether nothing of a process may be touched: it lives, or cannot be seen. */
export function mayLive(identity: ProcessIdentity): boolean {
  return isUnseen(identity) || isAlive(identity)
}

/** Whether it is seen to live. A zombie has ended: it holds nothing and only waits for its parent to notice. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId() || isUnseen(identity)) return false
  const stat = readStat(identity.pid)
  return stat !== undefined && stat.startTicks === identity.startTicks && !'ZX'.includes(stat.state)
}

/** Signals exactly that process. False when it has ended or belongs to someone else. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    return process.kill(identity.pid, signal)
  } catch {
    return false
  }
}

export function allPids(): number[] {
  return readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? [Number(name)] : []))
}

/** Children, their children and so on, parents first. A process whose parent ended is no longer among them. */
export function descendants(root: number): number[] {
  const childrenOf = new Map<number, number[]>()
  for (const pid of allPids()) {
    const stat = readStat(pid)
    if (stat === undefined) continue
    const siblings = childrenOf.get(stat.parentPid)
    if (siblings) siblings.push(pid)
    else childrenOf.set(stat.parentPid, [pid])
  }
  const found: number[] = []
  const queue = [root]
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    const children = childrenOf.get(pid) ?? []
    found.push(...children)
    queue.push(...children)
  }
  return found
}

/** Settles when none is alive, or after `timeoutMs` with those that still are. */
export async function awaitGone(identities: readonly ProcessIdentity[], timeoutMs: number): Promise<ProcessIdentity[]> {
  const deadline = performance.now() + timeoutMs
  let alive = identities.filter(isAlive)
  while (alive.length > 0 && performance.now() < deadline) {
    await new Promise(resolve => setTimeout(resolve, 5))
    alive = alive.filter(isAlive)
  }
  return alive
}
