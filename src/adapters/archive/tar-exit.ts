import type { ArchiveFinding } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import type { ChildExit } from './child.ts'
import { describeExit } from './through-child.ts'

const CHANGED = /: (?:file changed as we read it|File removed before we read it|File shrank by \d+ bytes)/
const REFUSED = /^\S*tar: (.+): Cannot (?:open|stat|read|readlink|savedir): /m

/**
 * What the end of `tar --create` means. 1 is "some files differ", which is not a backup.
 *
 * @throws RunproofError ARCHIVE_CHANGED_WHILE_READ, FILE_UNREADABLE, COMMAND_FAILED
 */
export function requireTarSuccess(exit: ChildExit, sourceDir: string): void {
  if (exit.code === 0) return
  const refused = REFUSED.exec(exit.stderr)
  if (refused !== null) {
    throw new RunproofError('FILE_UNREADABLE', `${refused[1]} in ${sourceDir} cannot be read`, {
      hint: 'run as the user the daemon runs as, or as root',
    })
  }
  if (exit.code === 1 || CHANGED.test(exit.stderr)) {
    throw new RunproofError('ARCHIVE_CHANGED_WHILE_READ', `${sourceDir} changed while it was archived`, {
      hint: 'stop what writes there, or archive a snapshot',
    })
  }
  throw new RunproofError('COMMAND_FAILED', `tar --create ended with ${describeExit(exit)} on ${sourceDir}`, {
    hint: `see why: tar --create --file=/dev/null --directory ${sourceDir} .`,
  })
}

/** What tar said although it succeeded, apart from sockets, which are found by looking. */
export function warningsOf(exit: ChildExit): ArchiveFinding[] {
  return exit.stderr
    .split('\n')
    .filter(line => line !== '' && !line.endsWith(': socket ignored'))
    .map(line => ({ rule: 'tool-warning', path: '.', detail: line }))
}
