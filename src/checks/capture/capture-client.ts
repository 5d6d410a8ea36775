import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { client, refusedToken } from '../../daemon/client.ts'
import { capture } from '../../model/capture.ts'
import { defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { FILES_MACHINE, protectTokens } from '../../suite/capture-agents.ts'

/** Where the client may write files, by the daemon's own view of the disk. */
export const clientPlace = capture<string>('client-place', 'a private directory for what the client writes')

interface Observed {
  readonly exitCode: number | null
  readonly stderr: string
  /** Tokens in what was printed. */
  readonly printed: number
  readonly files: readonly { readonly mode: number; readonly tokens: number }[]
}

/** Provisioning into files hands the tokens to nobody but the files. */
export const captureClientFiles = defineCheck<Observed>({
  id: 'capture-client-files',
  title: 'The client writes provisioned tokens into private files and prints none of them',
  needs: ['admin-token', 'binary'],

  async probe(context) {
    const { files } = context.tools
    const id = randomBytes(6).toString('hex')
    const directory = join(context.values.get(clientPlace), id)
    const words = ['capture', 'provision', '--batch-id', `runproof-${id}`, '--agent-id', FILES_MACHINE]
    try {
      let printed = 0
      const ran = await client(context, [...words, '--out-dir', directory], document => {
        printed = protectTokens(context, JSON.stringify(document))
        return namesOfFiles(document)
      })
      const written = []
      for (const path of ran.view ?? []) {
        const tokens = protectTokens(context, await files.readText(path))
        written.push({ mode: (await files.facts(path))!.mode, tokens })
      }
      printed += protectTokens(context, ran.stderr)
      return { exitCode: ran.exitCode, stderr: ran.stderr, printed, files: written }
    } finally {
      await files.remove(directory)
    }
  },

  judge({ exitCode, stderr, printed, files }) {
    if (exitCode !== 0) return failed(`capture provision: exit ${exitCode}`, { actual: stderr })
    if (printed > 0) return failed(`${printed} tokens were printed`)
    if (files.length !== 1) return failed(`${files.length} files were written for one machine`)
    const [{ mode, tokens }] = files as [(typeof files)[0]]
    if (mode !== 0o600) return failed(`the file has mode ${mode.toString(8)}, expected 600`)
    return tokens >= 2 ? passed({ actual: { tokens } }) : failed(`the file holds ${tokens} tokens`)
  },

  counterproofs: [
    {
      id: 'printed',
      breaks: 'a token is printed',
      because: /1 tokens were printed/,
      observation: observed => ({ ...observed, printed: 1 }),
    },
    {
      id: 'readable',
      breaks: 'everybody can read the file',
      because: /mode 644/,
      observation: observed => ({ ...observed, files: observed.files.map(file => ({ ...file, mode: 0o644 })) }),
    },
    {
      id: 'empty',
      breaks: 'the file holds no token',
      because: /holds 0 tokens/,
      observation: observed => ({ ...observed, files: observed.files.map(file => ({ ...file, tokens: 0 })) }),
    },
    refusedToken('capture-provision-refused'),
  ],
})

function namesOfFiles(document: Json): readonly string[] {
  const { config_files: files } = document as { config_files?: Json }
  if (!Array.isArray(files)) throw new RunproofError('ANSWER_MALFORMED', 'capture provision names no files')
  return files.map((file: Json) => {
    const path = (file as { path?: Json }).path
    if (typeof path !== 'string')
      throw new RunproofError('ANSWER_MALFORMED', 'capture provision names a file without path')
    return path
  })
}
