import type { Reached } from '../daemon/subjects.ts'
import { RunproofError } from '../model/error.ts'
import type { Secret } from '../model/secret.ts'

/** A token of the operator's. Clients are given the file, requests the token. */
export interface Shown {
  readonly token: Secret
  readonly file: string
}

/**
 * The way to a running daemon on which a token that it refused once is shown to it no more: refusals stand in its audit log, are a
 * service level signal themselves, and one too many closes the door to everybody. Only an answer to a GET counts: elsewhere a token
 * is shown on purpose where it must not open anything.
 *
 * @param onRefused - told once for each token, in words
 */
export function sparing(reached: Reached, shown: readonly Shown[], onRefused: (what: string) => void): Reached {
  const refusals = new Map<Shown, string>()
  const spare = (one: Shown | undefined): void => {
    const how = one === undefined ? undefined : refusals.get(one)
    if (how !== undefined) throw new RunproofError('ANSWER_MALFORMED', `${how}; it is not shown again`)
  }
  const note = (one: Shown | undefined, { method, path }: { method: string; path: string }, status: number): void => {
    if (one === undefined || status !== 401 || method !== 'GET' || refusals.has(one)) return
    const how = `${path} answered 401: the daemon refuses the token in ${one.file}`
    refusals.set(one, how)
    onRefused(how)
  }

  return {
    place: reached.place,
    ...(reached.peer === undefined ? {} : { peer: reached.peer }),
    async request(path, options = {}) {
      const one = shown.find(({ token }) => token === options.bearer)
      spare(one)
      const answer = await reached.request(path, options)
      note(one, { method: options.method ?? 'GET', path }, answer.status)
      return answer
    },
    async openStream(path, options = {}) {
      const one = shown.find(({ token }) => token === options.bearer)
      spare(one)
      const answer = await reached.openStream(path, options)
      note(one, { method: options.method ?? 'GET', path }, answer.status)
      return answer
    },
    async run(command, options) {
      spare(shown.find(({ file }) => command.argv.includes(file)))
      return reached.run(command, options)
    },
  }
}
