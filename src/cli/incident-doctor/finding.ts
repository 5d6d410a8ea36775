import { RunproofError } from '../../model/error.ts'

/** One thing that an incident will need. */
export interface Finding {
  readonly what: string
  /** `unknown`: there was no answer, neither yes nor no. */
  readonly state: 'ok' | 'missing' | 'unknown'
  readonly detail: string
  /** What to do about it: a command, where one does. */
  readonly help?: string
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail })

export const missing = (what: string, detail: string, help: string): Finding => ({
  what,
  state: 'missing',
  detail,
  help,
})

/** What asking came to; what it threw is a finding, and never keeps the others from being asked. */
export async function ask(what: string, question: () => Promise<Finding>): Promise<Finding> {
  try {
    return await question()
  } catch (thrown) {
    if (!(thrown instanceof RunproofError)) return { what, state: 'unknown', detail: String(thrown) }
    const { code, message, hint } = thrown
    const state = code === 'TIMEOUT' || code === 'INTERNAL' ? 'unknown' : 'missing'
    return { what, state, detail: message, ...(hint === undefined ? {} : { help: hint }) }
  }
}
