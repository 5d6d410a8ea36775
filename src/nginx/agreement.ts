/** What becomes of one request, by what is said of it: `status` 200, `header host at the upstream` example.com. */
export type Account = Readonly<Record<string, string>>

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
  /** `nothing` where one side does not speak of it. */
  readonly claimed: string
  readonly seen: string
}

export const NOTHING = 'nothing'

/** Where claim and answer differ, also where only one of them says anything. */
export function disagreements(told: readonly Told[]): readonly Disagreement[] {
  return told.flatMap(({ request, claimed, seen }) =>
    [...new Set([...Object.keys(claimed), ...Object.keys(seen)])].flatMap(what => {
      const [claim, answer] = [claimed[what] ?? NOTHING, seen[what] ?? NOTHING]
      return claim === answer ? [] : [{ request, what, claimed: claim, seen: answer }]
    }),
  )
}

/** One sentence. */
export function sayDisagreement({ request, what, claimed, seen }: Disagreement): string {
  return `${request}: ${what} is ${claimed} by the configuration, and ${seen} in truth`
}
