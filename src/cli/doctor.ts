import { clock } from '../adapters/clock.ts'
import { files } from '../adapters/files.ts'
import { findProgram, SYSTEM_PATH } from '../adapters/find-program.ts'
import { instances } from '../adapters/isolation/instances.ts'
import { commands } from '../adapters/run-command.ts'
import { placesFor } from './places.ts'
import { gibibytes, nearest, takesDirectories } from './room.ts'

interface Finding {
  readonly what: string
  readonly state: 'ok' | 'missing' | 'degraded'
  readonly detail: string
  /** What a run does without it. */
  readonly effect?: string
}

/** Programs a run uses, and what happens where one is missing. */
const PROGRAMS: readonly { readonly name: string; readonly without: string; readonly required: boolean }[] = [
  { name: 'tar', without: 'archives can be neither made nor unpacked', required: true },
  {
    name: 'flock',
    without: 'the stand-in daemon cannot lock its state, and a stopped source cannot be told from a running one',
    required: true,
  },
  { name: 'zstd', without: 'zstd archives are handled by Node itself, which is slower', required: false },
  { name: 'age', without: 'age archives are handled by a library, about fifteen times slower', required: false },
]

/** @returns 0 when every runbook can run whole here, 1 when something would be skipped or refused */
export async function doctor(json: boolean): Promise<number> {
  const findings: Finding[] = [
    nodeVersion(),
    await barrier(),
    ...(await Promise.all(PROGRAMS.map(program))),
    ...(await places()),
  ]
  if (json) process.stdout.write(`${JSON.stringify({ findings, at: clock.now().toISOString() }, null, 2)}\n`)
  else {
    for (const { what, state, detail, effect } of findings) {
      process.stdout.write(
        `${state.padEnd(9)} ${what.padEnd(10)} ${detail}${effect === undefined ? '' : `\n${' '.repeat(21)}${effect}`}\n`,
      )
    }
  }
  return findings.every(finding => finding.state === 'ok') ? 0 : 1
}

function nodeVersion(): Finding {
  const fits = Number(process.versions.node.split('.')[0]) >= 24
  return {
    what: 'node',
    state: fits ? 'ok' : 'missing',
    detail: process.versions.node,
    ...(fits ? {} : { effect: 'Node 24 is needed: npm ci' }),
  }
}

async function barrier(): Promise<Finding> {
  const { kind, reason } = await instances.detectBarrier()
  if (kind !== 'none') return { what: 'isolation', state: 'ok', detail: `${kind}: ${reason}` }
  return {
    what: 'isolation',
    state: 'missing',
    detail: reason,
    effect: 'isolation checks are skipped, and a real archive is refused unless allow-egress=REASON',
  }
}

async function program({ name, without, required }: (typeof PROGRAMS)[number]): Promise<Finding> {
  try {
    const path = findProgram(name, SYSTEM_PATH, '/')
    const { stdout } = await commands.run({ argv: [path, '--version'] }, { timeoutMs: 5_000 })
    return { what: name, state: 'ok', detail: `${path} ${stdout.split('\n')[0]}`.trim() }
  } catch {
    return { what: name, state: required ? 'missing' : 'degraded', detail: `not on ${SYSTEM_PATH}`, effect: without }
  }
}

async function places(): Promise<readonly Finding[]> {
  const { reportsDir, workDir, stateDir } = placesFor(process.env)
  const rows = [
    ['evidence', reportsDir],
    ['scratch', workDir],
    ['key', stateDir],
  ] as const
  return Promise.all(
    rows.map(async ([what, path]): Promise<Finding> => {
      const existing = await nearest(path)
      const detail = `${path} (${gibibytes(await files.freeBytes(existing))} free)`
      if (await takesDirectories(existing)) return { what, state: 'ok', detail }
      return { what, state: 'missing', detail, effect: `every run is refused: nothing can be made in ${existing}` }
    }),
  )
}
