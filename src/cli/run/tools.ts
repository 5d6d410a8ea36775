import { archives } from '../../adapters/archive/archives.ts'
import { clock } from '../../adapters/clock.ts'
import { files } from '../../adapters/files.ts'
import { http } from '../../adapters/http/port.ts'
import { createInterposer } from '../../adapters/interposer.ts'
import { createInstancePort } from '../../adapters/isolation/instances.ts'
import { leakScan } from '../../adapters/leak-scan.ts'
import { createNginxPort } from '../../adapters/nginx/port.ts'
import { configFiles } from '../../adapters/nginx/read-config.ts'
import { noticesIn } from '../../adapters/notices.ts'
import { claimsIn } from '../../adapters/process/claims.ts'
import type { Lease } from '../../adapters/process/lease.ts'
import { replaceFile } from '../../adapters/replace-file/replace-file.ts'
import { commands } from '../../adapters/run-command.ts'
import type { Tools } from '../../model/ports.ts'
import type { Signer } from '../../model/signer.ts'

interface ToolsInput {
  readonly signer: Signer
  readonly lease: Lease
  readonly noticeDir: string
}

/** The real world, as the engine gets it. */
export function toolsFor({ signer, lease, noticeDir }: ToolsInput): Tools {
  const instances = createInstancePort(lease)
  return {
    clock,
    files,
    replaceFile,
    archives,
    interposer: createInterposer(lease),
    instances,
    http,
    nginx: createNginxPort(
      { instances, addDir: path => lease.addDir(path) },
      { image: process.env['RUNPROOF_NGINX_IMAGE'] },
    ),
    configFiles: configFiles(),
    leaks: leakScan,
    commands,
    signer,
    notices: noticesIn(noticeDir, files),
    claims: claimsIn(lease, files),
  }
}
