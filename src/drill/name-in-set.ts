import { RunproofError } from '../model/error.ts'
import type { Facts } from './facts.ts'
import type { Part } from './subjects.ts'

const ENDING = /^\.tar(?:\.gz|\.zst)?(?:\.age)?$/

/** Names that an archive of the part may have: what backups write, and not what somebody copied beside it. */
export function archivesInSet(names: readonly string[], part: Part): readonly string[] {
  return names.filter(name => name.startsWith(part) && ENDING.test(name.slice(part.length)))
}

/**
 * The one archive of a part in a backup set: the one that the facts name, else the only one of a known ending.
 *
 * @param set - directory, for messages
 * @param names - what lies in it
 * @param recorded - archives as the facts list them, where there are facts
 * @returns undefined when the backup has no such part
 * @throws RunproofError ARCHIVE_UNREADABLE when the set does not hold what the facts name, or more than one that could be it
 */
export function nameInSet(
  set: string,
  names: readonly string[],
  part: Part,
  recorded: Readonly<Record<string, Pick<Facts['archives'][string], 'file'>>> | undefined,
): string | undefined {
  const candidates = archivesInSet(names, part)
  if (recorded !== undefined) {
    const file = recorded[part]?.file
    if (file === undefined || names.includes(file)) return file
    throw new RunproofError(
      'ARCHIVE_UNREADABLE',
      `${set} holds no ${file}, which its facts name as the ${part} archive`,
      {
        hint: `bring the whole set along; of archives it holds: ${candidates.join(', ') || 'none'}`,
      },
    )
  }
  if (candidates.length > 1) {
    throw new RunproofError('ARCHIVE_UNREADABLE', `${set} holds several ${part} archives: ${candidates.join(', ')}`, {
      hint: `leave one there, or name it: --param ${part}-archive=PATH`,
    })
  }
  return candidates[0]
}
