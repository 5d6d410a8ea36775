import { closeSync, existsSync, openSync } from 'node:fs'
import type { ProcessIdentity, StopReport } from '../../model/instance.ts'
import { allPids, awaitGone } from '../process/identity.ts'
import { readLink } from '../process/links.ts'
import { mountsBelow } from '../process/mounts.ts'

const KINDS = ['net', 'pid', 'mnt', 'ipc', 'uts', 'user'] as const
const GONE_WITHIN_MS = 2_000

/** The namespaces of a process that are not those of this one, for instance `net:[4026532281]`. */
function ownNamespaces(pid: number): string[] {
  return KINDS.flatMap(kind => {
    const link = readLink(`/proc/${pid}/ns/${kind}`)
    return link === undefined || link === readLink(`/proc/self/ns/${kind}`) ? [] : [link]
  })
}

/** The namespaces of a process, held so that their numbers, which the kernel uses again at once, go to no others meanwhile. */
export interface HeldNamespaces {
  readonly names: readonly string[]
  /** Afterwards those that nobody is in are gone, with all that is mounted in them. */
  release(): void
}

export function holdNamespaces(pid: number): HeldNamespaces {
  const names = ownNamespaces(pid)
  const descriptors = names.map(name => openSync(`/proc/${pid}/ns/${name.split(':')[0]}`, 'r'))
  return {
    names,
    release() {
      for (const descriptor of descriptors.splice(0)) closeSync(descriptor)
    },
  }
}

/** What an instance was made of, to be looked for after its end. */
export interface Made {
  readonly processes: readonly ProcessIdentity[]
  /** Nothing is mounted below it, as seen from here. */
  readonly dir: string | undefined
  readonly sockets: readonly string[]
}

/** The proof of clean-up, read from the kernel and the file system and not from what the clean-up said. */
export async function whatIsLeft(made: Made): Promise<Omit<StopReport['left'], 'namespaces'>> {
  const processes = await awaitGone(made.processes, GONE_WITHIN_MS)
  return {
    processes,
    mounts: made.dir === undefined ? [] : mountsBelow(made.dir),
    sockets: made.sockets.filter(path => existsSync(path)),
  }
}

/**
 * Those that somebody is still in, of namespaces that are held. A command that was just killed inside stays in them until its
 * parent outside has noticed, so it takes a moment.
 */
export async function namespacesLeft(namespaces: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + GONE_WITHIN_MS
  for (;;) {
    const inUse = namespaces.length === 0 ? [] : namespacesInUse()
    const left = namespaces.filter(namespace => inUse.includes(namespace))
    if (left.length === 0 || performance.now() > deadline) return left
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** A namespace without a process and without a bind mount has ended; there are no such mounts, they would be below. */
function namespacesInUse(): string[] {
  return allPids().flatMap(pid => KINDS.flatMap(kind => readLink(`/proc/${pid}/ns/${kind}`) ?? []))
}
