import { containedFirst, settingsNoted, settingsRestored } from './first-containment.ts'
import { instanceReady } from './instance-ready.ts'
import { noSecretWritten } from './no-secret-written.ts'
import { postIncidentWritten } from './post-incident.ts'
import { snapshotWhole } from './snapshot-whole.ts'
import { nothingLeft } from './tear-down.ts'

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
