import { randomBytes } from 'node:crypto'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import { artefacts, deployment, live } from './backup-subjects.ts'
import { baseline, markerSetAt, running, source } from './subjects.ts'
import { markerCommand, newSession, type OnlineSource, takeFacts } from './take-facts.ts'

/** Overwrites the marker slot: its time of change tells later how new restored data is. */
export async function writeMarker(context: StepContext): Promise<void> {
  const online = onlineSource(context)!
  const value = new Secret('marker', randomBytes(24).toString('hex'))
  context.protect(value)
  context.set(markerSetAt, context.tools.clock.now().getTime())
  const written = await context.runIn(online.runner, markerCommand(context, online, value))
  if (written.exitCode !== 0) {
    throw new RunproofError(
      'COMMAND_FAILED',
      `writing the marker ended with exit ${written.exitCode ?? written.signal}`,
      {
        hint: 'is the token an admin token? --param marker=no goes without a marker',
      },
    )
  }
  if (context.values.find(running) !== undefined) await context.runIn(online.runner, newSession(context, online))
}

/** Facts of the source: asked where it runs, else read from its files. */
export async function takeBaseline(context: StepContext): Promise<void> {
  const named = context.values.get(deployment)
  const found = context.values.get(artefacts)
  const taken = await takeFacts(context, { ...named, artefacts: found, online: onlineSource(context) })
  // An older marker tells nothing of this backup.
  context.set(baseline, context.params.marker === 'no' ? { ...taken, marker: null } : taken)
}

function onlineSource({ values, tools }: StepContext): OnlineSource | undefined {
  const seeded = values.find(running)
  if (seeded !== undefined) {
    const { binary, adminTokenFile } = values.get(source)
    return { runner: seeded, binary, baseUrl: seeded.place.baseUrl, tokenFile: adminTokenFile }
  }
  const asked = values.find(live)
  if (asked === undefined) return undefined
  return { runner: tools.commands, binary: asked.binary, baseUrl: asked.baseUrl, tokenFile: asked.adminTokenFile }
}
