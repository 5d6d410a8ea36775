import type { LeaseView } from '../../model/access-api.ts'

/** A lease that is good, for the observations of counterproofs: of whom and on what is what they say. */
export const LIVE_LEASE: LeaseView = {
  id: 'a-lease',
  subjectId: 'agent:one',
  slots: [],
  revoked: false,
  active: true,
  issuedAtMs: 0,
  expiresAtMs: 0,
  memberNames: [],
}
