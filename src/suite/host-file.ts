import { join } from 'node:path'
import { daemon, isolated } from '../daemon/subjects.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'

const READ_MS = 5_000
const MOST_BYTES = 8 * 1024 * 1024

/**
 * A text file of the daemon's state root: inside its barrier, or on this machine where its operator said.
 *
 * @param name - relative to the state root
 * @throws RunproofError FILE_UNREADABLE when it can't be read or has more than 8 MiB
 */
export async function readStateFile(context: CheckContext, name: string): Promise<string> {
  const { reached, stateRoot } = context.values.get(daemon)
  if (stateRoot === undefined) throw new RunproofError('INTERNAL', `nobody said where ${name} lies`)
  const path = join(stateRoot, name)
  if (reached === 'running') return context.tools.files.readText(path, MOST_BYTES)
  const { exitCode, stdout, stdoutCut } = await runInside(context, ['cat', '--', path])
  if (exitCode !== 0 || stdoutCut) throw new RunproofError('FILE_UNREADABLE', `cannot read ${path} inside its barrier`)
  return stdout
}

function runInside(context: CheckContext, argv: readonly [string, ...string[]]) {
  const { instance } = context.values.get(isolated)
  return context.runIn(instance, { argv }, { timeoutMs: READ_MS, maxOutputBytes: MOST_BYTES })
}

const COPY = `
set -e
from="$1" to="$2" script="$3"
shift 3
for name; do
  mkdir -p "$to/$(dirname "$name")"
  cp -a -- "$from/$name" "$to/$name"
done
cd "$to"
eval "$script"
`

/**
 * A copy of parts of the isolated daemon's state, inside its barrier, changed by a script of the shell that runs in it; checks
 * that read files look there. It ends with the instance.
 *
 * @throws RunproofError COMMAND_FAILED
 */
export async function withChangedFiles(
  context: CheckContext,
  names: readonly string[],
  script: string,
): Promise<CheckContext> {
  const subject = context.values.get(isolated)
  const copy = join(subject.instance.place.tmp, `copy-${crypto.randomUUID()}`)
  const { exitCode } = await runInside(context, ['sh', '-c', COPY, 'sh', subject.stateRoot, copy, script, ...names])
  if (exitCode !== 0) throw new RunproofError('COMMAND_FAILED', `the copy could not be changed by: ${script}`)
  return { ...context, values: context.values.with(isolated, { ...subject, stateRoot: copy }) }
}
