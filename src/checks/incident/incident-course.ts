import { instanceReady } from '../daemon/instance-ready.ts'
import { noSecretWritten } from '../daemon/no-secret-written.ts'
import { nothingLeft } from '../daemon/tear-down.ts'
import { containedFirst, settingsNoted, settingsRestored } from './first-containment.ts'
import { postIncidentWritten } from './post-incident.ts'
import { snapshotWhole } from './snapshot-whole.ts'

/** The checks that every containment has. */
export const courseChecks = {
  ready: instanceReady,
  noted: settingsNoted,
  contained: containedFirst,
  before: snapshotWhole('before'),
  after: snapshotWhole('after'),
  restored: settingsRestored,
  written: postIncidentWritten,
  nothingLeft,
  noSecretWritten,
} as const
