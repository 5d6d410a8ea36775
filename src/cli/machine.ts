import { availableParallelism, platform, release } from 'node:os'
import { instances } from '../adapters/isolation/instances.ts'
import type { Evidence } from '../evidence/schema.ts'

/** What evidence says of the machine. */
export async function machineFacts(): Promise<Evidence['machine']> {
  return {
    platform: platform(),
    kernel: release(),
    cpus: availableParallelism(),
    barrier: (await instances.detectBarrier()).kind,
  }
}
