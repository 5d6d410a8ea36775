import type { Clock } from '../model/ports.ts'

export const clock: Clock = {
  now: () => new Date(),
  monotonicMs: () => Math.round(performance.now() * 1000) / 1000,
}
