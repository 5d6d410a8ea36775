import { instances } from '../../adapters/isolation/instances.ts'
import { hang } from '../../findings/wrap.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { DoctorFlags } from '../commands/doctor.ts'
import type { ExitCode } from '../exit-code.ts'
import { asInvoked } from '../invoked-as.ts'
import { parsePairs } from '../options.ts'
import { placesFor } from '../places.ts'
import type { Finding } from './finding.ts'
import { lookForIncident } from './look.ts'

/** @returns 0 when everything is there, 1 when something is missing, 3 when something could not be told */
export async function incidentDoctor(runbooks: readonly string[], flags: DoctorFlags): Promise<ExitCode> {
  const now = new Date()
  const looked = await lookForIncident({
    runbooks,
    targetId: flags.target,
    params: parsePairs('--param', flags.param),
    secrets: parsePairs('--secret', flags.secret, { secret: true }),
    policy: flags.policy,
    places: placesFor(process.env, flags),
    cwd: process.cwd(),
    env: process.env,
    now,
    terminal:
      flags.unattended === true
        ? undefined
        : { isTty: process.stdin.isTTY === true && process.stderr.isTTY === true, columns: process.stderr.columns },
    instances,
  })
  const findings = looked.map(({ help, ...finding }) =>
    help === undefined ? finding : { ...finding, help: asInvoked(help) },
  )
  const code = codeOf(findings)
  if (flags.json === true)
    process.stdout.write(`${JSON.stringify({ at: now.toISOString(), ready: code === 0, findings }, null, 2)}\n`)
  else for (const finding of findings) for (const line of linesOf(finding)) process.stdout.write(`${line}\n`)
  return code
}

export function codeOf(findings: readonly Finding[]): 0 | 1 | 3 {
  if (findings.length === 0 || findings.some(({ state }) => state === 'unknown')) return 3
  return findings.some(({ state }) => state === 'missing') ? 1 : 0
}

const STATE_WIDTH = 'missing'.length + 1

/** What helps stays in one line, so that a command can be copied whole. */
function linesOf({ what, state, detail, help }: Finding): readonly string[] {
  const { columns } = process.stdout as { readonly columns?: number }
  const line = `${state.padEnd(STATE_WIDTH)} ${terminalLine(`${what}: ${detail}`)}`
  const lines = hang(line, columns, STATE_WIDTH + 1)
  return help === undefined ? lines : [...lines, `${' '.repeat(STATE_WIDTH + 1)}${terminalLine(help)}`]
}
