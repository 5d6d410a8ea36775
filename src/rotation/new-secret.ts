import { randomSecret } from '../daemon/random-secret.ts'
import { capture } from '../model/capture.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import type { Secret } from '../model/secret.ts'
import { delivery } from './delivery.ts'

/** What is to take the place of the old value, of whatever credential. It is never kept; the step that looks is run again. */
export const newSecret = capture<Secret>('new-secret', 'the new value')

/**
 * The value of `--secret new=`, or else one of 32 random bytes; protected from now on, and yielded as {@link newSecret}. For the
 * step of a rotation that looks before anything is changed; that step declares the capture.
 *
 * @throws RunproofError SECRET_MISSING in a run that goes on after a break, and had handed over a value that nobody gave: it died
 *   with its process, and another one in its place would not be the one that is held where it was handed over to
 */
export function takeNewSecret(context: StepContext): Secret {
  const given = context.secrets['new']
  const handedOver = context.values.find(delivery)
  if (handedOver !== undefined && (given === undefined || given.generated))
    throw new RunproofError(
      'SECRET_MISSING',
      `the run broke off after it had handed a new value over, at ${handedOver.at}; it was made by the run, and no run keeps one`,
      { hint: 'begin a new run, which hands over another value; or give that one back: --secret new=file:PATH' },
    )
  const value = given ?? randomSecret('new')
  context.protect(value)
  context.set(newSecret, value)
  return value
}
