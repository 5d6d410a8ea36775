import { lstatSync, statSync } from 'node:fs'
import path from 'node:path'
import { RunproofError } from '../model/error.ts'
import { readOrdinaryFile } from './ordinary-file.ts'

const NAME = 'runproof.config.json'
const LARGEST_BYTES = 1 << 20

export interface FoundConfig {
  readonly file: string
  readonly text: string
}

/**
 * The nearest `runproof.config.json` at or above a directory.
 *
 * @param instead - what can be done about one that is refused, for the hint
 * @throws RunproofError CONFIG_INVALID for one that belongs to, or can be written by, anybody else than the caller and root:
 *   whoever wrote it would decide what is checked. FILE_UNREADABLE
 */
export function findConfig(
  directory: string,
  instead = (file: string) => `name it: --config ${file}`,
): FoundConfig | undefined {
  for (let place = path.resolve(directory); ; place = path.dirname(place)) {
    const file = path.join(place, NAME)
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) {
      refuseForeign(file, instead(file))
      return readConfigFile(file)
    }
    if (place === path.dirname(place)) return undefined
  }
}

/** One that was named is taken as it is: whoever named it has chosen it. @throws RunproofError FILE_UNREADABLE */
export function readConfigFile(file: string): FoundConfig {
  const bytes = readOrdinaryFile(file, { maxBytes: LARGEST_BYTES, limit: `at most ${LARGEST_BYTES} are read of it` })
  return { file, text: new TextDecoder().decode(bytes) }
}

/**
 * A file that a configuration names, and that decides what is allowed.
 *
 * @throws RunproofError CONFIG_INVALID as for the configuration itself, FILE_UNREADABLE
 */
export function readOwnFile(file: string, limits: { readonly maxBytes: number; readonly limit: string }): Uint8Array {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) refuseForeign(file, `name it: --policy ${file}`)
  return readOrdinaryFile(file, limits)
}

/** Both the file and a link to it. The directory counts, too: who can write it can put another file there. */
function refuseForeign(file: string, instead: string): void {
  const directory = statSync(path.dirname(file))
  const sticky = (directory.mode & 0o1000) !== 0
  const places = [lstatSync(file), statSync(file, { throwIfNoEntry: false }), sticky ? undefined : directory]
  const own = process.getuid?.()
  for (const facts of places) {
    if (facts === undefined) continue
    const owned = facts.uid === own || facts.uid === 0
    if (owned && (facts.isSymbolicLink() || (facts.mode & 0o022) === 0)) continue
    const what = facts === directory ? `the directory of ${file}` : file
    throw new RunproofError(
      'CONFIG_INVALID',
      owned ? `${what} can be written by others than its owner` : `${what} belongs to another user`,
      {
        hint: `${owned ? `chmod go-w ${facts === directory ? path.dirname(file) : file}, or ` : ''}${instead}`,
      },
    )
  }
}
