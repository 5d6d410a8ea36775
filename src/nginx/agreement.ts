import { ABSENT, type Account } from './account.ts'

/** One request, as a configuration tells what becomes of it and as it was seen. */
export interface Told {
  /** For people: `GET https /v1/status`. */
  readonly request: string
  readonly claimed: Account
  readonly seen: Account
}

export interface Disagreement {
  readonly request: string
  readonly what: string
  readonly claimed: string
  readonly seen: string
}

/** Where claim and answer differ. What is not known by one of them is not held against the other; what only one speaks of, is. */
export function disagreements(told: readonly Told[]): readonly Disagreement[] {
  return told.flatMap(({ request, claimed, seen }) =>
    [...new Set([...Object.keys(claimed), ...Object.keys(seen)])].flatMap(what => {
      const [claim, answer] = [textOf(claimed, what), textOf(seen, what)]
      if (claim === undefined || answer === undefined || claim === answer) return []
      return [{ request, what, claimed: claim, seen: answer }]
    }),
  )
}

function textOf(account: Account, what: string): string | undefined {
  return what in account ? account[what] : ABSENT
}

/** One sentence. */
export function sayDisagreement({ request, what, claimed, seen }: Disagreement): string {
  return `${request}: ${what} is ${claimed} by the configuration, and ${seen} in truth`
}
