import type { ProcessIdentity } from '../../model/instance.ts'

/** A process that nobody can see from here, by what it is found by there: `lsns -t pid` shows the number. */
export function unseenProcess({ pid, pidNamespace }: ProcessIdentity): string {
  return `process ${pid} in another container (pid namespace ${pidNamespace})`
}
