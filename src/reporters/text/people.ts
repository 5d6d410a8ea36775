import type { StepRecord } from '../../evidence/schema.ts'

/** A name, and the role it was acted in. */
export function whoText({ by, role }: { readonly by: string; readonly role?: string | undefined }): string {
  return role === undefined ? by : `${by} (${role})`
}

/** What people did about a step, one sentence each: approved, confirmed, left out, taken back. */
export function people(record: StepRecord): readonly string[] {
  const { decision, attestation, attempts = [], skippedBy, undone, carriedFrom } = record
  const approved = decision?.approvedBy
  const without = record.outcome === 'skipped' ? 'left out' : 'gone on without'
  return [
    ...(approved === undefined || decision === undefined
      ? []
      : [`approved by ${whoText({ by: approved, role: decision.role })}: ${decision.reason ?? decision.how ?? ''}`]),
    ...(attestation === undefined
      ? []
      : [
          `attested by ${whoText(attestation)} at ${attestation.at}, not verified: ${attestation.statement}`,
          ...(attestation.attachment === undefined ? [] : [`attached: ${attestation.attachment.path}`]),
        ]),
    ...attempts.map(({ at = '', outcome, reason = '' }) => `tried before ${at}: ${outcome}: ${reason}`),
    ...(skippedBy === undefined ? [] : [`${without} by ${whoText(skippedBy)} at ${skippedBy.at}: ${skippedBy.reason}`]),
    ...(undone === undefined ? [] : [`taken back by ${whoText(undone)} at ${undone.at}`]),
    ...(carriedFrom === undefined ? [] : [`carried over from ${carriedFrom}`]),
  ]
}
