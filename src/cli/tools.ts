import { archives } from '../adapters/archive/archives.ts'
import { clock } from '../adapters/clock.ts'
import { files } from '../adapters/files.ts'
import { instances } from '../adapters/isolation/instances.ts'
import { leaks } from '../adapters/leak-scan.ts'
import { commands } from '../adapters/run-command.ts'
import type { Tools } from '../model/ports.ts'
import type { Signer } from '../model/signer.ts'

/** The real world, as the engine gets it. */
export function toolsFor({ signer }: { readonly signer: Signer }): Tools {
  return { clock, files, archives, instances, leaks, commands, signer }
}
