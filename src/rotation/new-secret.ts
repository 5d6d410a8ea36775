import { randomSecret } from '../daemon/random-secret.ts'
import { capture } from '../model/capture.ts'
import type { StepContext } from '../model/runbook.ts'
import type { Secret } from '../model/secret.ts'

/** What is to take the place of the old value, of whatever credential. It is never kept; the step that looks is run again. */
export const newSecret = capture<Secret>('new-secret', 'the new value')

/**
 * The value of `--secret new=`, or else one of 32 random bytes; protected from now on, and yielded as {@link newSecret}. For the
 * step of a rotation that looks before anything is changed; that step declares the capture.
 */
export function takeNewSecret(context: StepContext): Secret {
  const value = context.secrets['new'] ?? randomSecret('new')
  context.protect(value)
  context.set(newSecret, value)
  return value
}
