import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Barrier, BarrierKind } from '../../model/instance.ts'
import { lookUpProgram, SYSTEM_PATH } from '../find-program.ts'

const execute = promisify(execFile)

const NAMESPACES = ['--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc']

/**
 * The words that make the namespaces, up to and without the program. Inside a user namespace the caller keeps its own uid
 * (a daemon that refuses to be root must not believe it is) and gets the capabilities that mounting needs.
 */
export function unshareArgv(barrier: Barrier, network: 'isolated' | 'shared'): string[] {
  const user = barrier.kind === 'user-namespaces' ? ['--user', '--map-current-user', '--keep-caps'] : []
  return [barrier.tools.unshare!, ...user, ...NAMESPACES, ...(network === 'isolated' ? ['--net'] : []), '--']
}

/** SIOCSIFFLAGS with IFF_UP and IFF_RUNNING; the kernel adds 127.0.0.1 by itself. @see netdevice(7) */
const LOOPBACK_BY_PERL =
  'socket(S, 2, 2, 0) or die $!; $_ = pack("a16 s x22", "lo", 0x41); ioctl(S, 0x8914, $_) or die $!'

/** Brings `lo` up: with iproute2, or with the perl that Debian's essential packages have where small images lack iproute2. */
export function loopbackArgv({ tools }: Barrier): string[] {
  return tools.ip === null ? [tools.perl!, '-e', LOOPBACK_BY_PERL] : [tools.ip, 'link', 'set', 'lo', 'up']
}

/** Finds out by trying: kernels, containers and policies refuse namespaces in too many ways to be asked. Takes about 20 ms. */
export async function detectBarrier(path = SYSTEM_PATH): Promise<Barrier> {
  const names = ['unshare', 'nsenter', 'setpriv', 'mount', 'sh', 'ip', 'perl'] as const
  const tools = Object.fromEntries(names.map(name => [name, lookUpProgram(name, path) ?? null])) as Barrier['tools']
  const barrier = (kind: BarrierKind, reason: string): Barrier => ({ kind, reason, tools })

  const missing: string[] = names.filter(name => name !== 'ip' && name !== 'perl' && tools[name] === null)
  if (tools.ip === null && tools.perl === null) missing.push('ip')
  if (missing.length > 0) return barrier('none', `missing: ${missing.join(', ')} (util-linux and iproute2 have them)`)

  const refusals: string[] = []
  const isRoot = process.geteuid?.() === 0
  for (const kind of isRoot ? (['root-namespaces', 'user-namespaces'] as const) : (['user-namespaces'] as const)) {
    const refusal = await refusalOf(barrier(kind, ''))
    if (refusal === undefined) return barrier(kind, [`${kind} work here`, ...refusals].join('; '))
    refusals.push(`${kind} are refused: ${refusal}`)
  }
  return barrier('none', refusals.join('; '))
}

async function refusalOf(barrier: Barrier): Promise<string | undefined> {
  const [program, ...words] = unshareArgv(barrier, 'isolated')
  try {
    await execute(program!, [...words, ...loopbackArgv(barrier)], { env: {}, timeout: 5_000 })
    return undefined
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: unknown }
    return stderr?.trim().split('\n')[0] || `exit ${String(code)}`
  }
}
