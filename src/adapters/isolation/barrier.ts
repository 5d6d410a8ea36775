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

/** Finds out by trying: kernels, containers and policies refuse namespaces in too many ways to be asked. Takes about 20 ms. */
export async function detectBarrier(path = SYSTEM_PATH): Promise<Barrier> {
  const names = ['unshare', 'nsenter', 'setpriv', 'ip', 'mount', 'sh'] as const
  const tools = Object.fromEntries(names.map(name => [name, lookUpProgram(name, path) ?? null])) as Barrier['tools']
  const barrier = (kind: BarrierKind, reason: string): Barrier => ({ kind, reason, tools })

  const missing = names.filter(name => tools[name] === null)
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
    await execute(program!, [...words, barrier.tools.ip!, 'link', 'set', 'lo', 'up'], { env: {}, timeout: 5_000 })
    return undefined
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: unknown }
    return stderr?.trim().split('\n')[0] || `exit ${String(code)}`
  }
}
