import type { Manual, Role, Step } from '../model/runbook.ts'

const PAGE = 'production-runbooks'
/** How long what a person says may be asked for; waiting for the person is the engine's. */
const PERSON_MS = 120_000

/** A step of a person, which is attested. What the world shows of it is asked in other steps. */
export function person(id: string, title: string, role: Role, run: Manual): Step {
  return { id, title, effect: 'read', docs: { page: PAGE }, timeoutMs: PERSON_MS, role, run, verify: [] }
}

/** Also where anything before it failed: what contains, or tells others, is asked for most then. */
export function evenSo(step: Step): Step {
  return { ...step, afterFailure: [] }
}

/**
 * The commander says how far containment goes, before anything of the cause is touched.
 *
 * @param what - the question, after `Decide whether`
 */
export function decideScope(what: string): Step {
  return person('decide-scope', 'Decide how far the containment goes', 'incident-commander', {
    instruction: `Read the snapshot in artifacts/before. Decide whether ${what}.`,
    confirm: 'The scope of the containment is decided.',
  })
}

/**
 * Everybody who has to know is told, by one person.
 *
 * @param what - they are told, after `Tell everybody who depends on the daemon:`
 */
export function tellStakeholders(what: string): Step {
  return evenSo(
    person('tell-stakeholders', 'Tell those who have to know', 'comms', {
      instruction: `Tell everybody who depends on the daemon: ${what}. Say when they hear from you again.`,
      confirm: 'Those who have to know were told.',
      attachment: 'the message as it was sent',
    }),
  )
}
