import { dirname, join } from 'node:path'
import { searched } from '../daemon/subjects.ts'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { incoming, restorePlace, source } from './subjects.ts'

/**
 * Everything below the run's scratch and evidence directories, but the source's own key files, which are meant to hold
 * keys, and copies of encrypted archives, into which no search can look: what was unpacked from them is searched.
 *
 * @param atHome - names of secrets that a state root holds by nature; the seal searches the evidence for them all the same
 */
export async function searchEverything(context: StepContext, atHome: readonly string[] = []): Promise<void> {
  const { run, tools, values } = context
  const keys = values.find(source) === undefined ? [] : [dirname(values.get(source).masterKeyFile)]
  const { state, workspace } = values.get(incoming)
  const fetched = [state, workspace].flatMap(part => (part?.reading.decrypt === undefined ? [] : [dirname(part.path)]))
  const below = (await tools.files.list(run.scratchDir)).map(name => join(run.scratchDir, name))
  const { directory } = values.get(restorePlace)
  const elsewhere = directory.startsWith(`${run.scratchDir}/`) ? [] : [directory]
  if (below.some(path => fetched.includes(path)))
    run.notTested('copies of encrypted archives were not searched for secrets; what was unpacked from them was')
  const secrets = context.knownSecrets().filter(({ name }) => !atHome.includes(name))
  if (secrets.length === 0)
    throw new RunproofError('NOTHING_SEARCHED', 'the run knew no secret, so there was nothing to search for')
  context.set(searched, {
    paths: [dirname(run.artifactsDir), ...elsewhere, ...below.filter(path => ![...keys, ...fetched].includes(path))],
    secrets,
    places: { evidence: dirname(run.artifactsDir), scratch: directory },
  })
}
