import type { Files } from '../../model/files.ts'
import type { Secret } from '../../model/secret.ts'

/** What someone found who read a token file again and again. */
export interface FileReads {
  readonly reads: number
  /** Neither the old token nor the new one. */
  readonly torn: number
  readonly empty: number
  /** The file was not there, or could not be read. */
  readonly missing: number
}

const MOST_BYTES = 64 * 1024

/** Reads a file as fast as it can until it is told to stop, once or more often. White space around a token is not part of it. */
export function readAgainAndAgain(files: Files, file: string, known: readonly Secret[]): () => Promise<FileReads> {
  const whole = known.map(secret => secret.reveal())
  const found = { reads: 0, torn: 0, empty: 0, missing: 0 }
  let stopped = false
  const reading = (async () => {
    while (!stopped) {
      const text = await files.readText(file, MOST_BYTES).catch(() => undefined)
      found.reads += 1
      if (text === undefined) found.missing += 1
      else if (text.trim() === '') found.empty += 1
      else if (!whole.includes(text.trim())) found.torn += 1
    }
  })()
  return async () => {
    stopped = true
    await reading
    return found
  }
}
