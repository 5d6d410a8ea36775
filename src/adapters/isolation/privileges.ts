import type { Barrier, InstanceSpec } from '../../model/instance.ts'

/**
 * Words before a program that leave it no capability, no way to a new one, and no life after its parent's.
 *
 * @param from - `outside` for a program that enters the barrier by {@link enterArgv}: coming into a user namespace as an
 *   ordinary user leaves no capability to empty the bounding set with, nor one to be kept from
 */
export function unprivilegedArgv(barrier: Barrier, user: InstanceSpec['user'], from: 'within' | 'outside'): string[] {
  const { setpriv } = barrier.tools
  if (setpriv === null) return []
  const isRoot = process.geteuid?.() === 0
  const mayEmptyBounds = barrier.kind === 'user-namespaces' ? from === 'within' : isRoot
  return [
    setpriv,
    ...['--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all', '--pdeathsig', 'KILL'],
    ...(mayEmptyBounds ? ['--bounding-set=-all'] : []),
    ...(user && isRoot ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'] : []),
    '--',
  ]
}

/** Words before a program that put it into the namespaces of a process. */
export function enterArgv(barrier: Barrier, initPid: number, network: 'isolated' | 'shared'): string[] {
  if (barrier.kind === 'none') return []
  return [
    ...[barrier.tools.nsenter!, '--target', String(initPid)],
    ...(barrier.kind === 'user-namespaces' ? ['--user', '--preserve-credentials'] : []),
    ...['--mount', '--uts', '--ipc', '--pid', ...(network === 'isolated' ? ['--net'] : []), '--'],
  ]
}
