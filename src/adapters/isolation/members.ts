import type { InstanceProcess } from '../../model/instance.ts'
import { allPids, descendants, identify, readStat } from '../process/identity.ts'
import { readLink, readText } from '../process/links.ts'
import { markedPids, readEnvironment } from '../process/marked.ts'

/** How the processes of an instance are told from all others: a pid namespace of their own, or the marker they carry. */
export type Membership =
  | {
      readonly by: 'namespace'
      readonly initPid: number
      readonly wardenInnerPid: number
      readonly daemonInnerPid: number | null
    }
  | { readonly by: 'marker'; readonly marker: string; readonly wardenPid: number; readonly daemonPid: number | null }

/** Every live process of the instance, pids as seen from here. Zombies have ended and are left out. */
export function listMembers(membership: Membership): InstanceProcess[] {
  return memberPids(membership).flatMap(pid => {
    const identity = identify(pid)
    const stat = readStat(pid)
    if (identity === undefined || stat === undefined || 'ZX'.includes(stat.state)) return []
    const status = readStatus(pid)
    const entry: InstanceProcess = {
      identity,
      parentPid: stat.parentPid,
      argv: readText(`/proc/${pid}/cmdline`).split('\0').slice(0, -1),
      role: roleOf(pid, Number(status.get('NSpid')?.split(/\s+/).at(-1) ?? pid), membership),
      uid: Number(status.get('Uid')?.split(/\s+/)[0] ?? -1),
      capEff: status.get('CapEff') ?? '',
      noNewPrivileges: status.get('NoNewPrivs') === '1',
      home:
        readEnvironment(pid)
          .find(entry => entry.startsWith('HOME='))
          ?.slice('HOME='.length) ?? null,
    }
    return [entry]
  })
}

function memberPids(membership: Membership): number[] {
  if (membership.by === 'marker') {
    const roots = [membership.wardenPid, ...descendants(membership.wardenPid)]
    return [...new Set([...roots, ...markedPids(membership.marker)])]
  }
  const namespace = readLink(`/proc/${membership.initPid}/ns/pid`)
  if (namespace === undefined) return []
  return allPids().filter(pid => readLink(`/proc/${pid}/ns/pid`) === namespace)
}

function roleOf(pid: number, innerPid: number, membership: Membership): InstanceProcess['role'] {
  if (membership.by === 'marker') {
    if (pid === membership.wardenPid) return 'warden'
    return pid === membership.daemonPid ? 'daemon' : 'other'
  }
  if (pid === membership.initPid) return 'init'
  if (innerPid === membership.wardenInnerPid) return 'warden'
  return innerPid === membership.daemonInnerPid ? 'daemon' : 'other'
}

function readStatus(pid: number): Map<string, string> {
  return new Map(
    readText(`/proc/${pid}/status`)
      .split('\n')
      .flatMap(line => {
        const colon = line.indexOf(':')
        return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()] as const]
      }),
  )
}
