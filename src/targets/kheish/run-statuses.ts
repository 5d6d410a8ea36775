/** Every status a run can have, and those that are final. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting_for_approval',
  'waiting_for_user_question',
  'completed',
  'failed',
  'interrupted',
  'cancelled',
] as const

export const TERMINAL_STATUSES: readonly string[] = ['completed', 'failed', 'interrupted', 'cancelled']
