import { uptime } from 'node:os'
import type { Clock } from '../model/ports.ts'

export const clock: Clock = {
  now: () => new Date(),
  monotonicMs: () => Math.round(performance.now() * 1000) / 1000,
  // On Linux CLOCK_BOOTTIME, in steps of 10 ms; what performance.now() reads is CLOCK_MONOTONIC.
  sinceBootMs: () => uptime() * 1000,
}
