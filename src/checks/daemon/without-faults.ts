import type { CheckContext } from '../../model/check.ts'

/** Why a target can't be made to misbehave by itself, or undefined where it can. */
export function withoutFaults({ target }: CheckContext): string | undefined {
  return target.capabilities.includes('faults') ? undefined : 'only the stand-in misbehaves on request'
}
