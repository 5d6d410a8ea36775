import { availableParallelism, platform, release } from 'node:os'
import type { Evidence } from '../evidence/schema.ts'
import type { InstancePort } from '../model/instance.ts'

/** What evidence says of the machine. */
export async function machineFacts(instances: InstancePort): Promise<Evidence['machine']> {
  return {
    platform: platform(),
    kernel: release(),
    cpus: availableParallelism(),
    barrier: (await instances.detectBarrier()).kind,
  }
}
