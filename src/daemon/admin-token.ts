import type { Secret } from '../model/secret.ts'
import type { Daemon } from './subjects.ts'

/**
 * From now on the daemon is asked with another admin token: the one in its file was replaced. Every step and check asks through this
 * one value, and another daemon, in a counterproof, keeps its own.
 */
export function askWith(asked: Daemon, token: Secret): void {
  ;(asked as { adminToken?: Secret }).adminToken = token
}
