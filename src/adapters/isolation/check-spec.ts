import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { RunproofError } from '../../model/error.ts'
import type { Barrier, InstanceSpec } from '../../model/instance.ts'

/** @throws RunproofError BARRIER_UNAVAILABLE, INSTANCE_FAILED or NOT_EMPTY, before anything was made */
export function checkSpec(spec: InstanceSpec, barrier: Barrier): void {
  if (barrier.kind === 'none' && spec.barrier !== 'none') {
    throw new RunproofError('BARRIER_UNAVAILABLE', `no barrier can be had: ${barrier.reason}`, {
      hint: 'install util-linux and iproute2, or allow user namespaces; runproof doctor tells what is missing',
    })
  }
  if (!isAbsolute(spec.scratch) || !existsSync(spec.scratch)) {
    throw new RunproofError('INSTANCE_FAILED', `scratch ${spec.scratch} is not an absolute path of a directory`)
  }
  if (spec.id !== undefined && !/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(spec.id)) {
    throw new RunproofError('INSTANCE_FAILED', `instance id ${spec.id} is not made of letters, digits and dashes`)
  }
  const user = spec.user
  if (user && user.uid !== process.geteuid?.() && (process.geteuid?.() !== 0 || barrier.kind === 'user-namespaces')) {
    throw new RunproofError('INSTANCE_FAILED', `only root can run the daemon as user ${user.uid}`)
  }
  for (const { at, lower } of spec.views ?? []) {
    if (!existsSync(lower)) throw new RunproofError('INSTANCE_FAILED', `${lower}, to be shown at ${at}, does not exist`)
    if (existsSync(at) && (!lstatSync(at).isDirectory() || readdirSync(at).length > 0)) {
      throw new RunproofError(
        'NOT_EMPTY',
        `${at} is not an empty directory; a view of ${lower} would hide what it holds`,
      )
    }
  }
}
