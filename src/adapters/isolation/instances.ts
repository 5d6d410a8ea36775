import type { InstancePort } from '../../model/instance.ts'
import { detectBarrier } from './barrier.ts'
import { connectProbe } from './connect-probe.ts'
import { type LeaseWriter, startInstance } from './start-instance.ts'

/** Instances of this machine. The barrier is found out once. */
export function createInstancePort(lease?: LeaseWriter): InstancePort {
  let barrier: ReturnType<typeof detectBarrier> | undefined
  const known = () => {
    barrier ??= detectBarrier()
    return barrier
  }
  return {
    detectBarrier: known,
    start: async spec => startInstance(spec, await known(), lease),
    probeFromOutside: connectProbe,
  }
}

/** For callers that hold no lease: what they leave behind when killed is ended by its barrier, not by `gc`. */
export const instances: InstancePort = createInstancePort()
