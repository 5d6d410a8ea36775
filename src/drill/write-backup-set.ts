import { join } from 'node:path'
import { manifestText } from '../archive/manifest.ts'
import type { CreatedArchive } from '../model/archive.ts'
import type { StepContext } from '../model/runbook.ts'
import { FACTS_PAYLOAD_TYPE, type Facts } from './facts.ts'
import type { Part } from './subjects.ts'

/** File names of a backup set. */
export const SET = {
  digests: 'SHA256SUMS',
  facts: 'facts.json',
  envelope: 'facts.dsse.json',
  manifest: (part: Part) => `${part}.manifest.json`,
} as const

/** Writes what belongs beside the archives and never into them: manifests, signed facts, and the digest of every file. */
export async function writeBackupSet(
  { tools }: StepContext,
  directory: string,
  facts: Facts,
  archives: Readonly<Record<string, CreatedArchive>>,
): Promise<void> {
  const names: string[] = []
  const write = async (name: string, content: string) => {
    names.push(name)
    await tools.files.write(join(directory, name), content)
  }

  // The signed facts name the digests: whoever swaps an archive with its manifest and its line in the list is found.
  const listed: Record<string, Facts['archives'][string]> = {}
  for (const [part, archive] of Object.entries(archives)) {
    const file = archive.archivePath.slice(directory.length + 1)
    const manifest = SET.manifest(part as Part)
    names.push(file)
    await write(manifest, `${manifestText(archive.manifest)}\n`)
    const manifestSha256 = await tools.files.sha256(join(directory, manifest))
    listed[part] = { file, sha256: archive.sha256, sizeBytes: archive.sizeBytes, manifestSha256 }
  }
  const text = `${JSON.stringify({ ...facts, archives: listed }, null, 2)}\n`
  await write(SET.facts, text)
  await write(SET.envelope, tools.signer.envelope(FACTS_PAYLOAD_TYPE, Buffer.from(text)))

  const lines = await Promise.all(
    names.sort().map(async name => `${await tools.files.sha256(join(directory, name))}  ${name}\n`),
  )
  await tools.files.write(join(directory, SET.digests), lines.join(''))
}
